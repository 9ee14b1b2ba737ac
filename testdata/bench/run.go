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
			d.end()
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
			if took[i], err = drivers[i].measure(s, o.requests); err != nil {
				return err
			}
		}
		for i, d := range drivers {
			for k, pair := range [][2]float64{{took[i].One, took[0].One}, {took[i].Six, took[0].Six}, {took[i].Page, took[0].Page}} {
				d.ratios[k] = append(d.ratios[k], pair[0]/pair[1])
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, o.rounds)
	}
	if err := print(drivers, s); err != nil {
		return err
	}
	for _, d := range drivers {
		if d.uses {
			if err := d.switches(s); err != nil {
				return fmt.Errorf("%s: switching: %w", d.name, err)
			}
		}
	}
	for _, d := range drivers {
		d.end()
	}
	drivers = nil
	return launches(s)
}

func (d *driver) end() {
	d.in.Close()
	d.cmd.Wait()
}

// switches takes the time from the word to use a session to the first request of it at
// the server.
func (d *driver) switches(s *server) error {
	var took []float64
	for i := range 21 {
		who := []string{"other", "forced"}[i%2]
		s.forget()
		began := time.Now()
		if _, err := fmt.Fprintln(d.in, who); err != nil {
			return err
		}
		for got := (arrival{}); got.sid != who; {
			select {
			case got = <-s.arrivals:
				if got.sid == who {
					took = append(took, float64(got.at.Sub(began).Microseconds())/1000)
				}
			case <-time.After(10 * time.Second):
				return fmt.Errorf("the server never saw %s", who)
			}
		}
		time.Sleep(300 * time.Millisecond) // the page is to come to rest
	}
	fmt.Printf("%s: a switch takes %.1f ms to the first request of the other session\n", d.name, median(took))
	return nil
}

// launches takes the time from a start to the moment that the page's script runs, with
// nothing else alive. The ratio is taken within a round.
func launches(s *server) error {
	took, ratios := map[string][]float64{}, []float64{}
	for range 7 {
		var round [2]float64
		for i, name := range []string{nothing, explore} {
			s.forget()
			began := time.Now()
			d, err := start(mode{name: name}, s)
			if err != nil {
				return err
			}
			select {
			case at := <-s.usable:
				round[i] = float64(at.Sub(began).Milliseconds())
			case <-time.After(time.Minute):
				return fmt.Errorf("%s: the page never came", name)
			}
			took[name] = append(took[name], round[i])
			d.end()
		}
		ratios = append(ratios, round[1]/round[0])
	}
	fmt.Printf("launch to a page whose script runs: %.0f ms with nothing on, %.0f ms with sessdriver (%.2f)\n", median(took[nothing]), median(took[explore]), median(ratios))
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
func (d *driver) measure(s *server, n int) (t timing, err error) {
	p := s.page(d.name)
	driver, browser := d.used()
	was := p.forced.Load() + p.else_.Load()
	const patience = 2 * time.Minute
	for begin, done := p.begin, chan timing(nil); begin != nil || done != nil; {
		select {
		case begin <- n:
			begin, done = nil, p.done
		case t = <-done:
			done = nil
		case <-time.After(patience):
			return t, fmt.Errorf("%s: its page does not answer", d.name)
		}
	}
	after, browserAfter := d.used()
	d.cpu[0] += after - driver
	d.cpu[1] += browserAfter - browser
	made := p.forced.Load() + p.else_.Load() - was
	if want := int64(20 + 2*n + 4*101); made != want {
		return t, fmt.Errorf("%s: the server got %d requests, want %d", d.name, made, want)
	}
	d.count += made
	return t, nil
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

func print(drivers []*driver, s *server) error {
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
		if d.forces && p.else_.Load() > 0 {
			return fmt.Errorf("%s: %d requests were not forced", d.name, p.else_.Load())
		}
	}
	return nil
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
