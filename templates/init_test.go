package templates

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostFacts are the facts of a spec that mounts one of everything.
const hostFacts = `DEVGEN_SCRIPTS_TO_ROOT=../..
DEVGEN_COMPOSE_DIRECTORY=.devcontainer
DEVGEN_HOST_DIRECTORIES=('~/.app-devcontainer/npm cache' '~/.ssh' 'shared')
DEVGEN_HOST_FILES=('~/.gitconfig' '~/.config/tool/settings')
DEVGEN_HOST_CLONE_DIRECTORIES=(obj)
DEVGEN_HOST_CLONES='~/.app-devcontainer/clones'
DEVGEN_MOUNT_POINTS=(bin web/node_modules)
DEVGEN_MOUNT_FILES=(conf/env)
`

// nothingFacts are the facts of a spec that mounts nothing.
const nothingFacts = `DEVGEN_SCRIPTS_TO_ROOT=../..
DEVGEN_COMPOSE_DIRECTORY=.devcontainer
DEVGEN_HOST_DIRECTORIES=()
DEVGEN_HOST_FILES=()
DEVGEN_HOST_CLONE_DIRECTORIES=()
DEVGEN_HOST_CLONES='~/.app-devcontainer/clones'
DEVGEN_MOUNT_POINTS=()
DEVGEN_MOUNT_FILES=()
`

// A host is a checkout with a blank in its path, and a home.
type host struct {
	root, home string
}

const initPath = ".devcontainer/scripts/init.sh"

func newHost(t *testing.T, facts string) host {
	t.Helper()
	needs(t, "bash")
	dir, err := filepath.EvalSymlinks(t.TempDir()) // the script prints physical paths; macOS has /tmp behind a link
	if err != nil {
		t.Fatal(err)
	}
	h := host{root: filepath.Join(dir, "My Clone.2"), home: filepath.Join(dir, "home of ann")}
	write(t, filepath.Join(h.root, initPath), Script("scripts/init.sh"))
	write(t, filepath.Join(h.root, ".devcontainer/scripts/lib/facts.sh"), facts)
	if err := os.Mkdir(h.home, 0o777); err != nil {
		t.Fatal(err)
	}
	return h
}

// usual is the mode of a folder that nobody made private: what the umask of the tests leaves.
func (h host) usual(t *testing.T) string {
	t.Helper()
	info, err := os.Stat(h.home)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().String()
}

// init runs the script from the root of the checkout.
func (h host) init(t *testing.T, args ...string) result {
	t.Helper()
	return script{dir: h.root, env: map[string]string{"HOME": h.home}, args: append([]string{initPath}, args...)}.run(t)
}

// tree are the modes of everything below dir that is not part of the checkout as it was.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	modes := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path) // below dir by construction
		if rel == ".devcontainer" {
			return fs.SkipDir
		}
		info, err := d.Info()
		if rel != "." {
			modes[rel] = info.Mode().String()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return modes
}

func TestInit(t *testing.T) {
	h := newHost(t, hostFacts)
	usual := h.usual(t)
	r := h.init(t)
	r.succeeds(t)
	equal(t, "standard output", r.stdout, "")
	equal(t, "the home", tree(t, h.home), map[string]string{
		".app-devcontainer":                                  "drwx------",
		".app-devcontainer/npm cache":                        "drwx------",
		".app-devcontainer/clones":                           "drwx------",
		".app-devcontainer/clones/myclone2_devcontainer":     "drwx------",
		".app-devcontainer/clones/myclone2_devcontainer/obj": "drwx------",
		".ssh":                  "drwx------",
		".gitconfig":            "-rw-------",
		".config":               usual, // not ours
		".config/tool":          usual,
		".config/tool/settings": "-rw-------",
	})
	equal(t, "the checkout", tree(t, h.root), map[string]string{
		"shared": "drwx------", "bin": usual, "web": usual, "web/node_modules": usual,
		"conf": usual, "conf/env": "-rw-r--r--",
	})
	equal(t, "the files", contents(t, filepath.Join(h.home, ".gitconfig")), "")
}

// It says what it made, by the path that a person would give.
func TestInitSaysWhatItCreates(t *testing.T) {
	h := newHost(t, hostFacts)
	var want strings.Builder
	for _, path := range []string{
		h.home + "/.app-devcontainer/npm cache", h.home + "/.ssh", h.root + "/shared",
		h.home + "/.app-devcontainer/clones/myclone2_devcontainer/obj", h.home + "/.gitconfig", h.home + "/.config/tool/settings",
	} {
		want.WriteString("created " + path + "\n")
	}
	equal(t, "standard error", h.init(t).stderr, want.String())
}

// The name goes alone to standard output: a command substitution takes it.
func TestInitProjectName(t *testing.T) {
	h := newHost(t, hostFacts)
	r := h.init(t, "--project-name")
	r.succeeds(t)
	equal(t, "standard output", r.stdout, "myclone2_devcontainer\n")
	if _, err := os.Stat(h.home + "/.ssh"); err != nil {
		t.Errorf("it did not prepare the host: %v", err)
	}
}

// Where the compose files have moved, the name is what Compose makes of their folder's.
func TestInitProjectNameOfFolder(t *testing.T) {
	h := newHost(t, strings.Replace(hostFacts, "DEVGEN_COMPOSE_DIRECTORY=.devcontainer", "DEVGEN_COMPOSE_DIRECTORY=_-Docker.1_x", 1))
	if err := os.Mkdir(h.root+"/_-Docker.1_x", 0o755); err != nil {
		t.Fatal(err)
	}
	r := h.init(t, "--project-name")
	r.succeeds(t)
	equal(t, "standard output", r.stdout, "docker1_x\n")
}

// The sed of macOS refuses bytes that are no text of the language; a file of variables may have some.
func TestInitProjectNameAmongBytes(t *testing.T) {
	program, err := exec.LookPath("sed")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	write(t, filepath.Join(bin, "sed"), "#!/bin/sh\n[ \"$LC_ALL\" = C ] || { echo 'sed: RE error: illegal byte sequence' >&2; exit 1; }\nexec "+program+" \"$@\"\n")
	for _, file := range []string{"/.env", "/.devcontainer/.env"} {
		h := newHost(t, hostFacts)
		write(t, h.root+file, "A=\xff\nCOMPOSE_PROJECT_NAME=shop\n")
		r := script{dir: h.root, env: map[string]string{"HOME": h.home}, path: []string{bin}, args: []string{initPath, "--project-name"}}.run(t)
		equal(t, "standard output", r.stdout, "shop\n")
	}
}

// The tr of macOS refuses bytes that are no text of the language; the name has none of them anyway.
func TestInitProjectNameOfBytes(t *testing.T) {
	h := newHost(t, hostFacts)
	program, err := exec.LookPath("tr")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	write(t, filepath.Join(bin, "tr"), "#!/bin/sh\n[ \"$LC_ALL\" = C ] || { echo 'tr: Illegal byte sequence' >&2; exit 1; }\nexec "+program+" \"$@\"\n")
	root := filepath.Join(filepath.Dir(h.root), "Caf\xe9 É1")
	if err := os.Rename(h.root, root); err != nil {
		t.Skip(err) // a file system of text alone
	}
	r := script{dir: root, env: map[string]string{"HOME": h.home}, path: []string{bin}, args: []string{initPath, "--project-name"}}.run(t)
	equal(t, "standard output", r.stdout, "caf1_devcontainer\n")
}

// The dev container tools look for the project's name in two files of variables, and take what a project may be called.
func TestInitProjectNameOfVariables(t *testing.T) {
	for _, row := range []struct{ name, root, beside, want string }{
		{"of the checkout", "A=b\nCOMPOSE_PROJECT_NAME= \"My_Shop-2\" \r\nCOMPOSE_PROJECT_NAME=other\n", "COMPOSE_PROJECT_NAME=beside\n", "my_shop-2"},
		{"of the compose file", "COMPOSE_PROJECT_NAMES=other\n#COMPOSE_PROJECT_NAME=other", "COMPOSE_PROJECT_NAME='beside'", "beside"},
		{"of the checkout, after one that is empty", "COMPOSE_PROJECT_NAME=\r\nCOMPOSE_PROJECT_NAME=shop\r\n", "COMPOSE_PROJECT_NAME=beside\n", "shop"},
		{"of the checkout, where Compose alone sees one", "export COMPOSE_PROJECT_NAME=shop\n COMPOSE_PROJECT_NAME=shop\n", "", "myclone2_devcontainer"},
		{"of the compose file, exported", "", "export COMPOSE_PROJECT_NAME=beside\r\n", "beside"},
		{"of the compose file, with blanks", "", " COMPOSE_PROJECT_NAME = \"beside\"\n", "beside"},
		{"of the compose file, with a comment", "", "COMPOSE_PROJECT_NAME: beside-2_x # mine\n", "beside-2_x"},
		{"of the compose file, twice", "", "COMPOSE_PROJECT_NAME=beside\nCOMPOSE_PROJECT_NAME=last\nA=b\n", "last"},
		{"of the compose file, which the tools do not believe", "", "COMPOSE_PROJECT_NAME=devcontainer\n", "myclone2_devcontainer"},
		{"of neither", "COMPOSE_PROJECT_NAME=\n", "COMPOSE_PROJECT_NAME=''\n", "myclone2_devcontainer"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHost(t, hostFacts)
			write(t, h.root+"/.env", row.root)
			write(t, h.root+"/.devcontainer/.env", row.beside)
			r := h.init(t, "--project-name")
			r.succeeds(t)
			equal(t, "standard output", r.stdout, row.want+"\n")
			if _, err := os.Stat(h.home + "/.app-devcontainer/clones/" + row.want + "/obj"); err != nil {
				t.Errorf("it did not prepare the folder of the project: %v", err)
			}
		})
	}
}

// What looks like a file may be the socket of a service that does not run: outside the home nothing is made up.
func TestInitForeignFile(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "docker.sock")
	h := newHost(t, strings.Replace(nothingFacts, "DEVGEN_HOST_FILES=()", "DEVGEN_HOST_FILES=('"+missing+"')", 1))
	h.init(t).fails(t, 1, "")
	if _, err := os.Stat(missing); err == nil {
		t.Error("it was created")
	}
}

// A path that leads out of the checkout or the home is outside, too.
func TestInitFileAbove(t *testing.T) {
	for _, path := range []string{"../shared.conf", "~/../shared.conf"} {
		t.Run(path, func(t *testing.T) {
			h := newHost(t, strings.Replace(nothingFacts, "DEVGEN_HOST_FILES=()", "DEVGEN_HOST_FILES=('"+path+"')", 1))
			h.init(t).fails(t, 1, "")
			for _, place := range []string{h.root, h.home} {
				if _, err := os.Stat(filepath.Join(place, "../shared.conf")); err == nil {
					t.Error("it was created")
				}
			}
		})
	}
}

// The developer's own name for the project becomes a folder: no other than Compose would take.
func TestInitForeignProject(t *testing.T) {
	facts := strings.Replace(nothingFacts, "DEVGEN_HOST_CLONE_DIRECTORIES=()", "DEVGEN_HOST_CLONE_DIRECTORIES=(obj)", 1)
	for name, good := range map[string]bool{"my-app_2": true, "../../evil": false, "App": false, "-x": false, "a b": false} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, facts)
			r := script{dir: h.root, env: map[string]string{"HOME": h.home, "COMPOSE_PROJECT_NAME": name}, args: []string{initPath, "--project-name"}}.run(t)
			if good {
				r.succeeds(t)
				equal(t, "standard output", r.stdout, name+"\n")
				return
			}
			if r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "COMPOSE_PROJECT_NAME") {
				t.Errorf("%+v, want a failure that names the variable", r)
			}
			equal(t, "the home", tree(t, h.home), map[string]string{})
		})
	}
}

func TestInitChangesNothingThatIsThere(t *testing.T) {
	h := newHost(t, hostFacts)
	write(t, filepath.Join(h.home, ".gitconfig"), "[user]\n")
	if err := os.Mkdir(filepath.Join(h.home, ".ssh"), 0o777); err != nil {
		t.Fatal(err)
	}
	h.init(t).succeeds(t)
	equal(t, "~/.gitconfig", contents(t, filepath.Join(h.home, ".gitconfig")), "[user]\n")
	home, root := tree(t, h.home), tree(t, h.root)
	equal(t, "the mode of ~/.ssh", home[".ssh"], h.usual(t))

	if r := h.init(t); r != (result{}) {
		t.Errorf("the second run: %+v, want it to say nothing", r)
	}
	equal(t, "the home", tree(t, h.home), home)
	equal(t, "the checkout", tree(t, h.root), root)
}

func TestInitOfNothing(t *testing.T) {
	h := newHost(t, nothingFacts)
	if r := h.init(t); r != (result{}) {
		t.Errorf("%+v, want it to say nothing", r)
	}
	equal(t, "the home", tree(t, h.home), map[string]string{})
}

func TestInitArguments(t *testing.T) {
	for _, row := range []struct {
		args []string
		code int
	}{
		{[]string{"--help"}, 0}, {[]string{"-h"}, 0}, {[]string{"--force"}, 2}, {[]string{"x"}, 2},
	} {
		t.Run(row.args[0], func(t *testing.T) {
			h := newHost(t, hostFacts)
			r := h.init(t, row.args...)
			equal(t, "exit code", r.code, row.code)
			usage, other := r.stdout, r.stderr
			if row.code != 0 {
				usage, other = r.stderr, r.stdout
			}
			if !strings.Contains(usage, "Usage: init.sh [--project-name | --help]\n") || other != "" {
				t.Errorf("standard output %q, standard error %q", r.stdout, r.stderr)
			}
			equal(t, "the home", tree(t, h.home), map[string]string{})
		})
	}
}

// Without HOME there is no place to put anything: neither the root of the file system nor the checkout is one.
func TestInitWithoutHome(t *testing.T) {
	clones := strings.Replace(nothingFacts, "DEVGEN_HOST_CLONE_DIRECTORIES=()", "DEVGEN_HOST_CLONE_DIRECTORIES=(obj)", 1)
	files := strings.Replace(nothingFacts, "DEVGEN_HOST_FILES=()", "DEVGEN_HOST_FILES=('~/.gitconfig')", 1)
	for name, facts := range map[string]string{"directories": hostFacts, "clones": clones, "files": files} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, facts)
			stray := "/myclone2_devcontainer" // what "$HOME/…/" comes to when the expansion is lost
			t.Cleanup(func() { os.Remove(stray + "/obj"); os.Remove(stray) })
			r := script{dir: h.root, args: []string{initPath}}.run(t)
			if r.code == 0 || !strings.Contains(r.stderr, "HOME is not set") {
				t.Errorf("exit code %d, %q; want a failure that says that HOME is not set", r.code, r.stderr)
			}
			if strings.Count(r.stderr, "\n") != 1 || r.stdout != "" {
				t.Errorf("it says\n%s%s\nwant one line and nothing done", r.stdout, r.stderr)
			}
			if _, err := os.Stat(stray); err == nil {
				t.Errorf("it made %s", stray)
			}
		})
	}
}

func TestInitFromAnyFolder(t *testing.T) {
	for _, row := range []struct{ name, dir, script string }{
		{"its own", ".devcontainer/scripts", "init.sh"},
		{"its own, with a dot", ".devcontainer/scripts", "./init.sh"},
		{"the folder above", ".devcontainer", "scripts/init.sh"},
		{"a folder beside it", ".devcontainer/scripts/lib", "../init.sh"},
		{"another one, by the whole path", "..", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHost(t, hostFacts)
			if row.script == "" {
				row.script = filepath.Join(h.root, initPath)
			}
			script{dir: filepath.Join(h.root, row.dir), env: map[string]string{"HOME": h.home}, args: []string{row.script}}.run(t).succeeds(t)
			if _, err := os.Stat(filepath.Join(h.root, "web/node_modules")); err != nil {
				t.Error(err)
			}
		})
	}
}

// With CDPATH in the environment, cd prints where it went, and may go elsewhere.
func TestInitWithCDPATH(t *testing.T) {
	h := newHost(t, hostFacts)
	elsewhere := t.TempDir()
	if err := os.MkdirAll(filepath.Join(elsewhere, filepath.Dir(initPath)), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, cdpath := range map[string]string{"here": ".", "elsewhere": elsewhere} {
		t.Run(name, func(t *testing.T) {
			script{dir: h.root, env: map[string]string{"HOME": h.home, "CDPATH": cdpath}, args: []string{initPath}}.run(t).succeeds(t)
		})
	}
}

// What cannot be made must end the start of the container, with the path in the message.
func TestInitOverAFile(t *testing.T) {
	h := newHost(t, hostFacts)
	write(t, filepath.Join(h.home, ".ssh"), "")
	r := h.init(t)
	if r.code == 0 || !strings.Contains(r.stderr, ".ssh") {
		t.Errorf("exit code %d, %q; want a failure that names the path", r.code, r.stderr)
	}
}

// A name of the user is a name and never a command, whatever it is.
func TestInitWithHostileNames(t *testing.T) {
	h := newHost(t, strings.Replace(nothingFacts, "DEVGEN_MOUNT_POINTS=()", `DEVGEN_MOUNT_POINTS=('$(touch pwned)' '-p' '*' 'a b')`, 1))
	h.init(t).succeeds(t)
	usual := h.usual(t)
	equal(t, "the checkout", tree(t, h.root), map[string]string{
		"$(touch pwned)": usual, "-p": usual, "*": usual, "a b": usual,
	})
}
