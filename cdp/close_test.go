//go:build unix

package cdp

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// processesOf lists what runs with an environment that names a directory: every child of
// a browser has it, however it is called.
func processesOf(temp string) []string {
	var list []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		pid := filepath.Base(filepath.Dir(file))
		if text, err := os.ReadFile(file); err == nil && strings.Contains("\x00"+string(text), "\x00TMPDIR="+temp+"\x00") && pid != strconv.Itoa(os.Getpid()) {
			list = append(list, pid)
		}
	}
	return list
}

// A browser with a temporary profile is killed at its end: nothing of it stays, neither a
// process nor a file.
func TestCloseLeavesNoFile(t *testing.T) {
	server := ownPage(t)
	temp, err := os.MkdirTemp("", "close") // short: see shortTemp in the tests of the program
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	t.Setenv("TMPDIR", temp)
	r := launch(t, whole(t), alone)
	r.open(server.URL)
	if len(processesOf(temp)) == 0 && runtime.GOOS == "linux" {
		t.Fatal("no process is found: the test proves nothing")
	}
	began := time.Now()
	r.close()
	t.Logf("closed in %v", time.Since(began))
	for deadline := time.Now().Add(patience); len(processesOf(temp)) > 0; time.Sleep(10 * time.Millisecond) { // the kernel takes them away
		if time.Now().After(deadline) {
			t.Fatalf("still there: %v", processesOf(temp))
		}
	}
	entries, err := os.ReadDir(temp)
	if len(entries) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// BenchmarkClose is how long the end of a browser takes, and in start-ms/op its start.
func BenchmarkClose(b *testing.B) {
	var starting time.Duration
	for b.Loop() {
		b.StopTimer()
		began := time.Now()
		r := launch(b, func(o *Options) { o.Path = chromium(b) })
		starting += time.Since(began)
		r.open("data:text/html,page")
		b.StartTimer()
		r.close()
	}
	b.ReportMetric(float64(starting.Milliseconds())/float64(b.N), "start-ms/op")
}
