package golden

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFuzzScript: .ci/fuzz fails on each find and shows it; that the time is over is none.
func TestFuzzScript(t *testing.T) {
	script, err := filepath.Abs("../.ci/fuzz")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		said string // by go test, which fails if it says FAIL
		ok   bool
		want string
	}{
		{"nothing found", "PASS\n", true, "PASS"},
		{"the time is over", "--- FAIL: FuzzX (10.12s)\n    context deadline exceeded\nFAIL\n", true, "nothing was found"},
		{"a find", "--- FAIL: FuzzX (0.12s)\n    Failing input written to testdata/fuzz/FuzzX/1\nFAIL\n", false, "[]byte(\"}\")"},
		{"a find at the end", "--- FAIL: FuzzX (10.12s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzX/1\nFAIL\n", false, "[]byte(\"}\")"},
		{"a seed", "failure while testing seed corpus entry: FuzzX/seed#0\n--- FAIL: FuzzX (0.12s)\nFAIL\n", false, "seed#0"},
		{"it does not build", "FAIL x [build failed]\n", false, "build failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{
				"go":                        "#!/bin/sh\ncat said\n! grep -q FAIL said\n",
				"said":                      c.said,
				"pkg/testdata/fuzz/FuzzX/1": "go test fuzz v1\n[]byte(\"}\")\n",
			} {
				file := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("bash", script, "./pkg", "FuzzX", "10s")
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "GO=./go")
			out, err := cmd.CombinedOutput()
			if (err == nil) != c.ok || !strings.Contains(string(out), c.want) {
				t.Errorf("%v, want ok %v and %q:\n%s", err, c.ok, c.want, out)
			}
		})
	}
}
