package wire

import "sync"

// Queue is an unbounded FIFO. Pushing never blocks, so a reader that feeds one
// never stalls the wire.
type Queue[T any] struct {
	mu     sync.Mutex // guards all below
	items  []T
	closed bool
	wake   chan struct{} // holds a value when there may be something new
}

// NewQueue makes an empty queue.
func NewQueue[T any]() *Queue[T] { return &Queue[T]{wake: make(chan struct{}, 1)} }

// Push appends an item. After Close it does nothing.
func (q *Queue[T]) Push(item T) {
	q.mu.Lock()
	if !q.closed {
		q.items = append(q.items, item)
	}
	q.mu.Unlock()
	q.signal()
}

// Close lets Take report the end once the items are taken.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

func (q *Queue[T]) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Take waits for items and returns all there are, in order. It returns nil at
// the end, or when done is closed. One goroutine may take.
func (q *Queue[T]) Take(done <-chan struct{}) []T {
	for {
		q.mu.Lock()
		items, closed := q.items, q.closed
		q.items = nil
		q.mu.Unlock()
		if len(items) > 0 || closed {
			return items
		}
		select {
		case <-q.wake:
		case <-done:
			return nil
		}
	}
}
