package main

import (
	"bufio"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/devgen/devgen/generators"
	"github.com/gofrs/flock"
)

// Several devgen at once: every one of them succeeds, and the tree is what one of them would have left.
func TestTwoAtOnce(t *testing.T) {
	c := newChange(t, false)
	for round := range 5 {
		t.Chdir(t.TempDir())
		prepare(t, false)
		var wait sync.WaitGroup
		for range 4 {
			cmd := process(t, "-")
			wait.Go(func() {
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("round %d: %v\n%s", round, err, out)
				}
			})
		}
		wait.Wait()
		if now := tree(t); !maps.Equal(now, c.want) {
			t.Errorf("round %d: the tree is not what one run leaves", round)
		}
	}
}

// Where there is no lock, as between two machines, the one that comes second finds what it is about to write and is
// content; with another spec it says what happened, and the next run completes.
func TestTwoWithoutLock(t *testing.T) {
	never := func() bool { return false }
	c := newChange(t, false)
	t.Chdir(t.TempDir())
	prepare(t, false)
	first, second := surveyed(t), surveyed(t)
	for _, s := range []*survey{first, second} {
		if err := s.apply(never, manifestHeader(standing)); err != nil {
			t.Error(err)
		}
	}
	if now := tree(t); !maps.Equal(now, c.want) {
		t.Error("the tree is not what one run leaves")
	}

	// The second comes while the first is between its two manifests.
	t.Chdir(t.TempDir())
	prepare(t, false)
	first, second = surveyed(t), surveyed(t)
	asked := 0
	if err := first.apply(func() bool { asked++; return asked > 3 }, manifestHeader(standing)); err == nil {
		t.Error("the first was not stopped")
	}
	if err := second.apply(never, manifestHeader(standing)); err != nil {
		t.Error(err)
	}
	if now := tree(t); !maps.Equal(now, c.want) {
		t.Error("the tree is not what one run leaves")
	}

	t.Chdir(t.TempDir())
	prepare(t, false)
	first = surveyed(t)
	write(t, "devcontainer.cue", strings.Replace(after, `name: "dev"`, `name: "third"`, 1))
	second = surveyed(t)
	if err := second.apply(never, manifestHeader(standing)); err != nil {
		t.Error(err)
	}
	was := tree(t)
	err := first.apply(never, manifestHeader(standing))
	if err == nil || !strings.HasSuffix(err.Error(), ": was changed while devgen ran; run devgen again to complete") {
		t.Errorf("apply: %v", err)
	}
	if now := tree(t); !maps.Equal(now, was) {
		t.Error("the first changed what the second had written")
	}
	must(t, "check")
}

// locked holds the lock of the working folder as another devgen would.
func locked(t *testing.T) *flock.Flock {
	t.Helper()
	l := flock.New(".", flock.SetFlag(os.O_RDONLY))
	if ok, err := l.TryLock(); !ok {
		t.Skipf("a folder cannot be locked here: %v", err)
	}
	t.Cleanup(func() { l.Unlock() })
	return l
}

// waiting is a devgen that has said that it waits; said is what it says from there on.
func waiting(t *testing.T, args ...string) (cmd *exec.Cmd, said io.Reader) {
	t.Helper()
	cmd = process(t, "-", args...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(pipe)
	if line, err := r.ReadString('\n'); line != "devgen: waiting for another devgen that writes here\n" {
		t.Fatalf("it says %q (%v)", line, err)
	}
	return cmd, r
}

// A devgen that another one keeps waiting says so, and goes on when it can. Whoever only looks does not wait.
func TestWaits(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	l := locked(t)
	for _, args := range [][]string{{"check"}, {"diff"}, {"--dry-run"}} {
		if code, _, _ := devgen(t.Context(), args...); code != exitDrift {
			t.Errorf("%v: exit %d", args, code)
		}
	}
	must(t, "validate")
	cmd, said := waiting(t)
	if now := tree(t); len(now) != 1 {
		t.Errorf("it wrote %v", slices.Sorted(maps.Keys(now)))
	}
	l.Unlock()
	rest, _ := io.ReadAll(said)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, rest)
	}
	must(t, "check")
}

// init waits as every command that writes.
func TestInitWaits(t *testing.T) {
	inShop(t)
	l := locked(t)
	cmd, said := waiting(t, "init")
	l.Unlock()
	rest, _ := io.ReadAll(said)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, rest)
	}
	must(t)
}

// Ctrl-C ends the waiting.
func TestWaitsInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	locked(t)
	cmd, said := waiting(t)
	cmd.Process.Signal(os.Interrupt)
	rest, _ := io.ReadAll(said)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || string(rest) != "devgen: interrupted\n" {
		t.Errorf("exit %d, it says %q", code, rest)
	}
	if now := tree(t); len(now) != 1 {
		t.Errorf("it wrote %v", slices.Sorted(maps.Keys(now)))
	}
}

// Who looks while another devgen writes sees the old tree, the new one or something between; never an edit by hand, and
// never a failure.
func TestLookMeanwhile(t *testing.T) {
	t.Chdir(t.TempDir())
	var wanted [2][]generators.File
	for i, text := range []string{before, after} {
		write(t, "devcontainer.cue", text)
		var err error
		if wanted[i], err = compile(standing, &result{}); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	header := manifestHeader(standing)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			s, err := take(root, wanted[n%2], header)
			if err == nil {
				err = s.apply(func() bool { return false }, header)
			}
			if err != nil {
				t.Errorf("generate: %v", err)
				return
			}
		}
	}()
	tally := map[state]int{}
	for n := range 2000 {
		s, err := take(root, wanted[n%2], header)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, f := range s.changed() {
			tally[f.state]++
			if f.state.refused() {
				t.Errorf("%s: %s", f.path, f.state)
			}
		}
	}
	close(stop)
	<-stopped
	t.Logf("states in 2000 looks: %v", tally)
}
