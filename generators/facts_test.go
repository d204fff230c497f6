package generators

import (
	"slices"
	"strings"
	"testing"
)

// TestFacts: what a bash reads in the facts, as NAME=value for each value.
func TestFacts(t *testing.T) {
	const named = "name: \"app\"\nplatforms: \"linux/amd64\": {}\n"
	for _, tt := range []struct{ name, spec, facts string }{
		{"a ready image", named + `image: base: "debian:13"`, `
NAME=app
SCRIPTS_TO_ROOT=../..
HOST_CLONES=~/.app-devcontainer/.clones
COMPOSE_FILES=.devcontainer/docker-compose.yml
COMPOSE_FILES=.devcontainer/docker-compose.volumes.yml
COMPOSE_DIRECTORY=.devcontainer
SERVICE=dev
USER=vscode
IMAGE=debian:13
PLATFORMS=linux/amd64
HOST_FOLDER=~/.app-devcontainer
OWN_MOUNTS=
HIT_RATE=95
HIT_RATE_FLOOR=70
WARM_SECONDS=180
COLD_SECONDS=420`},
		{"moved", named + `image: base: "debian:13", outputs: {compose: "compose.yml", init: "tools/dev/scripts/init.sh"}, user: name: "root"`, `
SCRIPTS_TO_ROOT=../../..
COMPOSE_FILES=compose.yml
COMPOSE_FILES=.devcontainer/docker-compose.volumes.yml
COMPOSE_DIRECTORY=.
USER=root`},
		{"scripts at the root", named + `image: base: "debian:13", outputs: init: "scripts/init.sh"`, `
SCRIPTS_TO_ROOT=..`},
		{"an image of one's own", named + `image: {repository: "acme/app"}`, `
IMAGE=ghcr.io/acme/app:latest
REPOSITORY=ghcr.io/acme/app
DOCKERFILE=.devcontainer/Dockerfile
CONTEXT=.
TARGET=
CACHES=linux/amd64 type=registry,ref=ghcr.io/acme/app-cache:amd64
CACHE_REPOSITORY=ghcr.io/acme/app-cache
BUILDKITD=`},
		{"all of an image", named + `image: {registry: "quay.io", repository: "acme/app", login: {username: "me", secret: "QUAY"}, dockerfile: "build/Dockerfile", context: "build", target: "dev",
	args: {A: "x y", B: "2"}, secrets: {npm: env: "NPM_AUTH", gh: env: "GITHUB_TOKEN"}}
platforms: "linux/arm64": {}
caches: {registry: repository: "acme/layers", inline: {}, gha: {}}
workflow: repository: "acme/app", tags: latest: {}
objectives: {hitRate: 90, hitRateFloor: 60, warmBuild: "2m", coldBuild: "1h"}`, `
IMAGE=quay.io/acme/app:latest
PLATFORMS=linux/amd64
PLATFORMS=linux/arm64
REPOSITORY=quay.io/acme/app
DOCKERFILE=build/Dockerfile
CONTEXT=build
TARGET=dev
BUILD_ARGS=A=x y
BUILD_ARGS=B=2
BUILD_SECRETS=npm NPM_AUTH
BUILD_SECRETS=gh GITHUB_TOKEN
CACHES=linux/amd64 type=registry,ref=quay.io/acme/layers:amd64
CACHES=linux/arm64 type=registry,ref=quay.io/acme/layers:arm64
CACHES=linux/amd64 type=registry,ref=quay.io/acme/app:latest
CACHES=linux/arm64 type=registry,ref=quay.io/acme/app:latest
CACHE_REPOSITORY=quay.io/acme/layers
BUILDKITD=.devcontainer/buildkitd.toml
HIT_RATE=90
HIT_RATE_FLOOR=60
WARM_SECONDS=120
COLD_SECONDS=3600`},
		{"no registry cache", named + `image: repository: "acme/app", caches: gha: {}`, `
CACHE_REPOSITORY=`},
		{"volumes", named + `image: base: "debian:13"
volumes: {
	npm: {target: "~/.npm", persistence: "cache", size: "500MB"}
	obj: {target: "src/obj", persistence: "build"}
	tmp: {target: "/cache", persistence: "ephemeral", size: "64MB"}
	home: {target: "/data", persistence: "state", backing: "host"}
	own: {target: "/own", persistence: "build", backing: "host"}
}
mounts: {ssh: {source: "~/.ssh", target: "~/.ssh"}, env: {source: "../.env", target: "conf/.env", kind: "file"}}`, `
HOST_DIRECTORIES=~/.app-devcontainer/home
HOST_DIRECTORIES=~/.ssh
HOST_FILES=../.env
HOST_CLONE_DIRECTORIES=own
MOUNT_POINTS=src/obj
MOUNT_FILES=conf/.env
VOLUMES=npm cache volume shared 524288000 /home/vscode/.npm
VOLUMES=obj build volume project 0 /workspaces/app/src/obj
VOLUMES=tmp ephemeral tmpfs - 67108864 /cache
VOLUMES=home state host shared 0 /data
VOLUMES=own build host project 0 /own
MOUNTS=ssh rw /home/vscode/.ssh
MOUNTS=env rw /workspaces/app/conf/.env
FOLDERS=/home/vscode
OWN_MOUNTS=.devcontainer/scripts/own-mounts.sh`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := readBack(File{ID: "facts", Data: renderAll(resolve(t, tt.spec))["facts"].data})
			for _, e := range r.errs {
				t.Error(e)
			}
			var got []string
			for _, l := range r.leaves {
				if name, ok := strings.CutPrefix(l.path[0], "DEVGEN_"); ok {
					got = append(got, name+"="+l.text)
				}
			}
			want := strings.Split(strings.TrimPrefix(tt.facts, "\n"), "\n")
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("%s is missing in\n%s", line, strings.Join(got, "\n"))
				}
			}
			if tt.name == "a ready image" && len(got) != len(want) { // the others tell what differs
				t.Errorf("want nothing else in\n%s", strings.Join(got, "\n"))
			}
		})
	}
}
