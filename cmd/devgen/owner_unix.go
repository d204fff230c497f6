//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// chown gives a file the owner that info tells of, if this user may.
func chown(root *os.Root, name string, info fs.FileInfo) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		root.Lchown(name, int(s.Uid), int(s.Gid))
	}
}
