package main

import (
	"encoding/binary"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/generators/plan"
)

// kills is how many runs TestCrash kills.
const kills = 240

// A crash is a run that is killed, and what happens until the next one.
type crash struct {
	change
	final map[string]map[string]string // by spec, the tree that an undisturbed run leaves
}

// SIGKILL at any moment, from the first file that is made to the end: every file is the old or the new one, and the next run
// completes, also if the spec was edited meanwhile. If a person edited a file meanwhile, it refuses that one and no
// other, and --force keeps it.
func TestCrash(t *testing.T) {
	third := strings.Replace(after, `name: "dev"`, `name: "third"`, 1)
	crashes := []crash{{change: newFirst(t)}, {change: newChange(t, false)}, {change: newChange(t, true)}}
	for i := range crashes {
		crashes[i].rehearse(t, "", third)
	}
	steps := 40 // of the writing, as far as a kill can still hit it; every kill tells more
	during, replacing, late, edits, lost := 0, 0, 0, 0, 0
	for i := range kills {
		c := crashes[i%len(crashes)]
		t.Chdir(inMemory(t))
		restore(t, c.old)
		step := i*7%steps + 1
		c.kill(t, step)
		now := tree(t)
		c.oldOrNew(t, now)
		switch {
		case maps.Equal(now, c.want):
			late++
			steps = max(steps-1, 10)
		case !maps.Equal(now, c.old):
			during++
			steps++
		}
		if m := now[plan.ManifestPath]; m != c.old[plan.ManifestPath] && m != c.want[plan.ManifestPath] {
			replacing++
		}
		spec, edited := "", ""
		if i/3%2 == 1 {
			spec = third
			write(t, "devcontainer.cue", spec)
		}
		if i/6%2 == 1 {
			edited = editOne(t, now, i)
		}
		if edited != "" {
			edits++
		}
		c.rerun(t, edited)
		after := tree(t)
		c.keeps(t, after)
		if edited != "" && !slices.Contains(slices.Collect(maps.Values(after)), edited) {
			lost++
		}
		c.isFinal(t, after, spec)
		if t.Failed() {
			t.Fatalf("kill %d, at step %d", i, step)
		}
	}
	if lost > 0 || during < kills/4 {
		t.Errorf("%d edits lost, and only %d of %d kills hit", lost, during, kills)
	}
	t.Logf("%d kill runs: %d between the first write and the last (%d of them between the two manifests), %d after it; %d edits by hand, %d lost",
		kills, during, replacing, late, edits, lost)
}

// newFirst is the change that the first run of all makes.
func newFirst(t *testing.T) change {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", before)
	write(t, ".gitattributes", "*.png binary\n")
	c := change{old: tree(t)}
	must(t)
	c.want = tree(t)
	return c
}

// rehearse finds what an undisturbed run leaves of each spec; "" is the change's own.
func (c *crash) rehearse(t *testing.T, specs ...string) {
	t.Helper()
	c.final = map[string]map[string]string{}
	for _, spec := range specs {
		t.Chdir(t.TempDir())
		restore(t, c.old)
		if spec != "" {
			write(t, "devcontainer.cue", spec)
		}
		must(t, c.args()...)
		c.final[spec] = withoutOriginals(tree(t))
	}
}

func withoutOriginals(files map[string]string) map[string]string {
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.Contains(path.Base(name), ".orig") })
	return files
}

// kill ends a run at the n-th time that it makes, writes, closes, renames or removes a file. It comes some steps late, for
// the run does not wait for it.
func (c crash) kill(t *testing.T, n int) {
	t.Helper()
	events := watch(t)
	cmd := process(t, "-", c.args()...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		events.Close()
	}()
	buffer := make([]byte, 64<<10)
	for seen := 0; seen < n; {
		size, err := events.Read(buffer)
		if err != nil {
			break // it has ended
		}
		for at := 0; at < size; seen++ { // struct inotify_event, inotify(7): the last 4 bytes are the length of the name behind it
			at += syscall.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(buffer[at+12:]))
		}
	}
	cmd.Process.Kill()
	<-ended
}

// watch tells of every change in the folders of the outputs.
func watch(t *testing.T) *os.File {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		t.Skip(err)
	}
	for _, dir := range []string{".", ".devcontainer", ".devcontainer/scripts", ".devcontainer/scripts/lib", "stack"} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		const steps = syscall.IN_CREATE | syscall.IN_MODIFY | syscall.IN_CLOSE_WRITE | syscall.IN_MOVED_TO | syscall.IN_DELETE
		if _, err := syscall.InotifyAddWatch(fd, dir, steps); err != nil {
			t.Fatal(err)
		}
	}
	return os.NewFile(uintptr(fd), "inotify")
}

// editOne changes one of the files that are there as a person would, and returns its content.
func editOne(t *testing.T, now map[string]string, n int) string {
	t.Helper()
	names := []string{".devcontainer/docker-compose.yml", ".gitattributes", ".devcontainer/scripts/lib/facts.sh", "stack/volumes.yml", ".devcontainer/scripts/init.sh"}
	names = slices.DeleteFunc(names, func(name string) bool {
		return !generators.IsGenerated([]byte(strings.TrimPrefix(now[name], "x "))) && !strings.Contains(now[name], generators.SectionEnd)
	})
	if len(names) == 0 {
		return ""
	}
	name := names[n%len(names)]
	text := now[name] + "# mine\n"
	if strings.Contains(text, generators.SectionEnd) {
		text = strings.Replace(now[name], generators.SectionEnd, "# mine\n"+generators.SectionEnd, 1)
	}
	restore(t, map[string]string{name: text})
	return text
}

// rerun completes what was killed. It refuses what a person has edited, and that only.
func (c crash) rerun(t *testing.T, edited string) {
	t.Helper()
	if edited == "" || c.force {
		must(t, c.args()...)
		return
	}
	code, _, stderr := devgen(t.Context())
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	if code != exitDrift || len(lines) != 2 || !strings.Contains(lines[0], "edited by hand; ") || lines[1] != "devgen: nothing was written" {
		t.Errorf("exit %d, it says %s", code, stderr)
	}
	if !slices.Contains(slices.Collect(maps.Values(tree(t))), edited) {
		t.Error("an edit was lost without --force")
	}
	must(t, "--force")
}

// isFinal wants what an undisturbed run leaves, and nothing in the making.
func (c crash) isFinal(t *testing.T, now map[string]string, spec string) {
	t.Helper()
	now, want := withoutOriginals(now), c.final[spec]
	for name := range now {
		if now[name] != want[name] {
			t.Errorf("%s should not be, or should be %q", name, want[name])
		}
	}
	for name := range want {
		if _, ok := now[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}
