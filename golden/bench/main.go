// Command bench measures devgen against its peers and its own growth, and writes the tables of docs/performance.md.
//
//	make bench
//
// All runs of a table are interleaved (A B C A B C …), so that what disturbs the machine disturbs every row. The
// binaries are built from the tree, static, and everything else happens in a temporary folder. Peers are cue, of the
// version that devgen embeds, and projen, if node and npm are there. devgen report is measured beside jq, on records of its own.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 25, "rounds of the comparison")
	specs := flag.Int("specs", 1000, "specs in one repository")
	root := flag.String("root", "../..", "the root of devgen's repository")
	flag.Parse()
	if err := run(*root, *rounds, *specs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything and puts the result into the page.
func run(root string, rounds, specs int) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "devgen-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	where := machine(time.Now())
	l := lab{root: root, dir: dir, log: os.Stderr}
	if err := l.build(); err != nil {
		return err
	}
	compared, err := l.compare(rounds)
	if err != nil {
		return err
	}
	grown, err := l.grow([]int{15, 150, 1500, 15000}, 5)
	if err != nil {
		return err
	}
	ratio, err := l.repeat(specs)
	if err != nil {
		return err
	}
	recorded, err := l.records(5)
	if err != nil {
		return err
	}
	text := where + report(compared, grown, recorded, specs, ratio)
	fmt.Print(text)
	return rewrite(filepath.Join(root, "docs", "performance.md"), text)
}

// A lab is the folder of a measurement: bin holds the binaries, each other folder one tree.
type lab struct {
	root string // of devgen's repository
	dir  string
	log  io.Writer
}

func (l lab) path(name ...string) string { return filepath.Join(append([]string{l.dir}, name...)...) }

func (l lab) bin(name string) string { return l.path("bin", name) }

// build makes the binaries: devgen as it is released, the same without its judges, cue (golden/cue holds its version to
// devgen's), and a program that does nothing.
func (l lab) build() error {
	golden := filepath.Join(l.root, "golden")
	for _, b := range []struct {
		dir  string
		args []string
	}{
		{l.root, []string{"build", "-trimpath", "-o", l.bin("devgen"), "./cmd/devgen"}},
		{l.root, []string{"test", "-c", "-trimpath", "-o", l.bin("own"), "./generators"}},
		{filepath.Join(golden, "cue"), []string{"build", "-trimpath", "-o", l.bin("cue"), "cuelang.org/go/cmd/cue"}},
		{filepath.Join(golden, "bench"), []string{"build", "-trimpath", "-o", l.bin("floor"), "./floor"}},
	} {
		if err := l.do(b.dir, "go", b.args...); err != nil {
			return err
		}
	}
	return nil
}

// do runs a step of the preparation, which is not measured.
func (l lab) do(dir, name string, args ...string) error {
	fmt.Fprintln(l.log, "#", name, args)
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stderr = dir, l.log
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd.Run()
}
