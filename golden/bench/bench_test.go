package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func milliseconds(values ...int) (s sample) {
	for _, v := range values {
		s.times = append(s.times, time.Duration(v)*time.Millisecond)
	}
	return s
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		times sample
		want  time.Duration
	}{
		{milliseconds(7), 7 * time.Millisecond},
		{milliseconds(9, 1, 5), 5 * time.Millisecond},
		{milliseconds(9, 1, 5, 6), 5500 * time.Microsecond},
	} {
		if got := c.times.median(); got != c.want {
			t.Errorf("%v: got %v, want %v", c.times.times, got, c.want)
		}
	}
}

func TestExponent(t *testing.T) {
	for _, c := range []struct {
		b    time.Duration
		want string
	}{
		{time.Second, "0.00"},
		{10 * time.Second, "1.00"},
		{100 * time.Second, "2.00"},
	} {
		if got := power(150, 1500, sample{times: []time.Duration{time.Second}}, sample{times: []time.Duration{c.b}}); got != c.want {
			t.Errorf("%v: got %s, want %s", c.b, got, c.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		target target
		want   string
	}{
		{target{value: 2, limit: 2, stretch: 1.5}, "met"},
		{target{value: 2.01, limit: 2, stretch: 1.5}, "missed"},
		{target{value: 1.5, limit: 2, stretch: 1.5}, "met, stretch too"},
		{target{value: 19.9, limit: 20, atLeast: true}, "missed"},
		{target{value: 20, limit: 20, atLeast: true}, "met"},
	} {
		if got := c.target.verdict(); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.target, got, c.want)
		}
	}
}

// TestReport wants the figures in their places, and no row of a peer that was not there.
func TestReport(t *testing.T) {
	var compared []sample
	for i, name := range []string{floor, vet, export, validate, check, unchanged, written} {
		s := milliseconds(10 * (i + 1))
		s.name, s.memory = name, 30e6
		compared = append(compared, s)
	}
	var recorded []sample
	for i, name := range []string{few, many, most, formula} {
		recorded = append(recorded, sample{name, milliseconds(100 * (i + 1)).times, int64(20+5*i) * 1e6})
	}
	got := report(compared, []growth{{15, milliseconds(10), milliseconds(1)}, {150, milliseconds(20), milliseconds(10)}}, recorded, 7, 1.25)
	for _, want := range []string{
		"| `devgen check` | 50.0 ms | 50.0 ms | 2.50 × | 30 MB |\n",
		"| `devgen check` against `cue vet -c` | ≤ 2 ×, stretch 1.5 × | 2.50 × | missed |\n",
		"| 15 | 10.0 ms |  |  | 1.0 ms |  |  |\n",
		"| 150 | 20.0 ms | 0.30 |  | 10.0 ms | 1.00 |  |\n",
		"| `devgen report`, 100,000 lines | 200.0 ms | 200.0 ms | 25 MB |\n",
		"| jq with `cache-hit.jq`, 100,000 lines | 400.0 ms | 400.0 ms | 35 MB |\n",
		"| `devgen report`, 100,000 lines | ≤ 1 s | 0.20 s | met |\n",
		"| peak memory of 1,000,000 lines against 10,000 | ≤ 1.5 × | 1.50 × | met |\n",
		"npm was not there: the rows of projen are missing.\n",
		"7 specs in one repository: `devgen check` of each takes 1.25 ×",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "faster than projen") {
		t.Errorf("a promise about projen without its figures:\n%s", got)
	}
}

func TestRewrite(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(page, "new\n"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + beginMark + "new\n" + endMark + "after\n"; string(data) != want {
		t.Errorf("got %q, want %q", data, want)
	}
	if err := os.WriteFile(page, []byte("no marks\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if rewrite(page, "new\n") == nil {
		t.Error("a page without marks was rewritten")
	}
}

// TestInterleave wants every process as often as asked, and the failure of one told.
func TestInterleave(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	shell := func(script string) []string { return []string{"sh", "-c", script} }
	samples, err := interleave(2, []subject{
		{name: "a", args: shell("printf a >> " + log)},
		{name: "b", args: shell("printf b >> " + log)},
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("ab", warmUp+2); string(data) != want || len(samples[1].times) != 2 {
		t.Errorf("ran %s with %d times of b, want %s with 2", data, len(samples[1].times), want)
	}
	if _, err := interleave(1, []subject{{name: "bad", args: shell("echo broken; exit 3")}}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("a failure ended as %v", err)
	}
}

// TestGrownSpec wants as many volumes as asked, of every persistence.
func TestGrownSpec(t *testing.T) {
	spec := grownSpec(8)
	if got := strings.Count(spec, "target: "); got != 8 {
		t.Errorf("%d volumes, want 8", got)
	}
	for _, persistence := range []string{"cache", "build", "state", "ephemeral"} {
		if got := strings.Count(spec, `"`+persistence+`"`); got != 2 {
			t.Errorf("%d volumes are %s, want 2", got, persistence)
		}
	}
}

// TestWriteRecord wants as many lines as asked, each an object, and every step cached in the end.
func TestWriteRecord(t *testing.T) {
	var b strings.Builder
	writeRecord(&b, 2000)
	cached := map[string]bool{}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for _, line := range lines {
		var status struct {
			Vertexes []struct {
				Name   string
				Cached bool
			}
			Logs []any
		}
		if err := json.Unmarshal([]byte(line), &status); err != nil || len(status.Vertexes)+len(status.Logs) != 1 {
			t.Fatalf("%v: %s", err, line)
		}
		for _, v := range status.Vertexes {
			cached[v.Name] = cached[v.Name] || v.Cached
		}
	}
	for name, ok := range cached {
		if !ok || !strings.HasPrefix(name, "[stage ") || !strings.Contains(name, "/51] RUN make") {
			t.Errorf("%s: %t", name, ok)
		}
	}
	if len(lines) != 2000 || len(cached) != 50 {
		t.Errorf("%d lines and %d steps, want 2000 and 50", len(lines), len(cached))
	}
}
