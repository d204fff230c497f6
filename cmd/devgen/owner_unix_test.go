//go:build unix

package main

import (
	"os"
	"syscall"
	"testing"
)

// What root rewrites of the user's stays the user's.
func TestOwnerStays(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root writes for others")
	}
	const user, group = 1234, 5678
	t.Chdir(t.TempDir())
	write(t, "devcontainer.cue", small)
	write(t, ".gitattributes", "*.png binary\n")
	if err := os.Chmod(".gitattributes", 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(".gitattributes", user, group); err != nil {
		t.Fatal(err)
	}
	must(t)
	info, err := os.Stat(".gitattributes")
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != user || s.Gid != group || info.Mode().Perm() != 0o640 {
		t.Errorf("it is %d:%d, %v", s.Uid, s.Gid, info.Mode())
	}
}
