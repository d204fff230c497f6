package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// A growth is what a spec of that many volumes costs.
type growth struct {
	volumes int
	whole   sample // devgen check
	own     sample // the same without the judges and the start of the process
}

// grow measures specs of several sizes.
func (l lab) grow(sizes []int, rounds int) ([]growth, error) {
	var subjects []subject
	for _, n := range sizes {
		tree := fmt.Sprintf("grown-%d", n)
		if err := l.write([]byte(grownSpec(n)), tree, "devcontainer.cue"); err != nil {
			return nil, err
		}
		if err := l.do(l.path(tree), l.bin("devgen")); err != nil {
			return nil, err
		}
		subjects = append(subjects,
			subject{name: tree, dir: l.path(tree), args: []string{l.bin("devgen"), "check"}},
			l.own(tree))
	}
	samples, err := interleave(rounds, subjects)
	if err != nil {
		return nil, err
	}
	var grown []growth
	for i, n := range sizes {
		grown = append(grown, growth{n, samples[2*i], samples[2*i+1]})
	}
	return grown, nil
}

// ownTime is how a Go benchmark tells the time of its one iteration.
var ownTime = regexp.MustCompile(`BenchmarkOwn\S*\s+1\s+(\d+) ns/op`)

// own is the benchmark of package generators that leaves the judges out, once, in a process of its own.
func (l lab) own(tree string) subject {
	return subject{
		name: tree + " without judges",
		dir:  l.path(tree),
		env:  []string{"DEVGEN_BENCH_DIR=" + l.path(tree), "GOGC=250", "GOMEMLIMIT=1GiB"}, // as main sets them
		args: []string{l.bin("own"), "-test.run=^$", "-test.bench=^BenchmarkOwn$", "-test.benchtime=1x"},
		took: func(output []byte, _ time.Duration) (time.Duration, error) {
			m := ownTime.FindSubmatch(output)
			if m == nil {
				return 0, fmt.Errorf("no time in %q", output)
			}
			return time.ParseDuration(string(m[1]) + "ns")
		},
	}
}

// grownSpec is a spec of n volumes, of each persistence as many.
func grownSpec(n int) string {
	var b strings.Builder
	b.WriteString("name: \"grown\"\nimage: repository: \"acme/grown-devcontainer\"\nplatforms: \"linux/amd64\": {}\n")
	b.WriteString("workflow: repository: \"acme/grown\"\nvolumes: {\n")
	for i := range n {
		rest := []string{`"cache"`, `"build"`, `"state"`, `"ephemeral", size: "64MB"`}[i%4]
		fmt.Fprintf(&b, "\t\"v%d\": {target: \"/data/v%d\", persistence: %s}\n", i, i, rest)
	}
	b.WriteString("}\n")
	return b.String()
}

// repeat checks that many specs of one repository, each in a folder of its own, and in between one that lies alone. It
// returns how the sums of their times relate: what the specs around it cost a run.
func (l lab) repeat(specs int) (ratio float64, err error) {
	of := func(tree string) subject {
		return subject{args: []string{l.bin("devgen"), "-C", l.path(tree), "check"}}
	}
	for i := range specs {
		if err := os.CopyFS(l.path(specTree(i)), os.DirFS(l.path("shipped"))); err != nil {
			return 0, err
		}
	}
	var alone, among time.Duration
	for i := range specs {
		a, _, err := of("shipped").run()
		if err != nil {
			return 0, err
		}
		b, _, err := of(specTree(i)).run()
		if err != nil {
			return 0, err
		}
		alone, among = alone+a, among+b
	}
	return float64(among) / float64(alone), nil
}

func specTree(i int) string { return fmt.Sprintf("many/spec-%04d", i) }
