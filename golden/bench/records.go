package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// The rows of the records.
const (
	few     = "`devgen report`, 10,000 lines"
	many    = "`devgen report`, 100,000 lines"
	most    = "`devgen report`, 1,000,000 lines"
	formula = "jq with `cache-hit.jq`, 100,000 lines"
)

// records measures devgen report on records of several lengths, and the scripts' formula on one of them.
func (l lab) records(rounds int) ([]sample, error) {
	dir := l.path("records")
	var subjects []subject
	for _, r := range []struct {
		name  string
		lines int
	}{{few, 10_000}, {many, 100_000}, {most, 1_000_000}} {
		file := fmt.Sprint(r.lines, ".json")
		if err := l.record(r.lines, "records", file); err != nil {
			return nil, err
		}
		subjects = append(subjects, subject{name: r.name, dir: dir, args: []string{l.bin("devgen"), "report", file}})
	}
	if _, err := exec.LookPath("jq"); err != nil {
		fmt.Fprintln(l.log, "# jq is not installed: its row is missing")
		return interleave(rounds, subjects)
	}
	script := filepath.Join(l.root, "templates", "scripts", "lib", "cache-hit.jq")
	return interleave(rounds, append(subjects, subject{name: formula, dir: dir, args: []string{"jq", "-nR", "-f", script, "100000.json"}}))
}

// record makes a record of n lines in a file of the lab.
func (l lab) record(n int, name ...string) error {
	if err := l.write(nil, name...); err != nil {
		return err
	}
	f, err := os.Create(l.path(name...))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	writeRecord(w, n)
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// writeRecord writes n lines as BuildKit does: of ten lines nine are what the commands print, and one tells of one of fifty
// steps. The last fifty that tell of a step say that it is cached.
func writeRecord(w io.Writer, n int) {
	const steps = 50
	for i := range n {
		step := i / 10 % steps
		if i%10 > 0 {
			fmt.Fprintf(w, `{"logs":[{"vertex":"sha256:%064d","stream":1,"data":"Q29tcGlsaW5nIGEgZmlsZSB3aXRoIGEgbG9uZyBuYW1lLCBmb3IgZXhhbXBsZSAvdXNyL3NyYy9tYWluLmMK","timestamp":"2026-01-01T00:00:00.%09dZ"}]}`+"\n", step, i)
			continue
		}
		fmt.Fprintf(w, `{"vertexes":[{"digest":"sha256:%064d","inputs":["sha256:%064[2]d"],"name":"[stage %2d/%d] RUN make part%[1]d","started":"2026-01-01T00:00:00.%09[5]dZ","completed":"2026-01-01T00:00:09.%09[5]dZ","cached":%t}]}`+"\n",
			step, step+steps, step+2, steps+1, i, i+10*steps >= n)
	}
}
