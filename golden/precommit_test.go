package golden

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestPreCommit runs the cases of the folder precommit with the real pre-commit, once for each hook. A case begins in
// the folder repo, whose files are all committed and where the hook is installed; $DEVGEN is devgen. The configuration is
// that of docs/adopting.md, and so is moved.yaml beside it; what they name as this repository is a copy of the working tree.
func TestPreCommit(t *testing.T) {
	for _, tool := range []string{"pre-commit", "git"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not on PATH: CI must try the hooks", tool)
			}
			t.Skipf("%s is not on PATH: the hooks were not tried", tool)
		}
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	home, devgen := t.TempDir(), Build(t, root)
	publish(t, home)
	for _, hook := range []string{"devgen-check", "devgen-check-system"} {
		t.Run(hook, func(t *testing.T) {
			config := snippet(t, "- id: "+hook+"\n")
			testscript.Run(t, testscript.Params{
				Dir:                 "precommit",
				UpdateScripts:       *update,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Cmds:                Commands(),
				Setup: func(e *testscript.Env) error {
					e.Cd = filepath.Join(e.WorkDir, "repo")
					e.Vars = append(e.Vars, goEnvironment(t)...)
					e.Setenv("HOME", home)
					e.Setenv("PRE_COMMIT_HOME", filepath.Join(home, "pre-commit"))
					e.Setenv("DEVGEN", devgen)
					if strings.HasSuffix(hook, "-system") {
						e.Setenv("PATH", filepath.Dir(devgen)+string(os.PathListSeparator)+e.Getenv("PATH"))
					}
					if err := os.WriteFile(filepath.Join(e.WorkDir, "moved.yaml"), []byte(snippet(t, "args:")), 0o600); err != nil {
						return err
					}
					return adopt(e.Cd, config, devgen, e.Vars)
				},
			})
		})
	}
}

// publish makes a repository of the working tree below home, with the version that docs/adopting.md names, and has git
// find it under the address that stands there.
func publish(t *testing.T, home string) {
	t.Helper()
	source := filepath.Join(home, "devgen")
	if err := os.CopyFS(source, os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(source, ".git")); err != nil {
		t.Fatal(err)
	}
	repository := regexp.MustCompile(`repo: (\S+)\n\s+rev: (\S+)\n`).FindStringSubmatch(snippet(t, "repos:\n"))
	config := "[user]\n\tname = devgen\n\temail = devgen@example.org\n[init]\n\tdefaultBranch = main\n" +
		"[url \"file://" + source + "\"]\n\tinsteadOf = " + repository[1] + "\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "devgen"}, {"tag", repository[2]}} {
		if err := command(source, append(os.Environ(), "HOME="+home), "git", args...); err != nil {
			t.Fatal(err)
		}
	}
}

// adopt makes a repository of the folder dir with the hook in it, and commits what is there and generated.
func adopt(dir, config, devgen string, env []string) error {
	if err := os.WriteFile(filepath.Join(dir, ".pre-commit-config.yaml"), []byte(config), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{{"git", "init", "-q"}, {"pre-commit", "install"}, {devgen}, {"git", "add", "-A"}, {"git", "commit", "-q", "-m", "first"}} {
		if err := command(dir, env, args[0], args[1:]...); err != nil {
			return err
		}
	}
	return nil
}

func command(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// goEnvironment is what Go must be told where the home is another one: where modules come from, and what is built already.
func goEnvironment(t *testing.T) (env []string) {
	t.Helper()
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOFLAGS", "GOMODCACHE", "GONOSUMDB", "GOPRIVATE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN").Output()
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]string
	if err := json.Unmarshal(out, &values); err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		env = append(env, name+"="+value)
	}
	return env
}

var fenced = regexp.MustCompile("(?ms)^```(yaml|cue)\n(.*?)^```$")

// snippets are the fenced blocks of docs/adopting.md in a language.
func snippets(t *testing.T, language string) (texts []string) {
	t.Helper()
	page, err := os.ReadFile("../docs/adopting.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fenced.FindAllStringSubmatch(string(page), -1) {
		if m[1] == language {
			texts = append(texts, m[2])
		}
	}
	return texts
}

// snippet is the first YAML block of the page that has the part.
func snippet(t *testing.T, part string) string {
	t.Helper()
	for _, text := range snippets(t, "yaml") {
		if strings.Contains(text, part) {
			return text
		}
	}
	t.Fatalf("docs/adopting.md shows no YAML with %q", part)
	return ""
}

// TestAdoptingSpecs: every spec that the page shows is accepted.
func TestAdoptingSpecs(t *testing.T) {
	devgen := Build(t, "..")
	specs := snippets(t, "cue")
	if len(specs) != 4 {
		t.Fatalf("docs/adopting.md shows %d specs, want 4", len(specs))
	}
	for _, text := range specs {
		dir := t.TempDir()
		spec := "name: \"app\"\nimage: base: \"debian:13\"\nplatforms: \"linux/amd64\": {}\n" + text
		if err := os.WriteFile(filepath.Join(dir, "devcontainer.cue"), []byte(spec), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := command(dir, os.Environ(), devgen); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// TestInstall: pre-commit installs every command of the module for its users, so devgen is the only one.
func TestInstall(t *testing.T) {
	mains := strings.Fields(goList(t, "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, "./..."))
	if diff := cmp.Diff([]string{module + "/cmd/devgen"}, mains); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
