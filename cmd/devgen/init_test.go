package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/schema"
)

func TestNameOf(t *testing.T) {
	for text, want := range map[string]string{
		"shop":                         "shop",
		"My Shop":                      "my-shop",
		"my_shop.web-2":                "my_shop.web-2",
		"-.shop._":                     "shop",
		"a._b--c":                      "a-b-c",
		"$(id)\n\"x\"":                 "id-x",
		"Größe":                        "gr-e",
		"магазин":                      "other",
		"..":                           "other",
		"/":                            "other",
		"":                             "other",
		strings.Repeat("a", 99):        strings.Repeat("a", 63),
		strings.Repeat("a", 62) + "-b": strings.Repeat("a", 62),
	} {
		got := nameOf(text, "other")
		if got != want {
			t.Errorf("nameOf(%q) = %q, want %q", text, got, want)
		}
		if image := "owner/" + got + "-devcontainer"; !schema.Fits("#Name", got) || !schema.Fits("#Repository", image) {
			t.Errorf("nameOf(%q) = %q, which is no name, or makes no image", text, got)
		}
	}
}

func TestGitHubURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://github.com/acme/shop":               "acme/shop",
		"https://github.com/acme/shop.git":           "acme/shop",
		"https://user:token@github.com/acme/shop/":   "acme/shop",
		"git@github.com:acme/shop.git":               "acme/shop",
		"github.com:acme/shop.web.git":               "acme/shop.web",
		"git@github.com:123/456":                     "123/456",
		"ssh://git@github.com/acme/shop.git":         "acme/shop",
		"ssh://git@ssh.github.com:443/acme/shop.git": "acme/shop",
		"git://github.com/acme/shop":                 "acme/shop",
		"https://gitlab.com/acme/shop":               "",
		"https://notgithub.com/acme/shop":            "",
		"https://github.com.example.org/acme/shop":   "",
		"https://github.com@example.org/acme/shop":   "",
		"https://example.org/github.com/acme/shop":   "",
		"https://example.org/github.com:acme/shop":   "",
		"https://github.com/acme":                    "",
		"https://github.com/acme/shop/tree/main":     "",
		"/srv/git/github.com/acme/shop":              "",
		"":                                           "",
	} {
		got := ""
		if m := gitHubURL.FindStringSubmatch(url); m != nil {
			got = m[1] + "/" + m[2]
		}
		if got != want {
			t.Errorf("%s is %q, want %q", url, got, want)
		}
	}
}

// begun is the tree that init makes in an empty folder called shop.
func begun(t *testing.T) map[string]string {
	t.Helper()
	inShop(t)
	must(t, "init")
	return tree(t)
}

func inShop(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "shop/x", "")
	t.Chdir(dir + "/shop")
}

// An init that is interrupted takes back what it wrote: all of it or nothing.
func TestInitInterrupted(t *testing.T) {
	want := begun(t)
	for n := 0; ; n++ {
		inShop(t)
		code, stdout, stderr := devgen(stopBefore(n), "init")
		if code == exitOK {
			if now := tree(t); n < 4 || !maps.Equal(now, want) {
				t.Errorf("after %d interruptions: %q", n, now)
			}
			return
		}
		if code != exitFailed || stdout != "" || !strings.HasPrefix(stderr, "devgen: interrupted ") || !strings.HasSuffix(stderr, "; nothing was written\n") {
			t.Errorf("before replacement %d: exit %d, stdout %q, stderr %q", n, code, stdout, stderr)
		}
		if now := tree(t); !maps.Equal(now, map[string]string{"x": ""}) {
			t.Errorf("before replacement %d: left %q", n, now)
		}
	}
}

// SIGKILL leaves some of the files: the next init completes them.
func TestInitKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	want := begun(t)
	for n := 0; ; n++ {
		inShop(t)
		cmd := process(t, fmt.Sprint("KILL ", n), "init")
		if err := cmd.Run(); err == nil {
			if n < 4 {
				t.Errorf("only %d places to be killed at", n)
			}
			return
		} else if cmd.ProcessState.ExitCode() != -1 {
			t.Fatal(err)
		}
		must(t, "init")
		must(t)
		noneLeft(t)
		now := tree(t)
		for name, text := range want {
			if now[name] != text {
				t.Errorf("before replacement %d: %s is %q", n, name, now[name])
			}
		}
	}
}

// In a checkout with CRLF line endings init keeps what it would only write with others.
func TestInitCRLF(t *testing.T) {
	for name, text := range begun(t) {
		write(t, name, withCRLF(text))
	}
	was := tree(t)
	must(t, "init", "--spec", "z.cue")
	now := tree(t)
	delete(now, "z.cue")
	if !maps.Equal(now, was) {
		t.Error("it changed what was there")
	}
}

// A file that appears while init runs is not overwritten.
func TestInitRace(t *testing.T) {
	inShop(t)
	ctx := &stopping{t.Context(), 3, func() { write(t, "devcontainer.cue", "theirs") }}
	var out, errs strings.Builder
	if code := run(ctx, []string{"init"}, &out, &errs); code != exitFailed {
		t.Errorf("exit %d", code)
	}
	if now := tree(t); !maps.Equal(now, map[string]string{"x": "", "devcontainer.cue": "theirs"}) {
		t.Errorf("left %q\n%s", now, errs.String())
	}
}

// A file that appears between any two steps of init is not overwritten, not even one that comes at the last moment.
func TestPlaceTaken(t *testing.T) {
	inShop(t)
	root, err := os.OpenRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := &writer{root: root}
	f := &generators.File{Path: "devcontainer.cue", Data: []byte("mine")}
	staged, err := w.stage(f)
	if err != nil {
		t.Fatal(err)
	}
	atLast := func() bool { write(t, f.Path, "theirs"); return false }
	if err := w.place(atLast, f, staged.temporary); err == nil || err.Error() != "devcontainer.cue: was made while devgen ran" {
		t.Errorf("place: %v", err)
	}
	w.cleanUp(true)
	if now := tree(t); !maps.Equal(now, map[string]string{"x": "", "devcontainer.cue": "theirs"}) {
		t.Errorf("left %q", now)
	}
}

// An init that cannot finish takes back what it wrote, but not what somebody has made of it since.
func TestInitTakesBackItsOwn(t *testing.T) {
	inShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	edit := func() {
		write(t, ".devcontainer/Dockerfile", "FROM theirs\n")
		if err := os.Remove("cue.mod/module.cue"); err != nil {
			t.Error(err)
		}
		cancel()
	}
	code, _, stderr := devgen(&stopping{ctx, 3, edit}, "init")
	want := "devgen: interrupted before devcontainer.cue; what changed since init wrote it was left: .devcontainer/Dockerfile\n"
	if code != exitFailed || stderr != want {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if now := tree(t); !maps.Equal(now, map[string]string{"x": "", ".devcontainer/Dockerfile": "FROM theirs\n"}) {
		t.Errorf("left %q", now)
	}
}
