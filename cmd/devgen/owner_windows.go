package main

import (
	"io/fs"
	"os"
)

// chown does nothing: there a new file has the owner of its folder's choice.
func chown(*os.Root, string, fs.FileInfo) {}
