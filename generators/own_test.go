package generators

import (
	"bytes"
	"cmp"
	"os"
	"testing"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// BenchmarkOwn is devgen's own part of a check: everything but the judges. golden/bench runs it on specs of several
// sizes; DEVGEN_BENCH_DIR is the folder of the spec and of its outputs.
func BenchmarkOwn(b *testing.B) {
	b.Chdir(cmp.Or(os.Getenv("DEVGEN_BENCH_DIR"), ".."))
	for b.Loop() {
		own(b)
	}
}

// own loads, plans, renders and compares.
func own(b *testing.B) {
	spec, problems, err := schema.Load("devcontainer.cue", nil)
	if err != nil || len(problems) > 0 {
		b.Fatal(err, problems)
	}
	p, problems := plan.New(spec)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	files := filesOf(p, renderAll(p))
	for _, f := range files {
		have, err := os.ReadFile(f.Path)
		if err != nil {
			b.Fatal(err)
		}
		if !bytes.Equal(have, f.Data) && !(f.Section && bytes.Contains(have, f.Data)) {
			b.Fatalf("%s is not fresh", f.Path)
		}
	}
	plan.Lint(p)
}
