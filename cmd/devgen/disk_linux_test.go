package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// disk is a small file system of its own in the working folder, as root; otherwise the test is skipped. options are
// those of tmpfs(5).
func disk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("devgen-test", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("cannot mount a file system: %v", err)
	}
	t.Chdir(dir)
	t.Cleanup(func() {
		os.Chdir("/")
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves about free bytes of the disk.
func fill(t *testing.T, free int64) {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(".", &s); err != nil {
		t.Fatal(err)
	}
	if n := int64(s.Bavail)*s.Bsize - free; n > 0 {
		if err := os.WriteFile("filler", make([]byte, n), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// The disk is full, at every page on which it can become so: the run says so, every file is as it was, none is half written
// and none is left; with room again the next run completes.
func TestFullDisk(t *testing.T) {
	for _, force := range []bool{false, true} {
		c := newChange(t, force)
		done := false
		for pages := int64(0); !done && pages < 200; pages++ {
			t.Run("", func(t *testing.T) {
				disk(t, "size=1m")
				prepare(t, force)
				fill(t, pages*int64(os.Getpagesize()))
				code, _, stderr := devgen(t.Context(), c.args()...)
				os.Remove("filler")
				if code == exitOK {
					done = true
					return
				}
				if code != exitFailed || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "devgen: ") || !strings.Contains(stderr, "no space left on device; nothing was changed") {
					t.Errorf("%d pages: exit %d, %q", pages, code, stderr)
				}
				if now := tree(t); !maps.Equal(now, c.old) {
					for name, text := range now {
						if old, ok := c.old[name]; !ok {
							t.Errorf("%d pages: %s was left with %d bytes", pages, name, len(text))
						} else if old != text {
							t.Errorf("%d pages: %s was changed", pages, name)
						}
					}
				}
				c.heals(t)
			})
			if t.Failed() && testing.Short() {
				return
			}
		}
	}
}

// There is room, but not for one more file: it ends as on a full disk.
func TestNoInodes(t *testing.T) {
	c := newChange(t, true)
	for free := 0; free < 100; free++ {
		disk(t, "size=1m,nr_inodes=100")
		prepare(t, true)
		var s syscall.Statfs_t
		if err := syscall.Statfs(".", &s); err != nil {
			t.Fatal(err)
		}
		for n := range int(s.Ffree) - free - 1 { // the folder is one too
			write(t, fmt.Sprint("fillers/", n), "")
		}
		code, _, stderr := devgen(t.Context(), "--force")
		if err := os.RemoveAll("fillers"); err != nil {
			t.Fatal(err)
		}
		if code == exitOK {
			return
		}
		if code != exitFailed || !strings.Contains(stderr, "no space left on device; nothing was changed") || !maps.Equal(tree(t), c.old) {
			t.Errorf("%d files left: exit %d, %q", free, code, stderr)
		}
		c.heals(t)
	}
	t.Error("it never had room")
}

// One folder of the outputs cannot be written: nothing is changed, in the others neither.
func TestReadOnlyFolder(t *testing.T) {
	for _, dir := range []string{".devcontainer", ".devcontainer/scripts/lib", "stack"} {
		t.Run(dir, func(t *testing.T) {
			t.Chdir(t.TempDir())
			prepare(t, true)
			was := tree(t)
			readOnly(t, dir)
			code, stdout, stderr := devgen(t.Context(), "--force")
			if code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, ": read-only file system; nothing was changed\n") {
				t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if now := tree(t); !maps.Equal(now, was) {
				t.Error("the tree changed")
			}
		})
	}
}

// A tree that cannot be written: what need not be written is no reason to complain, and the rest is one clear line.
func TestReadOnly(t *testing.T) {
	dir := disk(t, "size=1m")
	write(t, "devcontainer.cue", small)
	must(t)
	write(t, "elsewhere/devcontainer.cue", small+"user: name: \"dev\"\n")
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	was := tree(t)
	must(t)
	must(t, "check")
	if code, _, _ := devgen(t.Context(), "diff", "--spec", "elsewhere/devcontainer.cue"); code != exitDrift {
		t.Errorf("diff: exit %d", code)
	}
	code, stdout, stderr := devgen(t.Context(), "--spec", "elsewhere/devcontainer.cue")
	if code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, ": read-only file system; nothing was changed\n") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if now := tree(t); !maps.Equal(now, was) {
		t.Error("the tree changed")
	}
	if left, _ := filepath.Glob(".devcontainer/" + temporaryPrefix + "*"); left != nil {
		t.Errorf("%v", left)
	}
}

// An orphan that cannot be removed is found out before anything is changed.
func TestOrphanThatStays(t *testing.T) {
	t.Chdir(t.TempDir())
	prepare(t, false)
	was := tree(t)
	s := surveyed(t)
	readOnly(t, "stack")
	err := s.apply(func() bool { return false }, manifestHeader(standing))
	if err == nil || err.Error() != "stack/volumes.yml: read-only file system; nothing was changed" {
		t.Errorf("apply: %v", err)
	}
	if now := tree(t); !maps.Equal(now, was) {
		t.Error("the tree changed")
	}
}

// A file that cannot be replaced or removed, though its folder can be written, shows late: what was changed until then is put
// back, and the next run does it all.
func TestStuck(t *testing.T) {
	for _, name := range []string{".devcontainer/devgen.manifest", ".devcontainer/docker-compose.yml", ".gitattributes", "stack/volumes.yml", ".devcontainer/devcontainer.json"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			prepare(t, true)
			was := tree(t)
			if err := syscall.Mount(name, name, "", syscall.MS_BIND, ""); err != nil {
				t.Skipf("cannot mount a file: %v", err)
			}
			code, stdout, stderr := devgen(t.Context(), "--force")
			if err := syscall.Unmount(name, syscall.MNT_DETACH); err != nil {
				t.Fatal(err)
			}
			if want := "devgen: " + name + ": device or resource busy; nothing was changed\n"; code != exitFailed || stdout != "" || stderr != want {
				t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if now := tree(t); !maps.Equal(now, was) {
				t.Error("the tree changed")
			}
			noneLeft(t)
			must(t, "--force")
			must(t, "check")
		})
	}
}

// readOnly makes one folder read-only, for root too.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("cannot mount a folder: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
}
