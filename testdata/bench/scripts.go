package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sessdriver/cmd/sessdriver/internal/demo"
)

// The scripts of the examples, and the same flows as tests of Playwright's runner, each
// four at a time in the same browser. In doubt Playwright has the advantage: its shops are
// open before the clock runs, where sessdriver run opens one for each script in its own
// process; its four workers keep their browsers, where each script has a browser of its
// own; a flow is one test with steps, so that nobody logs in again for the next section, and
// does not open the pages that a script opens to make its site known; and both run once
// before anything counts, so that the tests are compiled.

const root = "../.."

// runner is a program that runs all flows.
type runner struct {
	name  string
	cmd   func() *exec.Cmd
	tests int // that are to pass
	took  []float64
	cpu   []float64
}

// passed is in what both say at the end.
var passed = regexp.MustCompile(`(\d+) passed`)

// compare runs both runners in turns, and prints what they took.
func compare(rounds int, browser string) error {
	if err := adopt(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "sessdriver")
	build := exec.Command("go", "build", "-o", program, "./cmd/sessdriver")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building sessdriver: %w", err)
	}
	flows, sections, err := pairs()
	if err != nil {
		return err
	}
	runners := []*runner{
		{name: "sessdriver run -j 4", tests: sections, cmd: func() *exec.Cmd {
			cmd := exec.Command(program, "run", "-j", "4", "--shop")
			for _, f := range flows {
				cmd.Args = append(cmd.Args, f.script)
			}
			cmd.Dir = root
			return cmd
		}},
		{name: "playwright test, 4 workers", tests: len(flows), cmd: func() *exec.Cmd {
			return exec.Command(filepath.Join("node_modules", ".bin", "playwright"), "test")
		}},
	}
	var ratios, cpuRatios []float64
	for round := range rounds + 1 {
		var took, cpu [2]float64
		for k := range runners {
			i := (round + k) % 2
			if took[i], cpu[i], err = runners[i].run(flows, browser); err != nil {
				return fmt.Errorf("%s: %w", runners[i].name, err)
			}
		}
		if round == 0 { // it filled the caches
			continue
		}
		for i, r := range runners {
			r.took, r.cpu = append(r.took, took[i]), append(r.cpu, cpu[i])
		}
		ratios, cpuRatios = append(ratios, took[0]/took[1]), append(cpuRatios, cpu[0]/cpu[1])
		fmt.Fprintf(os.Stderr, "round %d of %d: %.1f s, processors %.1f s\n", round, rounds, took, cpu)
	}
	fmt.Printf("| | tests | s | all | processor s | all |\n|---|---|---|---|---|---|\n")
	for _, r := range runners {
		fmt.Printf("| %s | %d | %.1f | %.1f | %.1f | %.1f |\n", r.name, r.tests, median(r.took), r.took, median(r.cpu), r.cpu)
	}
	fmt.Printf("| ratio | | %.2f | %.2f | %.2f | %.2f |\n", median(ratios), ratios, median(cpuRatios), cpuRatios)
	return nil
}

// flow is an example that is there as a test as well.
type flow struct{ number, script string }

// pairs lists the flows, and how many sections the scripts have.
func pairs() (flows []flow, sections int, err error) {
	list, err := filepath.Glob("scripts/*.spec.js")
	if err != nil {
		return nil, 0, err
	}
	for _, file := range list {
		name := strings.TrimSuffix(filepath.Base(file), ".spec.js")
		f := flow{script: "scripts/examples/" + name + ".sess"}
		f.number, _, _ = strings.Cut(name, "-")
		text, err := os.ReadFile(filepath.Join(root, f.script))
		if err != nil {
			return nil, 0, err
		}
		flows = append(flows, f)
		sections += strings.Count("\n"+string(text), "\nsection ")
	}
	return flows, sections, nil
}

// run runs the program once. It takes the seconds until it ends, and those of the
// processors until all that it started has ended.
func (r *runner) run(flows []flow, browser string) (took, cpu float64, err error) {
	cmd := r.cmd()
	cmd.Env = append(os.Environ(), "CHROMIUM="+browser)
	for _, f := range flows {
		shop, err := demo.Serve()
		if err != nil {
			return 0, 0, err
		}
		defer shop.Close()
		cmd.Env = append(cmd.Env, "SHOP_"+f.number+"="+strings.TrimSuffix(shop.URL, "/"))
	}
	before, err := used()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	said, err := cmd.CombinedOutput()
	took = time.Since(began).Seconds()
	if err != nil {
		return 0, 0, fmt.Errorf("%w\n%s", err, said)
	}
	if found := passed.FindSubmatch(said); found == nil || string(found[1]) != strconv.Itoa(r.tests) {
		return 0, 0, fmt.Errorf("not %d passed\n%s", r.tests, said)
	}
	if err := reap(); err != nil {
		return 0, 0, err
	}
	after, err := used()
	return took, (after - before).Seconds(), err
}

// adopt makes this process the parent of those whose own has ended: most of a browser's
// outlive the runner for a moment, and their time would be nobody's.
func adopt() error {
	const setChildSubreaper = 36
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); errno != 0 {
		return fmt.Errorf("becoming a subreaper: %w", errno)
	}
	return nil
}

// reap waits until no process is left.
func reap() error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if err == syscall.ECHILD {
				return nil
			}
			if err != nil && err != syscall.EINTR {
				return err
			}
			if pid == 0 {
				break
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("some of its processes do not end")
		}
	}
}

// used is the processor time of all processes below this one that have ended.
func used() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}
