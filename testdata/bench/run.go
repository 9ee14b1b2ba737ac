package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

type options struct {
	rounds, requests int
	browser          string
	modes            []mode
}

// driver is a process that drives a browser in a mode.
type driver struct {
	mode
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	ratios [3][]float64     // one, six, page
	cpu    [2]time.Duration // of the driver and of the browser
	count  int64
}

func run(o options) error {
	s, err := serve()
	if err != nil {
		return err
	}
	var drivers []*driver
	defer func() {
		for _, d := range drivers {
			d.in.Close()
			d.cmd.Wait()
		}
	}()
	for _, m := range o.modes {
		d, err := start(m, s)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		drivers = append(drivers, d)
		fmt.Fprintln(os.Stderr, "ready:", m.name)
	}
	for round := range o.rounds {
		order := rand.Perm(len(drivers))
		took := make([]timing, len(drivers))
		for _, i := range order {
			took[i] = drivers[i].measure(s, o.requests)
		}
		for i, d := range drivers {
			for k, pair := range [][2]float64{{took[i].One, took[0].One}, {took[i].Six, took[0].Six}, {took[i].Page, took[0].Page}} {
				d.ratios[k] = append(d.ratios[k], pair[0]/pair[1])
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, o.rounds)
	}
	print(drivers, s)
	return nil
}

func start(m mode, s *server) (*driver, error) {
	address := s.url + "?mode=" + url.QueryEscape(m.name)
	cmd := exec.Command(os.Args[0], "drive", m.name, address)
	if m.node != "" {
		cmd = exec.Command("node", filepath.Join("peers", m.node), address)
	}
	cmd.Stderr = os.Stderr
	d := &driver{mode: m, cmd: cmd}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.out = bufio.NewReader(out)
	if d.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return d, d.await("ready")
}

// await reads the driver's next word.
func (d *driver) await(word string) error {
	line, err := d.out.ReadString('\n')
	if err == nil && strings.TrimSpace(line) != word {
		err = fmt.Errorf("it says %q", line)
	}
	return err
}

// measure lets a page make its requests.
func (d *driver) measure(s *server, n int) timing {
	p := s.page(d.name)
	driver, browser := d.used()
	was := p.forced.Load() + p.else_.Load()
	p.begin <- n
	t := <-p.done
	after, browserAfter := d.used()
	d.cpu[0] += after - driver
	d.cpu[1] += browserAfter - browser
	d.count += p.forced.Load() + p.else_.Load() - was
	return t
}

// used is the processor time of the driver and of the processes below it.
func (d *driver) used() (driver, browser time.Duration) {
	below := map[int]bool{d.cmd.Process.Pid: true}
	type process struct {
		pid, parent int
		time        time.Duration
	}
	var all []process
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		_, rest, ok := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if !ok || len(fields) < 13 {
			continue
		}
		number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		all = append(all, process{pid, number(1), time.Duration(number(11)+number(12)) * 10 * time.Millisecond})
	}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if below[p.parent] && !below[p.pid] {
				below[p.pid], grown = true, true
			}
		}
	}
	for _, p := range all {
		switch {
		case p.pid == d.cmd.Process.Pid:
			driver = p.time
		case below[p.pid]:
			browser += p.time
		}
	}
	return driver, browser
}

func print(drivers []*driver, s *server) {
	fmt.Printf("| | one at a time | six at a time | page of 100 | driver CPU, µs a request | browser CPU | right at the server |\n|---|---|---|---|---|---|---|\n")
	bare := float64(drivers[0].cpu[1]) / float64(drivers[0].count)
	for _, d := range drivers {
		p := s.page(d.name)
		right := "-"
		if d.forces {
			right = fmt.Sprintf("%d of %d", p.forced.Load(), p.forced.Load()+p.else_.Load())
		}
		own := "-"
		if d.name != nothing {
			own = fmt.Sprint((d.cpu[0] / time.Duration(d.count)).Microseconds())
		}
		fmt.Printf("| %s | %.2f | %.2f | %.2f | %s | %.2f | %s |\n", d.name, median(d.ratios[0]), median(d.ratios[1]), median(d.ratios[2]), own, float64(d.cpu[1])/float64(d.count)/bare, right)
	}
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
