package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// warmUp is how many first rounds are not counted: they fill the page cache.
const warmUp = 3

// A subject is a process to measure.
type subject struct {
	name   string
	dir    string
	args   []string
	env    []string
	before func() error // makes the tree as the run wants it; nil: nothing to do

	took func(output []byte, wall time.Duration) (time.Duration, error) // reads the time from the output; nil: the wall time
}

// A sample is what the counted runs of a subject took.
type sample struct {
	name   string
	times  []time.Duration
	memory int64 // the largest peak of a run, in bytes; 0 if it is not known
}

// interleave runs all subjects in turn, round by round. A process that fails ends everything: there is no time of
// a failure.
func interleave(rounds int, subjects []subject) ([]sample, error) {
	samples := make([]sample, len(subjects))
	for round := range warmUp + rounds {
		for i, s := range subjects {
			took, memory, err := s.run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			samples[i].name = s.name
			if round >= warmUp {
				samples[i].times = append(samples[i].times, took)
				samples[i].memory = max(samples[i].memory, memory)
			}
		}
	}
	return samples, nil
}

func (s subject) run() (took time.Duration, memory int64, err error) {
	if s.before != nil {
		if err := s.before(); err != nil {
			return 0, 0, err
		}
	}
	var output bytes.Buffer
	cmd := exec.Command(s.args[0], s.args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &output, &output
	cmd.Env = append(os.Environ(), s.env...)
	start := time.Now()
	err = cmd.Run()
	took = time.Since(start)
	if err != nil {
		return 0, 0, fmt.Errorf("%w\n%s", err, output.Bytes())
	}
	if s.took != nil {
		if took, err = s.took(output.Bytes(), took); err != nil {
			return 0, 0, err
		}
	}
	return took, peak(cmd.ProcessState.SysUsage()), nil
}

// peak is the largest resident set of a process that has ended, in bytes. Linux counts what its parent had before
// exec, so that a process smaller than this one is not known.
func peak(usage any) int64 {
	of := func(u *syscall.Rusage) int64 {
		if runtime.GOOS == "darwin" {
			return u.Maxrss
		}
		return u.Maxrss * 1024 // getrusage(2): kilobytes
	}
	var own syscall.Rusage
	u, ok := usage.(*syscall.Rusage)
	if !ok || syscall.Getrusage(syscall.RUSAGE_SELF, &own) != nil || of(u) <= of(&own) {
		return 0
	}
	return of(u)
}

// median is the middle of the times, or the mean of the two in the middle.
func (s sample) median() time.Duration {
	sorted := slices.Sorted(slices.Values(s.times))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (s sample) least() time.Duration { return slices.Min(s.times) }
