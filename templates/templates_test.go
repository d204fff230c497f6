package templates

import (
	"io/fs"
	"strings"
	"testing"
)

// walk calls f with every embedded file below dir whose name has the suffix.
func walk(t *testing.T, dir, suffix string, f func(path, text string)) {
	t.Helper()
	found := 0
	err := fs.WalkDir(files, dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, suffix) {
			return err
		}
		found++
		f(path, read(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Fatalf("no %s files below %s", suffix, dir)
	}
}

// The head of a step is for those who read it here. In a workflow its text begins with what it does.
func TestStep(t *testing.T) {
	walk(t, "workflow", ".sh", func(path, text string) {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "workflow/"), ".sh")
		step := Step(name)
		if !strings.HasPrefix(step, "set -euo pipefail\n") {
			t.Errorf("%s begins with %.40q", name, step)
		}
		if !strings.HasSuffix(text, step) || !strings.HasPrefix(text, "#!/usr/bin/env bash\n# ") {
			t.Errorf("%s is not a script with a head", name)
		}
		// An expression would be replaced inside the script by a text that anybody may have chosen.
		if strings.Contains(text, "${{") {
			t.Errorf("%s holds an expression of GitHub", name)
		}
	})
}

func TestScript(t *testing.T) {
	walk(t, "scripts", ".sh", func(path, text string) {
		if got := Script(path); got != text {
			t.Errorf("Script does not give %s as it stands", path)
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.TrimRight(line, " \t\r") != line {
				t.Errorf("%s: blanks at the end of %q", path, line)
			}
		}
	})
}

func TestUnknownNamePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Script of an unknown name gives a text; a mistake in a generator would be an empty file")
		}
	}()
	Script("scripts/nothing.sh")
}
