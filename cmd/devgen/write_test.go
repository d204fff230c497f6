package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/devgen/devgen/generators"
)

// before and after are two specs between which every kind of change happens: files change, come, go and move.
const (
	before = small + `outputs: volumes: "stack/volumes.yml"
`
	after = small + `user: name: "dev"
volumes: npm: {target: "~/.npm", persistence: "cache"}
mounts: ssh: {source: "~/.ssh", target: "~/.ssh"}
outputs: {volumes: "volumes.yml", devcontainer: ".devcontainer.json"}
`
)

// A change is a tree in which devgen has everything to do.
type change struct {
	force bool
	old   map[string]string // before the run
	want  map[string]string // after it
}

const edit = "# Written by a person.\n"

// prepare makes the tree of a change in the working folder.
func prepare(t *testing.T, force bool) {
	t.Helper()
	write(t, "devcontainer.cue", before)
	write(t, ".gitattributes", "*.png binary\n")
	must(t)
	write(t, "devcontainer.cue", after)
	if runtime.GOOS != "windows" {
		// The script is wanted unchanged: only its mode is wrong.
		if err := os.Chmod(".devcontainer/scripts/init.sh", 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if force {
		write(t, ".devcontainer/docker-compose.yml", edit)
	}
}

func newChange(t *testing.T, force bool) change {
	t.Helper()
	t.Chdir(t.TempDir())
	prepare(t, force)
	c := change{force: force, old: tree(t)}
	must(t, c.args()...)
	c.want = tree(t)
	return c
}

func (c change) args() []string {
	if c.force {
		return []string{"--force"}
	}
	return nil
}

// oldOrNew holds a tree that a run was cut short in against the two that each file may be of.
func (c change) oldOrNew(t *testing.T, now map[string]string) {
	t.Helper()
	for name, text := range now {
		old, wasThere := c.old[name]
		want, isWanted := c.want[name]
		switch {
		case name == ".devcontainer/devgen.manifest" || temporary(name):
		case wasThere && strings.TrimPrefix(text, "x ") == strings.TrimPrefix(old, "x "):
		case isWanted && strings.TrimPrefix(text, "x ") == strings.TrimPrefix(want, "x "):
		default:
			t.Errorf("%s is neither old nor new: %q", name, text)
		}
	}
	for name := range c.old {
		_, isThere := now[name]
		_, isWanted := c.want[name]
		if !isThere && isWanted {
			t.Errorf("%s is gone", name)
		}
	}
	c.keeps(t, now)
}

// keeps holds that what a person wrote is somewhere.
func (c change) keeps(t *testing.T, now map[string]string) {
	t.Helper()
	for _, text := range now {
		if text == edit {
			return
		}
	}
	if c.force {
		t.Error("what a person wrote is lost")
	}
}

func temporary(name string) bool { return strings.HasPrefix(path.Base(name), temporaryPrefix) }

// heals runs devgen again and wants what an undisturbed run would have left; kept originals may be there more than once.
func (c change) heals(t *testing.T) {
	t.Helper()
	must(t, c.args()...)
	now := tree(t)
	c.keeps(t, now)
	maps.DeleteFunc(now, func(name, text string) bool {
		return temporary(name) || strings.Contains(name, ".orig") && text == edit
	})
	want := maps.Clone(c.want)
	maps.DeleteFunc(want, func(name, _ string) bool { return strings.Contains(name, ".orig") })
	if !maps.Equal(now, want) {
		for name := range want {
			if now[name] != want[name] {
				t.Errorf("%s was not completed: %q", name, now[name])
			}
		}
		for name := range now {
			if _, ok := want[name]; !ok {
				t.Errorf("%s is left over", name)
			}
		}
	}
	must(t, "check")
}

// A run that is interrupted before any of its replacements says so in one line, leaves each file old or new and nothing else,
// and the next run completes.
func TestInterrupted(t *testing.T) {
	for _, force := range []bool{false, true} {
		c := newChange(t, force)
		for n := 0; ; n++ {
			t.Chdir(t.TempDir())
			prepare(t, force)
			code, stdout, stderr := devgen(stopBefore(n), c.args()...)
			if code == exitOK {
				if n < 6 {
					t.Errorf("only %d places to stop at", n)
				}
				break
			}
			name := fmt.Sprintf("force %t, before replacement %d", force, n)
			t.Run(name, func(t *testing.T) {
				if code != exitFailed || stdout != "" {
					t.Errorf("exit %d, stdout %q", code, stdout)
				}
				if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "devgen: interrupted ") || !strings.Contains(stderr, "run devgen again") {
					t.Errorf("stderr %q", stderr)
				}
				now := tree(t)
				noneLeft(t)
				c.oldOrNew(t, now)
				c.heals(t)
			})
		}
	}
}

// What is interrupted before anything was replaced changed nothing: no copy of the user's file is left either, and no folder.
func TestInterruptedAtOnce(t *testing.T) {
	for n := range 2 { // before and after the user's file was kept
		t.Chdir(t.TempDir())
		prepare(t, true)
		write(t, "devcontainer.cue", strings.Replace(after, `"volumes.yml"`, `"new/deep/volumes.yml"`, 1))
		was, wereFolders := tree(t), folders(t)
		if code, _, _ := devgen(stopBefore(n), "--force"); code != exitFailed {
			t.Fatalf("exit %d", code)
		}
		now := tree(t)
		for name := range now {
			if _, ok := was[name]; !ok {
				t.Errorf("before replacement %d: %s was left", n, name)
			}
		}
		if areFolders := folders(t); !maps.Equal(now, was) || !slices.Equal(areFolders, wereFolders) {
			t.Errorf("before replacement %d: it changed; the folders are %v", n, areFolders)
		}
	}
}

// folders are those below the working folder.
func folders(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// SIGKILL before each replacement, in a process of its own: nothing is taken back then, and the next run still heals.
func TestKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	for _, force := range []bool{false, true} {
		c := newChange(t, force)
		for n := 0; ; n++ {
			t.Chdir(t.TempDir())
			prepare(t, force)
			cmd := process(t, fmt.Sprint("KILL ", n), c.args()...)
			if err := cmd.Run(); err == nil {
				break
			} else if cmd.ProcessState.ExitCode() != -1 {
				t.Fatal(err)
			}
			t.Run(fmt.Sprintf("force %t, before replacement %d", force, n), func(t *testing.T) {
				c.oldOrNew(t, tree(t))
				c.heals(t)
			})
		}
	}
}

// noneLeft wants no file in the making.
func noneLeft(t *testing.T) {
	t.Helper()
	for name := range tree(t) {
		if temporary(name) {
			t.Errorf("%s was left", name)
		}
	}
}

// The files that a killed run had in the making are not there for ever: the next run takes them away.
func TestKilledLitter(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	t.Chdir(t.TempDir())
	prepare(t, false)
	if err := process(t, "KILL 2").Run(); err == nil {
		t.Fatal("it was not killed")
	}
	must(t)
	noneLeft(t)
}

// Ctrl-C and the signal that a runner sends end with one clear line, and leave nothing behind.
func TestSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	c := newChange(t, false)
	for _, signal := range []string{"INT", "TERM"} {
		for _, n := range []int{0, 1, 3} {
			t.Run(fmt.Sprint(signal, " ", n), func(t *testing.T) {
				t.Chdir(t.TempDir())
				prepare(t, false)
				out, err := process(t, fmt.Sprint(signal, " ", n)).CombinedOutput()
				var exit *exec.ExitError
				if err == nil || !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
					t.Errorf("%v, want exit %d", err, exitFailed)
				}
				if text := string(out); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "devgen: interrupted before ") || !strings.HasSuffix(text, "; run devgen again to complete\n") {
					t.Errorf("it says %q", text)
				}
				now := tree(t)
				noneLeft(t)
				c.oldOrNew(t, now)
				c.heals(t)
			})
		}
	}
}

// Kept originals get the first free name, and no kept one is overwritten.
func TestKeep(t *testing.T) {
	t.Chdir(t.TempDir())
	root, err := os.OpenRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := &writer{root: root}
	for i, want := range []string{"f.orig", "f.orig.1", "f.orig.2"} {
		if name, err := w.keep("f.orig", []byte{byte('0' + i)}, 0o600); err != nil || name != want {
			t.Errorf("kept in %s (%v), want %s", name, err, want)
		}
	}
	if now := tree(t); !maps.Equal(now, map[string]string{"f.orig": "0", "f.orig.1": "1", "f.orig.2": "2"}) {
		t.Errorf("%v", now)
	}
}

// What cannot be put back is not: an edit stays, and so does what has got no second name.
func TestPutBack(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "f", "old\n")
	root, err := os.OpenRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, test := range []struct {
		name, meanwhile string
		lost, want      bool
	}{
		{"as devgen left it", "new\n", false, true},
		{"edited meanwhile", edit, false, false},
		{"without links", "new\n", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(t, "f", "old\n")
			w := &writer{root: root}
			s, err := w.stage(&generators.File{Path: "f", Data: []byte("new\n")})
			if err != nil {
				t.Fatal(err)
			}
			s.known = append(s.known, []byte("old\n"))
			if err := w.replace(func() bool { return false }, s); err != nil {
				t.Fatal(err)
			}
			w.changes[0].lost = test.lost
			write(t, "f", test.meanwhile)
			if got := w.putBack(); got != test.want {
				t.Errorf("put back: %t", got)
			}
			w.cleanUp(true)
			want := map[string]string{"f": test.meanwhile}
			if test.want {
				want["f"] = "old\n"
			}
			if now := tree(t); !maps.Equal(now, want) {
				t.Errorf("%v, want %v", now, want)
			}
		})
	}
}

// A temporary file never goes through something that stands at its name already.
func TestStageTaken(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	write(t, "victim", "mine\n")
	if err := os.MkdirAll(".devcontainer", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../victim", fmt.Sprintf(".devcontainer/%s%d-0-docker-compose.yml", temporaryPrefix, os.Getpid())); err != nil {
		t.Fatal(err)
	}
	devgen(t.Context())
	if data, err := os.ReadFile("victim"); err != nil || string(data) != "mine\n" {
		t.Errorf("victim is %q (%v)", data, err)
	}
}

// A run that is killed between two files, and then the spec changes again: every file is still known for devgen's own.
func TestKilledAndEdited(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	for n := 1; n < 6; n++ {
		t.Chdir(t.TempDir())
		prepare(t, false)
		if err := process(t, fmt.Sprint("KILL ", n)).Run(); err == nil {
			t.Fatalf("it was not killed before replacement %d", n)
		}
		write(t, "devcontainer.cue", strings.Replace(after, `name: "dev"`, `name: "third"`, 1))
		if code, _, stderr := devgen(t.Context()); code != exitOK {
			t.Errorf("killed before replacement %d: exit %d, %s", n, code, stderr)
		}
		must(t, "check")
	}
}

// Without a lock, what another run that is still alive has staged is its own. With one all that is there was left, also
// under the number of a process that lives: in a container they repeat.
func TestSweepLeavesTheLiving(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	living := fmt.Sprintf(".devcontainer/%s%d-0-docker-compose.yml", temporaryPrefix, os.Getppid())
	write(t, living, "half\n")
	surveyed(t).sweep(false)
	if _, err := os.Stat(living); err != nil {
		t.Error(err)
	}
	locked(t).Unlock() // or it skips
	must(t)
	noneLeft(t)
}

// No run is at work under this process's own number before this run begins, lock or not.
func TestSweepOwnNumber(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	write(t, fmt.Sprintf(".devcontainer/%s%d-0-docker-compose.yml", temporaryPrefix, os.Getpid()), "half\n")
	surveyed(t).sweep(false)
	noneLeft(t)
}

// A mode is set for those who may read: a private script stays private.
func TestModeStaysPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no executable bit")
	}
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	must(t)
	if err := os.Chmod(".devcontainer/scripts/init.sh", 0o600); err != nil {
		t.Fatal(err)
	}
	must(t)
	info, err := os.Stat(".devcontainer/scripts/init.sh")
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v (%v), want -rwx------", info.Mode(), err)
	}
}

// surveyed is the tree of the working folder before a run.
func surveyed(t *testing.T) *survey {
	t.Helper()
	s, err := look(standing, &result{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.root.Close() })
	return s
}

// standing are the options of a run without any.
var standing = options{spec: "devcontainer.cue"}

// Nobody's edit is lost, not even one that is made while devgen runs.
func TestEditedMeanwhile(t *testing.T) {
	for _, name := range []string{".devcontainer/docker-compose.yml", "stack/volumes.yml", ".devcontainer/devgen.manifest"} { // stale, orphaned, the manifest
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			prepare(t, false)
			s := surveyed(t)
			write(t, name, edit)
			err := s.apply(func() bool { return false }, manifestHeader(standing))
			if err == nil || !strings.Contains(err.Error(), name+": was changed while devgen ran") {
				t.Errorf("apply: %v", err)
			}
			if got := tree(t)[name]; !strings.HasSuffix(got, edit) {
				t.Errorf("%s is %q", name, got)
			}
			noneLeft(t)
		})
	}
}

// The next run sweeps even if it has nothing to write.
func TestSweepOfAFreshTree(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	t.Chdir(t.TempDir())
	prepare(t, false)
	write(t, "devcontainer.cue", before)
	must(t)
	write(t, "devcontainer.cue", after)
	if err := process(t, "KILL 1").Run(); err == nil {
		t.Fatal("it was not killed")
	}
	write(t, "devcontainer.cue", before)
	must(t)
	must(t)
	noneLeft(t)
}
