// Package cue holds what devgen init writes against the real cue command, without a network: cue vet must take the
// spec in the module that lies around it, and cue fmt must have nothing to say. The cases in testdata are of the same
// kind as those of golden, with cue as one more command.
package cue

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"cuelang.org/go/cmd/cue/cmd"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cue": func() { os.Exit(cmd.Main()) }})
}

func TestCases(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "./cmd/devgen")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("CUE_REGISTRY", "none")
			e.Setenv("CUE_CACHE_DIR", filepath.Join(e.WorkDir, ".cache"))
			return nil
		},
	})
}

// TestVersion wants the command to be of the version that devgen is built with.
func TestVersion(t *testing.T) {
	pinned := regexp.MustCompile(`(?m)^\s*cuelang\.org/go (v\S+)`)
	var versions []string
	for _, file := range []string{"go.mod", "../../go.mod"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := pinned.FindSubmatch(data)
		if m == nil {
			t.Fatalf("%s does not name cuelang.org/go", file)
		}
		versions = append(versions, string(m[1]))
	}
	if versions[0] != versions[1] {
		t.Errorf("cue is %s here and %s in devgen", versions[0], versions[1])
	}
}
