package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Without arguments it generates, whatever those of the process are: here the test's own.
func TestNoArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	if code, stdout, stderr := devgen(t.Context()); code != exitOK || !strings.HasSuffix(stdout, "; commit them\n") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	var out bytes.Buffer
	if code := execute(t.Context(), nil, &out, io.Discard); code != exitOK || !strings.HasSuffix(out.String(), " unchanged\n") {
		t.Errorf("of nil: exit %d\n%s", code, out.String())
	}
}

// A full disk takes no results.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// Whatever has results and cannot print them could not do its work, also if it found something.
func TestResultsLost(t *testing.T) {
	for _, args := range []string{"schema", "doc", "version", "--version", "help", "check --help", "completion", "completion bash", "completion zsh", "completion fish", "completion powershell",
		"validate", "validate --format json", "validate --format github", "check", "diff", "--dry-run", "trace", "init --spec other.cue", ""} {
		t.Run(args, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "devcontainer.cue", small)
			var stderr bytes.Buffer
			code := run(t.Context(), strings.Fields(args), full{}, &stderr)
			if code != exitFailed || stderr.String() != "devgen: no space left on device\n" {
				t.Errorf("exit %d, it says %s", code, stderr.String())
			}
		})
	}
}

// A line of stderr is one message, whatever a name holds.
func TestOneLineEach(t *testing.T) {
	t.Chdir(t.TempDir())
	const odd = "a\nb.cue"
	if err := os.WriteFile(odd, []byte(small+"nam: 1\n"), 0o666); err != nil {
		t.Skip(err) // Windows has no such names
	}
	for _, test := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"--spec", odd}, exitInvalid, `a\nb.cue:4:1: nam: unknown field "nam" (did you mean name?)` + "\n" + `devgen: a\nb.cue: 1 problem` + "\n"},
		{[]string{"--spec", "x\ny.cue"}, exitFailed, `devgen: x\ny.cue: no such file; begin it with devgen init, or name another one with --spec` + "\n"},
		{[]string{"--x\ny"}, exitUsage, `devgen: unknown flag: --x\ny` + "\n" + `run "devgen --help" for what there is` + "\n"},
		{[]string{"-C", "x\nrun \"devgen"}, exitUsage, `devgen: -C x\nrun "devgen: no such folder` + "\n"},
	} {
		if code, _, stderr := devgen(t.Context(), test.args...); code != test.code || stderr != test.stderr {
			t.Errorf("%q: exit %d, it says\n%s", test.args, code, stderr)
		}
	}
}

// A defect of devgen is told as any other failure: as one document, and as one annotation.
func TestDefect(t *testing.T) {
	for _, format := range []string{formatText, formatJSON, formatGitHub} {
		t.Run(format, func(t *testing.T) {
			o := &options{spec: "devcontainer.cue", format: choice{value: format}}
			c := addFormat(&cobra.Command{Use: "check", RunE: telling(o, func(*cobra.Command, options, *result) error { panic("broken\nin two") })}, o)
			var stdout, stderr bytes.Buffer
			c.SetOut(&stdout)
			c.SetErr(&stderr)
			var end *exit
			if err := c.RunE(c, nil); !errors.As(err, &end) || end.code != exitFailed {
				t.Fatal(err)
			}
			if !strings.Contains(stderr.String(), "execute_test.go") {
				t.Errorf("no way to find it: %s", stderr.String())
			}
			const want = "a defect of devgen, please report it with what stands on stderr: broken"
			switch format {
			case formatText:
				if end.Error() != want || stdout.String() != "" {
					t.Errorf("%q, %s", end, stdout.String())
				}
			case formatJSON:
				var d document
				if err := json.Unmarshal(stdout.Bytes(), &d); err != nil || d.ExitCode != exitFailed || fmt.Sprint(d.Errors) != "["+want+"]" {
					t.Errorf("%v: %s", err, stdout.String())
				}
			case formatGitHub:
				if stdout.String() != "::error title=devgen::"+want+"\n" {
					t.Error(stdout.String())
				}
			}
		})
	}
}
