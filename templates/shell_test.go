package templates

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// needs skips a test on a machine that lacks a tool: make test promises to need Go alone. In CI it fails.
func needs(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		_, err := exec.LookPath(tool)
		switch {
		case err == nil:
		case os.Getenv("CI") == "true":
			t.Fatal(err)
		default:
			t.Skipf("%s is not on PATH: the scripts were not run", tool)
		}
	}
}

// A script is one run of bash.
type script struct {
	dir  string
	env  map[string]string // all that it sees beside PATH
	path []string          // folders before PATH
	args []string
}

// A result is what came of a run.
type result struct {
	code           int
	stdout, stderr string
}

// run runs the arguments of s with bash.
func (s script) run(t *testing.T) result {
	t.Helper()
	cmd := exec.Command("bash", s.args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + strings.Join(append(slices.Clone(s.path), os.Getenv("PATH")), string(os.PathListSeparator))}
	for name, value := range s.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// runStep runs the text of a workflow step as GitHub does for "shell: bash", in dir.
func runStep(t *testing.T, name string, s script) result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "step.sh")
	write(t, file, Step(name))
	s.args = []string{"--noprofile", "--norc", "-eo", "pipefail", file}
	return s.run(t)
}

// succeeds fails the test unless the run did not.
func (r result) succeeds(t *testing.T) {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// fails wants an exit code and parts of what is said.
func (r result) fails(t *testing.T, code int, messages ...string) {
	t.Helper()
	for _, message := range messages {
		if r.code != code || !strings.Contains(r.stdout+r.stderr, message) {
			t.Errorf("exit code %d, want %d and %q in\n%s%s", r.code, code, message, r.stdout, r.stderr)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// contents is the text of a file, "" if there is none.
func contents(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// fakeDocker puts a docker into a folder of its own, whose name it gives back. It notes its arguments, a line a
// call, in a file beside it, and does what script says.
func fakeDocker(t *testing.T, script string) (dir string, calls func() string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "docker"), "#!/usr/bin/env bash\nprintf '%s\\n' \"$*\" >>\"${BASH_SOURCE[0]%/*}/calls\"\n"+script)
	return dir, func() string { return contents(t, filepath.Join(dir, "calls")) }
}

// listing are the names in a folder.
func listing(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
