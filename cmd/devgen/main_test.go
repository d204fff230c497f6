package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets a test run the command in a process of its own: DEVGEN_TEST_RUN makes this binary devgen. Its value is
// the signal that it sends to itself, and before which replacement of a file: "KILL 3"; "-" is none.
func TestMain(m *testing.M) {
	debug.SetGCPercent(250)       // as main does
	os.Unsetenv("GITHUB_ACTIONS") // the format would follow it
	how := os.Getenv("DEVGEN_TEST_RUN")
	switch how {
	case "":
		os.Exit(m.Run())
	case "-":
		main()
	}
	name, number, _ := strings.Cut(how, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		panic(err)
	}
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	hit := func() {
		self, _ := os.FindProcess(os.Getpid())
		self.Signal(map[string]os.Signal{"KILL": os.Kill, "INT": os.Interrupt, "TERM": syscall.SIGTERM}[name])
		<-ctx.Done() // never, of KILL
	}
	os.Exit(run(&stopping{ctx, n, hit}, os.Args[1:], os.Stdout, os.Stderr))
}

// stopping is a context that calls hit when it is asked for the n-th time, from 0, whether it was cancelled. apply asks
// before each replacement.
type stopping struct {
	context.Context
	n   int
	hit func()
}

func (s *stopping) Err() error {
	if s.n == 0 {
		s.hit()
	}
	s.n--
	return s.Context.Err()
}

// stopBefore is cancelled when it is asked for the n-th time.
func stopBefore(n int) *stopping {
	ctx, cancel := context.WithCancel(context.Background())
	return &stopping{ctx, n, cancel}
}

// devgen runs the command in the working folder.
func devgen(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(ctx, args, &out, &err)
	return code, out.String(), err.String()
}

// must runs the command and wants exit code 0.
func must(t *testing.T, args ...string) {
	t.Helper()
	if code, stdout, stderr := devgen(t.Context(), args...); code != 0 {
		t.Fatalf("devgen %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
}

// process is the command in a process of its own.
func process(t *testing.T, how string, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "DEVGEN_TEST_RUN="+how)
	return cmd
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
}

// tree is every file below the working folder, with "x " before the content of an executable one.
func tree(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			files[filepath.ToSlash(name)] = d.Type().String()
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := string(data)
		if info.Mode()&0o100 != 0 {
			text = "x " + text
		}
		files[filepath.ToSlash(name)] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// inMemory is a folder in memory, where there is one: hundreds of runs would mostly wait for the disk.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "devgen-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// restore makes a tree of what tree has read.
func restore(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		text, executable := strings.CutPrefix(text, "x ")
		write(t, name, text)
		if executable {
			if err := os.Chmod(name, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
}

const small = `name: "app"
image: base: "debian:12"
platforms: "linux/amd64": {}
`

func TestExitCodes(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		args  string
		code  int
	}{
		{"generate", map[string]string{"devcontainer.cue": small}, "", exitOK},
		{"validate", map[string]string{"devcontainer.cue": small}, "validate", exitOK},
		{"version", nil, "version", exitOK},
		{"help", nil, "--help", exitOK},
		{"check before the first run", map[string]string{"devcontainer.cue": small}, "check", exitDrift},
		{"diff before the first run", map[string]string{"devcontainer.cue": small}, "diff", exitDrift},
		{"dry run before the first run", map[string]string{"devcontainer.cue": small}, "--dry-run", exitDrift},
		{"a foreign file", map[string]string{"devcontainer.cue": small, ".devcontainer/docker-compose.yml": "x"}, "", exitDrift},
		{"a foreign file by force", map[string]string{"devcontainer.cue": small, ".devcontainer/docker-compose.yml": "x"}, "--force", exitOK},
		{"a damaged manifest", map[string]string{"devcontainer.cue": small, ".devcontainer/devgen.manifest": "x"}, "", exitDrift},
		{"an unknown command", nil, "chekc", exitUsage},
		{"an unknown flag", nil, "--forc", exitUsage},
		{"an argument", map[string]string{"devcontainer.cue": small}, "check x", exitUsage},
		{"no such folder", nil, "-C nowhere", exitUsage},
		{"a folder for a spec", nil, "--spec .", exitUsage},
		{"a spec of another kind", map[string]string{"spec.txt": ""}, "--spec spec.txt", exitUsage},
		{"a mistake", map[string]string{"devcontainer.cue": small + "nam: 1\n"}, "", exitInvalid},
		{"an empty spec", map[string]string{"devcontainer.cue": ""}, "", exitInvalid},
		{"a broken spec", map[string]string{"devcontainer.cue": "{"}, "", exitInvalid},
		{"no spec", nil, "", exitFailed},
		{"a folder in the way", map[string]string{"devcontainer.cue": small, ".devcontainer/docker-compose.yml/x": ""}, "", exitFailed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name, data := range test.files {
				write(t, name, data)
			}
			code, stdout, stderr := devgen(t.Context(), strings.Fields(test.args)...)
			if code != test.code {
				t.Errorf("exit %d, want %d\n%s%s", code, test.code, stdout, stderr)
			}
			if code != exitOK && stdout == "" && stderr == "" {
				t.Error("it says nothing")
			}
		})
	}
}
