package cdp

import "sync"

// queue is an unbounded FIFO. Pushing never blocks, so a reader that feeds one
// never stalls the wire.
type queue[T any] struct {
	mu     sync.Mutex // guards all below
	items  []T
	closed bool
	wake   chan struct{} // holds a value when there may be something new
}

func newQueue[T any]() *queue[T] { return &queue[T]{wake: make(chan struct{}, 1)} }

// push appends an item. After close it does nothing.
func (q *queue[T]) push(item T) {
	q.mu.Lock()
	if !q.closed {
		q.items = append(q.items, item)
	}
	q.mu.Unlock()
	q.signal()
}

// close lets pop report the end once the items are taken.
func (q *queue[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

func (q *queue[T]) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for items and returns all there are, in order. It returns nil at
// the end, or when done is closed. One goroutine may take.
func (q *queue[T]) take(done <-chan struct{}) []T {
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
