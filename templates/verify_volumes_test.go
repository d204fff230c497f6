package templates

import (
	"path/filepath"
	"strings"
	"testing"
)

// volumesFacts are the facts of a spec with one volume.
const volumesFacts = `DEVGEN_NAME=app
DEVGEN_USER=vscode
DEVGEN_SERVICE=dev
DEVGEN_IMAGE=ghcr.io/acme/app:latest
DEVGEN_COMPOSE_FILES=(.devcontainer/docker-compose.yml)
DEVGEN_VOLUMES=('npm cache volume shared 0 /home/vscode/.npm')
DEVGEN_MOUNTS=()
DEVGEN_FOLDERS=()
DEVGEN_OWN_MOUNTS=''
`

// What it needs it asks for before it makes anything. On a real engine golden/e2e runs it.
func TestVerifyVolumesAsksFirst(t *testing.T) {
	for _, row := range []struct {
		name, docker string
		env          map[string]string
		args         []string
		code         int
		told, calls  string
	}{
		{"--help", "", nil, []string{"--help"}, 0, "Usage: verify-volumes.sh [--json FILE | --help]", ""},
		{"an unknown option", "", nil, []string{"--yes"}, 2, "unknown argument --yes", ""},
		{"an argument", "", nil, []string{"npm"}, 2, "unknown argument npm", ""},
		{"no file", "", nil, []string{"--json"}, 2, "--json needs a value", ""},
		{"a floor that is no number", "", map[string]string{"DEVGEN_TMPFS_FLOOR": "2GB"}, nil, 2, "DEVGEN_TMPFS_FLOOR is 2GB", ""},
		{"no engine", "exit 1\n", nil, nil, 1, "the Docker engine does not answer", "version --format {{.Server.Version}}\n"},
		{"no image", "[ \"$1\" = version ]\n", nil, nil, 1, "ghcr.io/acme/app:latest is not on this machine: start the dev container once",
			"version --format {{.Server.Version}}\nimage inspect ghcr.io/acme/app:latest\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			needs(t, "jq")
			h := newHost(t, nothingFacts+volumesFacts)
			for _, name := range []string{"scripts/lib/core.sh", "scripts/lib/docker.sh", "scripts/lib/volumes.sh", "tests/tap.sh", "tests/verify-volumes.sh"} {
				write(t, filepath.Join(h.root, ".devcontainer", name), Script(name))
			}
			docker, calls := fakeDocker(t, row.docker)
			env := map[string]string{"HOME": h.home}
			for name, value := range row.env {
				env[name] = value
			}
			r := script{dir: h.home, env: env, path: []string{docker}, args: append([]string{h.root + "/.devcontainer/tests/verify-volumes.sh"}, row.args...)}.run(t)
			if r.code != row.code || !strings.Contains(r.stdout+r.stderr, row.told) {
				t.Errorf("%+v, want code %d and %q", r, row.code, row.told)
			}
			if row.code != 0 && r.stdout != "" {
				t.Errorf("standard output %q", r.stdout)
			}
			equal(t, "the calls of docker", calls(), row.calls)
		})
	}
}

// What is found at one place is not that of another whose name ends alike.
func TestVerifyVolumesTellsPlacesApart(t *testing.T) {
	needs(t, "bash")
	h := newHost(t, nothingFacts+volumesFacts)
	for _, name := range []string{"scripts/lib/core.sh", "scripts/lib/docker.sh", "scripts/lib/volumes.sh", "tests/tap.sh", "tests/verify-volumes.sh"} {
		write(t, filepath.Join(h.root, ".devcontainer", name), Script(name))
	}
	for _, row := range []struct {
		path, told string
		code       int
	}{
		{"/data", "", 0},
		{"/x/data", "it is | root's\n", 1},
		{"/none", "the container told nothing of it:\n/x/data|it is | root's\n/data|\n", 1},
	} {
		r := script{dir: h.home, env: map[string]string{"HOME": h.home}, args: []string{"-c", `. "$1"
work=$HOME
printf '%s\n' "/x/data|it is | root's" '/data|' >"$work/survey"
no_problem "$2"`, "bash", h.root + "/.devcontainer/tests/verify-volumes.sh", row.path}}.run(t)
		if r.code != row.code || r.stdout != row.told || r.stderr != "" {
			t.Errorf("%s: %+v, want code %d and %q", row.path, r, row.code, row.told)
		}
	}
}
