package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is the four tables: the comparison, the targets of DESIGN.md, the growth, and the records of builds.
func report(compared []sample, grown []growth, recorded []sample, specs int, ratio float64) string {
	var b strings.Builder
	b.WriteString("| the shipped spec | least | median | of `cue vet -c` | peak memory |\n|---|---:|---:|---:|---:|\n")
	base := find(compared, vet)
	for _, s := range compared {
		fmt.Fprintf(&b, "| %s | %s | %s | %.2f × | %s |\n", s.name, millis(s.least()), millis(s.median()), quotient(s, *base), megabytes(s.memory))
	}
	if find(compared, synth) == nil {
		b.WriteString("\nnpm was not there: the rows of projen are missing.\n")
	}
	b.WriteString("\n| promise | target | measured | |\n|---|---:|---:|---|\n")
	for _, t := range slices.Concat(targets(compared, grown), recordTargets(recorded)) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", t.name, t.target(), t.measured(), t.verdict())
	}
	b.WriteString("\n| volumes | `devgen check` | exponent | peak memory | without judges | exponent | peak memory |\n|---:|---:|---:|---:|---:|---:|---:|\n")
	for i, g := range grown {
		before := grown[max(0, i-1)]
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %s |\n", g.volumes,
			millis(g.whole.median()), power(before.volumes, g.volumes, before.whole, g.whole), megabytes(g.whole.memory),
			millis(g.own.median()), power(before.volumes, g.volumes, before.own, g.own), megabytes(g.own.memory))
	}
	b.WriteString("\n| the record of a build | least | median | peak memory |\n|---|---:|---:|---:|\n")
	for _, s := range recorded {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.name, millis(s.least()), millis(s.median()), megabytes(s.memory))
	}
	fmt.Fprintf(&b, "\n%d specs in one repository: `devgen check` of each takes %.2f × the time of one that lies alone.\n", specs, ratio)
	return b.String()
}

// A target is a promise: what was measured is to be at most, or at least, the limit.
type target struct {
	name    string
	value   float64
	limit   float64
	stretch float64 // 0: none
	atLeast bool
	unit    string
}

// targets are the promises of DESIGN.md that these figures can answer.
func targets(compared []sample, grown []growth) []target {
	of := func(name, other string) float64 { return quotient(*find(compared, name), *find(compared, other)) }
	checked := find(compared, check)
	all := []target{
		{name: "`devgen check` against `cue vet -c`", value: of(check, vet), limit: 2, stretch: 1.5, unit: " ×"},
		{name: "`devgen` with every file to write, against `cue vet -c`", value: of(written, vet), limit: 4, stretch: 2.5, unit: " ×"},
		{name: "peak memory of `devgen check`", value: float64(checked.memory) / 1e6, limit: 40, unit: " MB"},
	}
	if find(compared, synth) != nil {
		all = append(all,
			target{name: "faster than projen, as it is called", value: of(npx, unchanged), limit: 20, atLeast: true, unit: " ×"},
			target{name: "faster than projen's own process", value: of(synth, unchanged), limit: 20, atLeast: true, unit: " ×"})
	}
	if n := len(grown); n > 1 {
		a, b := grown[n-2], grown[n-1]
		from := fmt.Sprintf("%d → %d volumes, exponent of ", a.volumes, b.volumes)
		all = append(all,
			target{name: from + "`devgen check`", value: exponent(a.volumes, b.volumes, a.whole.median(), b.whole.median()), limit: 1.2},
			target{name: from + "devgen's own part", value: exponent(a.volumes, b.volumes, a.own.median(), b.own.median()), limit: 1.05})
	}
	return all
}

// recordTargets are the promises about records: the time of one, and that memory does not grow with the lines.
func recordTargets(recorded []sample) []target {
	all := []target{{name: many, value: find(recorded, many).median().Seconds(), limit: 1, unit: " s"}}
	short, long := find(recorded, few).memory, find(recorded, most).memory
	if short > 0 && long > 0 {
		all = append(all, target{name: "peak memory of 1,000,000 lines against 10,000", value: float64(long) / float64(short), limit: 1.5, unit: " ×"})
	}
	return all
}

func (t target) target() string {
	if t.atLeast {
		return fmt.Sprintf("≥ %g%s", t.limit, t.unit)
	}
	if t.stretch > 0 {
		return fmt.Sprintf("≤ %g%s, stretch %g%s", t.limit, t.unit, t.stretch, t.unit)
	}
	return fmt.Sprintf("≤ %g%s", t.limit, t.unit)
}

func (t target) measured() string { return fmt.Sprintf("%.2f%s", t.value, t.unit) }

func (t target) verdict() string {
	switch {
	case t.atLeast && t.value < t.limit, !t.atLeast && t.value > t.limit:
		return "missed"
	case t.stretch > 0 && t.value <= t.stretch:
		return "met, stretch too"
	}
	return "met"
}

// find is the sample of that name, or nil.
func find(samples []sample, name string) *sample {
	i := slices.IndexFunc(samples, func(s sample) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return &samples[i]
}

// quotient relates the medians of two samples.
func quotient(s, base sample) float64 { return float64(s.median()) / float64(base.median()) }

// exponent is k in time ~ size^k between two measurements: 1 is linear, 2 is quadratic.
func exponent(n, m int, a, b time.Duration) float64 {
	return math.Log(float64(b)/float64(a)) / math.Log(float64(m)/float64(n))
}

func power(n, m int, a, b sample) string {
	if n == m {
		return ""
	}
	return fmt.Sprintf("%.2f", exponent(n, m, a.median(), b.median()))
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}

// machine says when and where the figures are taken, and what else the machine does then.
func machine(now time.Time) string {
	return fmt.Sprintf("Measured on %s: %s, %d cores, %s %s, %s; load average %s before.\n\n",
		now.Format("2006-01-02"), processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), load())
}

// load is how many processes wanted to run in the last minute, as Linux counts them.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	minute, _, _ := strings.Cut(string(data), " ")
	return minute
}

// processor is the name of the first one that Linux knows.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unnamed processor"
	}
	_, rest, _ := strings.Cut(string(data), "model name\t: ")
	name, _, _ := strings.Cut(rest, "\n")
	return cmp.Or(name, "an unnamed processor")
}

// The lines of the page between which the tables stand.
const (
	beginMark = "<!-- make bench writes what follows -->\n"
	endMark   = "<!-- make bench wrote what precedes -->\n"
)

// rewrite puts text between the two marks of the page.
func rewrite(page, text string) error {
	data, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(data, []byte(beginMark))
	_, after, closed := bytes.Cut(rest, []byte(endMark))
	if !ok || !closed {
		return fmt.Errorf("%s: the marks of the tables are not there", page)
	}
	return os.WriteFile(page, slices.Concat(before, []byte(beginMark), []byte(text), []byte(endMark), after), 0o644)
}
