// Package e2e is the proof on real consumers: each .txtar file in testdata is one case, run against a real engine, a real
// BuildKit and a real registry. lab.sh starts them; "make e2e" runs it all. While you write a case:
//
//	golden/e2e/lab.sh up
//	eval "$(golden/e2e/lab.sh env)"
//	DEVGEN_E2E=1 go test ./golden/e2e -run TestCases/volumes
//
// A case begins in a git repository of its own: the files of the folder project, then those that the case has below
// project/ itself, and lab.cue with the name and the registry. It is not compiled yet. Cases run at the same time, so all
// that a case makes must have its name in its own name, as what devgen derives from the name of the spec, the image and the
// folder does. Whatever of the engine has it is removed afterwards; a case fails if something cannot be. What is in the
// registry and the stores stays until lab.sh down, and so does an image that has lost its name to a newer one. The
// environment is
//
//	NAME      the name of the spec, of the folder that the case begins in, and of the image: $REGISTRY/$NAME/dev
//	REGISTRY  the registry: no login, plain http. BuildKit has it answer for Docker Hub and mcr.microsoft.com, too; the
//	          engine itself knows debian:bookworm only as $REGISTRY/library/debian:bookworm
//	S3        a store that speaks S3, with the key lab, the secret lab-secret and the bucket cache: the folder $LAB/s3/cache
//	BLOBS     a store of Azure's blobs: Azurite, with its well-known account
//	HOME      empty but for .gitconfig; DOCKER_CONFIG and TMPDIR are the case's own as well
//	LAB       the folder of the lab, and ROOT that of devgen
//
// Besides the commands of testscript and of package golden a case has
//
//	waitfor COMMAND [ARGUMENT...]  run a command until it succeeds, for half a minute at most
//
// and on its PATH devgen, the plugins of docker, the dev container CLI, act, and what is in bin; there each says how it is
// used. Mostly it is
//
//	compose    docker compose with the project's name and files
//	pipeline   the generated workflow, run on this machine for an event; the actions that it names are stand-ins, in actions
//	published  what the registry has of the case
package e2e

import (
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/devgen/devgen/golden"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what a cmp of the cases expects")

// lab skips a test without the lab.
func lab(t *testing.T) {
	if os.Getenv("DEVGEN_E2E") == "" {
		t.Skip("not without the lab: make e2e")
	}
	if os.Getenv("DEVGEN_LAB") == "" {
		t.Fatal(`no lab is named: eval "$(golden/e2e/lab.sh env)"`)
	}
}

func TestCases(t *testing.T) {
	lab(t)
	if out, err := exec.Command("docker", "buildx", "inspect", "--bootstrap", "lab").CombinedOutput(); err != nil {
		t.Fatalf("the lab is not up: %s", out)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	devgen := filepath.Dir(golden.Build(t, root))
	cmds := golden.Commands()
	cmds["waitfor"] = waitfor
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                cmds,
		Setup: func(e *testscript.Env) error {
			name := fmt.Sprintf("%s-%08x", strings.TrimPrefix(filepath.Base(e.WorkDir), "script-"), rand.Uint32())
			e.Cd = filepath.Join(e.WorkDir, name)
			path := []string{devgen, filepath.Join(root, "golden/e2e/bin"), e.Getenv("PATH")}
			e.Setenv("PATH", strings.Join(path, string(os.PathListSeparator)))
			e.Setenv("ROOT", root)
			e.Setenv("NAME", name)
			e.Setenv("REGISTRY", os.Getenv("DEVGEN_LAB_REGISTRY"))
			e.Setenv("LAB", os.Getenv("DEVGEN_LAB"))
			e.Setenv("S3", os.Getenv("DEVGEN_LAB_S3"))
			e.Setenv("BLOBS", os.Getenv("DEVGEN_LAB_BLOBS"))
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("DOCKER_CONFIG", filepath.Join(e.WorkDir, "docker"))
			for _, inherited := range []string{"DOCKER_HOST", "BUILDX_BUILDER"} {
				if value, ok := os.LookupEnv(inherited); ok {
					e.Setenv(inherited, value)
				}
			}
			e.Defer(func() { tidy(e.T().(testing.TB), name, e.Getenv("DOCKER_CONFIG")) })
			return settle(e)
		},
	})
}

// settle makes the files that a case begins with.
func settle(e *testscript.Env) error {
	home := e.Getenv("HOME")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	config := "[user]\n\tname = devgen\n\temail = devgen@example.org\n[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o644); err != nil {
		return err
	}
	if err := os.CopyFS(e.Getenv("DOCKER_CONFIG"), os.DirFS(os.Getenv("DOCKER_CONFIG"))); err != nil {
		return err
	}
	if err := project(e.Cd, filepath.Join(e.WorkDir, "project"), e.Getenv("NAME"), e.Getenv("REGISTRY")); err != nil {
		return err
	}
	init := exec.Command("git", "init", "--quiet", e.Cd)
	init.Env = e.Vars
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("git init: %w\n%s", err, out)
	}
	for _, dir := range []string{e.Cd, home} {
		if err := give(dir); err != nil {
			return err
		}
	}
	return nil
}

// project makes the folder dir out of what a case has of its own, if anything, and the files of the common project that it
// does not have.
func project(dir, own, name, registry string) error {
	if err := os.Rename(own, dir); err != nil && !os.IsNotExist(err) {
		return err
	}
	common := os.DirFS("project")
	err := fs.WalkDir(common, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, path)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		if _, err := os.Stat(to); err == nil {
			return nil
		}
		data, err := fs.ReadFile(common, path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		return err
	}
	lab := fmt.Sprintf(`package devcontainer

name: %q
image: {registry: %q, repository: "%s/dev"}
buildkit: mirrors: {"docker.io": [%[2]q], "mcr.microsoft.com": [%[2]q]}
`, name, registry, name)
	return os.WriteFile(filepath.Join(dir, "lab.cue"), []byte(lab), 0o644)
}

// give makes a folder the dev user's with all that is in it, if we may: on a machine of one person the files are theirs.
func give(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, 1000, 1000)
	})
}

// A kind is one kind of thing that the engine has: how it lists them, the id first, and how it removes them.
type kind struct {
	list, remove []string
}

var kinds = []kind{
	{[]string{"ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Image}} {{.Labels}} {{.Mounts}}"}, []string{"rm", "--force", "--volumes"}},
	{[]string{"volume", "ls", "--format", "{{.Name}} {{.Labels}}"}, []string{"volume", "rm", "--force"}},
	{[]string{"network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}} {{.Labels}}"}, []string{"network", "rm"}},
	{[]string{"image", "ls", "--format", "{{.Repository}}:{{.Tag}}"}, []string{"image", "rm", "--force"}},
}

// tidy removes what a case has made: its builders, and whatever of the engine has its name.
func tidy(t testing.TB, name, config string) {
	builders, err := os.ReadDir(filepath.Join(config, "buildx", "instances"))
	if err != nil {
		t.Error(err)
	}
	for _, b := range builders {
		if b.Name() != "lab" {
			docker(t, "--config", config, "buildx", "rm", b.Name())
		}
	}
	for _, k := range kinds {
		for _, id := range named(t, name, k.list) {
			docker(t, append(k.remove, id)...)
		}
		if left := named(t, name, k.list); len(left) > 0 {
			t.Errorf("docker %s: %q could not be removed", k.list[0], left)
		}
	}
}

// named are the ids of a list's lines that have the name.
func named(t testing.TB, name string, list []string) (ids []string) {
	for line := range strings.Lines(docker(t, list...)) {
		if strings.Contains(line, name) {
			ids = append(ids, strings.Fields(line)[0])
		}
	}
	return ids
}

func docker(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Errorf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func waitfor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: waitfor COMMAND [ARGUMENT...]")
	}
	for end := time.Now().Add(30 * time.Second); ts.Exec(args[0], args[1:]...) != nil; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("%s does not succeed", strings.Join(args, " "))
		}
	}
}
