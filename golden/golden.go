// Package golden is the proof: each .txtar file in testdata is one case, with the spec, the commands and what they
// are to print and to write. The cases run the real binary. "go test ./golden -update" rewrites what a cmp expects.
//
// A new case is a new file. Let it compare only what it is about: one file, or the lines of one message. Besides
// the commands of testscript a case has
//
//	exits CODE COMMAND [ARGUMENT...]  run a command and want exactly this exit code
//	[!] inside FILE PART              want the lines of PART in FILE in one piece, whatever their indentation
package golden

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Commands are those that a case has besides testscript's.
func Commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":  exits,
		"inside": inside,
	}
}

// Build makes the binary as it is released, from the module in the folder root, and returns its path.
func Build(t *testing.T, root string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "devgen")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/devgen")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("%s exited with %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

func inside(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] inside FILE PART")
	}
	text, part := ts.ReadFile(args[0]), ts.ReadFile(args[1])
	if strings.Contains("\n"+flush(text), "\n"+flush(part)) == neg {
		ts.Fatalf("%s does not (or with ! does) hold\n%s\nit is\n%s", args[0], part, text)
	}
}

// flush takes the indentation away, so that a case can show a part of a deep file.
func flush(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return strings.Join(lines, "\n") + "\n"
}
