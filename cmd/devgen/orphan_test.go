package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// What the user has put in the place of a file that is no output any more is the user's: every command leaves it alone.
func TestOldPathReused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	elsewhere := t.TempDir()
	for _, test := range []struct {
		name, at string
		put      func(at string) error
	}{
		{"a link", "stack/volumes.yml", func(at string) error { return os.Symlink("../devcontainer.cue", at) }},
		{"a link to nothing", "stack/volumes.yml", func(at string) error { return os.Symlink("nothing", at) }},
		{"a folder", "stack/volumes.yml", func(at string) error { return os.Mkdir(at, 0o777) }},
		{"a file for the folder", "stack", func(at string) error { return os.WriteFile(at, nil, 0o666) }},
		{"a link out of the root for the folder", "stack", func(at string) error { return os.Symlink(elsewhere, at) }},
		{"a link to itself for the folder", "stack", func(at string) error { return os.Symlink("stack", at) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			prepare(t, false)
			if err := os.RemoveAll(test.at); err != nil {
				t.Fatal(err)
			}
			if err := test.put(test.at); err != nil {
				t.Fatal(err)
			}
			was, err := os.Lstat(test.at)
			if err != nil {
				t.Fatal(err)
			}
			if code, _, stderr := devgen(t.Context(), "check"); code != exitDrift {
				t.Errorf("check: exit %d, %s", code, stderr)
			}
			must(t)
			must(t, "check")
			if now, err := os.Lstat(test.at); err != nil || !os.SameFile(was, now) {
				t.Errorf("it was touched (%v)", err)
			}
		})
	}
}

// Wherever a run with --force is cut short, what a person wrote needs --force again.
func TestForceInterrupted(t *testing.T) {
	mine := map[string]func(string) string{
		".devcontainer/docker-compose.yml": func(string) string { return edit },
		"stack/volumes.yml":                func(text string) string { return text + edit },
		".gitattributes":                   func(text string) string { return strings.Replace(text, "# END", edit+"# END", 1) },
	}
	for name, change := range mine {
		for n := 0; ; n++ {
			t.Chdir(t.TempDir())
			prepare(t, false)
			text := change(tree(t)[name])
			write(t, name, text)
			if code, _, _ := devgen(stopBefore(n), "--force"); code == exitOK {
				break
			}
			t.Run(fmt.Sprintf("%s, before replacement %d", name, n), func(t *testing.T) {
				if tree(t)[name] != text {
					return // that far it came
				}
				code, _, stderr := devgen(t.Context())
				if code != exitDrift || !strings.Contains(stderr, name+": ") {
					t.Errorf("exit %d, %s", code, stderr)
				}
				if got := tree(t)[name]; got != text {
					t.Errorf("%s is %q", name, got)
				}
			})
		}
	}
}
