package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// symlink makes a folder and a link to it.
func symlink(t *testing.T, folder, name string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder, name); err != nil {
		t.Fatal(err)
	}
}

func isLink(t *testing.T, name string) {
	t.Helper()
	if info, err := os.Lstat(name); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link %s is gone (%v)", name, err)
	}
}

// A link of the user's to a folder stays when devgen's last file goes from there.
func TestLinkStays(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small+`outputs: compose: "x/c.yml"`)
	symlink(t, "real", "x")
	write(t, "real/mine", "mine\n")
	must(t)
	write(t, "devcontainer.cue", small+`outputs: compose: "c.yml"`)
	must(t)
	isLink(t, "x")
	if _, err := os.Stat("real/c.yml"); err == nil {
		t.Error("the orphan is still there")
	}
}

// What a killed run left behind a link goes, the link stays.
func TestLinkStaysWhenSwept(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	symlink(t, "real", ".devcontainer")
	write(t, fmt.Sprintf("real/%s%d-0-x.yml", temporaryPrefix, deadProcess(t)), "half\n")
	must(t)
	isLink(t, ".devcontainer")
	noneLeft(t)
}

// deadProcess is the id of a process that is no more.
func deadProcess(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// A folder that was moved, with a link in its old place: the file there is the output, not an orphan.
func TestMovedFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small+`outputs: compose: "x/c.yml"`)
	must(t)
	if err := os.Rename("x", "y"); err != nil {
		t.Fatal(err)
	}
	symlink(t, "y", "x")
	for _, spec := range []string{small, small + "services: db: image: \"postgres\"\n"} { // fresh; stale
		write(t, "devcontainer.cue", spec+`outputs: compose: "y/c.yml"`)
		must(t)
		isLink(t, "x")
		if _, err := os.Stat(filepath.Join("y", "c.yml")); err != nil {
			t.Error(err)
		}
		must(t, "check")
	}
}
