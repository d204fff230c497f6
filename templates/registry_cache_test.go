package templates

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cacheFacts are the facts of a spec with a registry cache, as far as the scripts of the cache read them.
const cacheFacts = nothingFacts + `DEVGEN_NAME=app
DEVGEN_COMPOSE_FILES=(.devcontainer/docker-compose.yml)
DEVGEN_IMAGE=ghcr.io/acme/app:latest
DEVGEN_PLATFORMS=(linux/amd64 linux/arm64)
DEVGEN_REPOSITORY=ghcr.io/acme/app
DEVGEN_DOCKERFILE=.devcontainer/Dockerfile
DEVGEN_CONTEXT=.
DEVGEN_TARGET=''
DEVGEN_BUILD_ARGS=()
DEVGEN_BUILD_SECRETS=()
DEVGEN_CACHES=(
  'linux/amd64 type=registry,ref=ghcr.io/acme/app-cache:amd64'
  'linux/arm64 type=registry,ref=ghcr.io/acme/app-cache:arm64'
)
DEVGEN_CACHE_REPOSITORY=ghcr.io/acme/app-cache
DEVGEN_BUILDKITD=.devcontainer/buildkitd.toml
DEVGEN_HIT_RATE=95
DEVGEN_HIT_RATE_FLOOR=70
DEVGEN_WARM_SECONDS=180
`

// cacheDocker is a docker that has everything, unless the environment says otherwise.
const cacheDocker = `here=${BASH_SOURCE[0]%/*}
say() { echo "$*" >&2; exit 1; }
case "$*" in
version*) [[ -z ${NO_ENGINE:-} ]] || say 'Cannot connect to the Docker daemon'; echo "${ENGINE:-28.0.4}" ;;
login*) cat >"$here/token"; [[ -z ${REFUSED:-} ]] || say 'Error response from daemon: denied' ;;
pull*) [[ -z ${NO_IMAGE:-} ]] || say 'Error response from daemon: manifest unknown'; echo 'latest: Pulling from acme/app' ;;
*imagetools*) [[ -z ${NO_CACHE:-} ]] || say "ERROR: $NO_CACHE"; echo "${MANIFEST:-{\"config\":{\"mediaType\":\"application/vnd.buildkit.cacheconfig.v0\"\}\}}" ;;
*'buildx create'*) [[ -z ${NO_BUILDER:-} ]] || say 'ERROR: no builder' ;;
*'buildx build'*)
  pwd >"$here/pwd"
  echo 'standard output is for results'
  while (($# > 0)); do
    case $1 in
    --metadata-file) echo '{"buildx.build.ref":"b1/b10/ref42"}' >"$2" ;;
    rawjson) cat "$STREAM" >&2 ;;
    esac
    shift
  done
  if [[ -n ${SLOW:-} ]]; then
    trap 'kill "$!"; echo stopped >>"$here/calls"; exit 1' TERM
    sleep "$SLOW" &
    wait
  fi
  [[ -z ${BROKEN:-} ]] || say 'ERROR: failed to solve: exit code: 3'
  ;;
*'history logs'*) [[ -z ${NO_HISTORY:-} ]] || say 'unknown command'; { echo 'WARN: plain text'; cat "$STREAM"; } >&2; [[ -z ${HALF_HISTORY:-} ]] || say 'EOF' ;;
esac
`

const useRegistryCache, verifyRegistryCache = ".devcontainer/scripts/use-registry-cache.sh", ".devcontainer/tests/verify-registry-cache.sh"

// varying is what differs between runs: the folder of temporary files, and the process in the name of the builder.
var varying = regexp.MustCompile(`\S*/(?:use|verify)-registry-cache\.\w+|(verify-app)-\d+`)

// A cacheRun is one run of a script of the cache, in a checkout with a blank in its path.
type cacheRun struct {
	facts  string // in addition to cacheFacts
	env    map[string]string
	args   []string
	hidden string // a tool that the machine lacks
}

// A cacheResult is what came of it.
type cacheResult struct {
	result
	root, home string
	calls      []string // of docker, without the paths of temporary files
	token      string   // that docker login got
	pwd        string   // of the build
}

func (c cacheRun) run(t *testing.T) (r cacheResult) {
	t.Helper()
	needs(t, "bash", "jq")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r.root, r.home = filepath.Join(dir, "My Clone"), filepath.Join(dir, "home of ann")
	for _, name := range []string{"scripts/init.sh", "scripts/lib/core.sh", "scripts/lib/docker.sh", "scripts/lib/cache-hit.jq", "scripts/use-registry-cache.sh",
		"tests/verify-registry-cache.sh", "tests/tap.sh"} {
		write(t, filepath.Join(r.root, ".devcontainer", name), Script(name))
	}
	write(t, filepath.Join(r.root, ".devcontainer/scripts/lib/facts.sh"), cacheFacts+c.facts)
	before := snapshot(t, r.root)
	stream, err := filepath.Abs("testdata/warm.json")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HOME": r.home, "STREAM": stream, "TMPDIR": t.TempDir(), "HTTP": "401"}
	maps.Copy(env, c.env)
	docker, calls := fakeDocker(t, cacheDocker)
	write(t, filepath.Join(docker, "uname"), "#!/bin/sh\necho \"${MACHINE:-x86_64}\"\n")
	write(t, filepath.Join(docker, "curl"), "#!/bin/sh\n[ -n \"$HTTP\" ] || { echo 'curl: (7) connection refused' >&2; exit 7; }\nprintf '%s' \"$HTTP\"\n")
	if c.hidden != "" {
		env["PATH"] = docker + ":" + without(t, c.hidden)
	}
	r.result = script{dir: r.root, path: []string{docker}, args: c.args, env: env}.run(t)
	r.calls = strings.Split(strings.TrimSuffix(varying.ReplaceAllString(calls(), "$1"), "\n"), "\n")
	r.token, r.pwd = contents(t, filepath.Join(docker, "token")), strings.TrimSuffix(contents(t, filepath.Join(docker, "pwd")), "\n")
	equal(t, "the checkout after the run", snapshot(t, r.root), before)
	equal(t, "what is left of temporary files", listing(t, env["TMPDIR"]), []string(nil))
	return r
}

// snapshot is the content of every file below dir.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all[path] = contents(t, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

// without is a folder with what the scripts need of a machine, except tool.
func without(t *testing.T, tool string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"bash", "env", "dirname", "sed", "mktemp", "rm", "id", "date", "tail", "sort", "cat", "mkdir", "chmod", "mv", "wc", "tr",
		"od", "awk", "cut", "grep", "sleep", "curl", "jq"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if name != tool {
			if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// says wants lines in the messages of a script, which have a time and a place before the text.
func (r cacheResult) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stderr, "] "+text+"\n") {
			t.Errorf("no line %q in\n%s", text, r.stderr)
		}
	}
}

// build is the call of docker that builds for a platform, with options in the place where they stand.
func build(platform, options string) string {
	return "buildx build --platform " + platform + " --file .devcontainer/Dockerfile --tag ghcr.io/acme/app:latest --tag app-devcontainer:local --provenance=false " +
		"--load --metadata-file /metadata" + options + " --cache-from type=registry,ref=ghcr.io/acme/app-cache:" + strings.TrimPrefix(platform, "linux/") + " ."
}

// start is the command that starts the image.
func (r cacheResult) start() string {
	folder := strings.ReplaceAll(r.root, " ", `\ `) + "/.devcontainer/"
	return `docker compose --project-name "$(` + folder + `scripts/init.sh --project-name)" -f ` + folder + "docker-compose.yml up --detach\n"
}

const history = "buildx history logs --builder b1 --progress rawjson ref42"

var (
	ready   = []string{"version --format {{.Server.Version}}", "buildx version"}
	version = []string{"version --format {{.Server.Version}}"}
)

func TestUseRegistryCache(t *testing.T) {
	t.Parallel()
	r := cacheRun{args: []string{useRegistryCache}}.run(t)
	r.succeeds(t)
	equal(t, "the calls of docker", r.calls, slices.Concat(ready, version, []string{build("linux/amd64", ""), history}))
	equal(t, "the folder of the build", r.pwd, r.root)
	equal(t, "standard output", r.stdout, r.start())
	equal(t, "what is mounted", listing(t, r.home), []string{".local"}) // init.sh makes that, when the command runs
	if !regexp.MustCompile(`built in \d+\.\d s, 9 of 9 steps from the cache\n`).MatchString(r.stderr) {
		t.Errorf("no figures in\n%s", r.stderr)
	}
	if text := contents(t, filepath.Join(r.home, ".local/state/devgen/app/metrics/metrics.jsonl")); !strings.Contains(text, `"metric":"image-build"`) {
		t.Errorf("the build is not among the metrics:\n%s", text)
	}
}

// The command that is printed does what it says.
func TestUseRegistryCacheStarts(t *testing.T) {
	t.Parallel()
	r := cacheRun{args: []string{"-c", `eval "$(bash "$0")"`, useRegistryCache}}.run(t)
	r.succeeds(t)
	equal(t, "the last call of docker", r.calls[len(r.calls)-1], "compose --project-name myclone_devcontainer -f "+r.root+"/.devcontainer/docker-compose.yml up --detach")
}

// From any directory, by any path.
func TestUseRegistryCacheFromElsewhere(t *testing.T) {
	t.Parallel()
	r := cacheRun{args: []string{"-c", `cd / && CDPATH=/tmp:/ exec bash "$OLDPWD/` + useRegistryCache + `"`}}.run(t)
	r.succeeds(t)
	equal(t, "the folder of the build", r.pwd, r.root)
}

func TestUseRegistryCachePlatform(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, machine string
		args          []string
		code          int
		want          string // the platform, or a message
	}{
		{"of this machine", "aarch64", nil, 0, "linux/arm64"},
		{"that is chosen", "x86_64", []string{"--platform", "linux/arm64"}, 0, "linux/arm64"},
		{"of a machine that the spec leaves out", "s390x", nil, 2, "no image is made for linux/s390x; there is linux/amd64, linux/arm64"},
		{"of a machine that nobody knows", "pdp11", nil, 1, "pdp11"},
		{"that the spec leaves out", "x86_64", []string{"--platform", "linux/arm/v7"}, 2, "no image is made for linux/arm/v7"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := cacheRun{args: append([]string{useRegistryCache}, row.args...), env: map[string]string{"MACHINE": row.machine}}.run(t)
			if row.code != 0 {
				r.fails(t, row.code, row.want)
				equal(t, "the calls of docker", r.calls, []string{""})
				return
			}
			r.succeeds(t)
			if !slices.Contains(r.calls, build(row.want, "")) {
				t.Errorf("no build for %s among %q", row.want, r.calls)
			}
		})
	}
}

// The token goes to docker through a pipe, in the order of the requirement document; nothing that is printed, called or
// kept has it.
func TestUseRegistryCacheLogin(t *testing.T) {
	t.Parallel()
	const other = "DEVGEN_REPOSITORY=registry.example.org:5000/acme/app\n"
	type env map[string]string
	for _, row := range []struct {
		name, facts string
		args        string
		env         env
		code        int
		call, token string
		message     string
	}{
		{"not asked for", "", "", env{"GITHUB_TOKEN": "s3cret1"}, 0, "", "", ""},
		{"GITHUB_TOKEN", "", "--login", env{"GITHUB_TOKEN": "s3cret1", "GITHUB_USER": "ann", "CR_PAT": "s3cret2"}, 0, "login ghcr.io --username ann --password-stdin", "s3cret1", ""},
		{"CR_PAT", "", "--login", env{"CR_PAT": "s3cret2", "GITHUB_ACTOR": "bob"}, 0, "login ghcr.io --username bob --password-stdin", "s3cret2", ""},
		{"none", "", "--login", env{"REGISTRY_TOKEN": "s3cret3"}, 0, "", "", "there is no token for ghcr.io: anonymous access, which may be limited"},
		{"standard input", "", "--token-stdin", env{"IN": "s3cret4", "GITHUB_TOKEN": "s3cret1", "GITHUB_USER": "ann"}, 0, "login ghcr.io --username ann --password-stdin", "s3cret4", ""},
		{"a line of standard input", "", "--token-stdin", env{"IN": "s3cret4\r\n", "GITHUB_USER": "ann"}, 0, "login ghcr.io --username ann --password-stdin", "s3cret4", ""},
		{"empty standard input", "", "--token-stdin", env{"GITHUB_TOKEN": "s3cret1"}, 1, "", "", "standard input is empty; --token-stdin wants a token there"},
		{"another registry", other, "--login", env{"REGISTRY_TOKEN": "s3cret3", "REGISTRY_USER": "bot", "GITHUB_TOKEN": "s3cret1"}, 0, "login registry.example.org:5000 --username bot --password-stdin", "s3cret3", ""},
		{"another registry, no user", other, "--login", env{"REGISTRY_TOKEN": "s3cret3"}, 1, "", "", "REGISTRY_USER is not set: registry.example.org:5000 wants a user with the token"},
		{"a wrong token", "", "--login", env{"GITHUB_TOKEN": "s3cret1", "GITHUB_USER": "ann", "REFUSED": "1"}, 1, "login ghcr.io --username ann --password-stdin", "s3cret1", "ghcr.io refuses the token of ann; what is public needs no login"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := cacheRun{facts: row.facts, env: row.env, args: []string{"-c", `printf %s "${IN:-}" | bash "$0" $1`, useRegistryCache, row.args}}.run(t)
			equal(t, "exit code", r.code, row.code)
			equal(t, "the token", r.token, row.token)
			if row.message != "" {
				r.says(t, row.message)
			}
			logins := slices.DeleteFunc(slices.Clone(r.calls), func(call string) bool { return !strings.HasPrefix(call, "login") })
			equal(t, "the logins", strings.Join(logins, "\n"), row.call)
			if built := slices.Contains(r.calls, build("linux/amd64", "")); built != (row.code == 0) {
				t.Errorf("built: %t, with the exit code %d", built, r.code)
			}
			for where, text := range snapshot(t, r.home) {
				if strings.Contains(text, "s3cret") {
					t.Errorf("%s holds the token:\n%s", where, text)
				}
			}
			if all := r.stdout + r.stderr + strings.Join(r.calls, "\n"); strings.Contains(all, "s3cret") {
				t.Errorf("the token shows in\n%s", all)
			}
		})
	}
}

func TestUseRegistryCachePull(t *testing.T) {
	t.Parallel()
	pull := []string{"pull --platform linux/amd64 ghcr.io/acme/app:latest"}
	r := cacheRun{args: []string{useRegistryCache, "--pull"}}.run(t)
	r.succeeds(t)
	equal(t, "the calls of docker", r.calls, slices.Concat(ready, pull, []string{"tag ghcr.io/acme/app:latest app-devcontainer:local"}))
	equal(t, "standard output", r.stdout, r.start())
	if !strings.Contains(r.stderr, "\nlatest: Pulling from acme/app\n") {
		t.Errorf("nobody sees how far the pull is:\n%s", r.stderr)
	}

	r = cacheRun{args: []string{useRegistryCache, "--pull"}, env: map[string]string{"NO_IMAGE": "1"}}.run(t)
	r.succeeds(t)
	r.says(t, "Error response from daemon: manifest unknown", "ghcr.io/acme/app:latest cannot be pulled, so it is built")
	equal(t, "the calls of docker", r.calls, slices.Concat(ready, pull, version, []string{build("linux/amd64", ""), history}))
}

func TestUseRegistryCacheBuild(t *testing.T) {
	t.Parallel()
	const secrets = "DEVGEN_BUILD_SECRETS=('npm NPM_AUTH' 'pip PIP_AUTH')\n"
	npm := map[string]string{"NPM_AUTH": "s3cret"}
	r := cacheRun{facts: secrets + "DEVGEN_TARGET=dev\n", env: npm, args: []string{useRegistryCache, "--builder", "b7"}}.run(t)
	r.succeeds(t)
	r.says(t, "PIP_AUTH is not set: the build goes without the secret pip")
	if want := build("linux/amd64", " --builder b7 --target dev --secret id=npm,env=NPM_AUTH"); !slices.Contains(r.calls, want) {
		t.Errorf("docker is called with\n%s\nwant\n%s", strings.Join(r.calls, "\n"), want)
	}
}

// An engine before 23.0 breaks off at the zstd layers of the cache.
func TestUseRegistryCacheOldEngine(t *testing.T) {
	t.Parallel()
	for engine, want := range map[string]bool{"20.10.24+dfsg1": true, "19.03": true, "23.0.0": false, "28.0.4": false, "5.6.1": true, "master": false} {
		r := cacheRun{args: []string{useRegistryCache}, env: map[string]string{"ENGINE": engine}}.run(t)
		r.succeeds(t)
		all := strings.Join(r.calls, "\n")
		if got := strings.Contains(all, " --output type=docker,compression=gzip,force-compression=true "); got != want || strings.Contains(all, " --load ") == want {
			t.Errorf("engine %s: %s", engine, all)
		}
	}
}

// What a spec may say reaches docker as it was said, whatever bash thinks of it.
func TestUseRegistryCacheQuotes(t *testing.T) {
	t.Parallel()
	const arg = `GREETING=it's "$(touch pwned)" *`
	r := cacheRun{
		facts: "DEVGEN_BUILD_ARGS=('" + strings.ReplaceAll(arg, "'", `'\''`) + "')\nDEVGEN_NAME=a..b\n",
		args:  []string{"-c", `eval "set -- $(bash "$0" --dry-run | grep 'buildx build')"; printf '%s\n' "$@"`, useRegistryCache},
	}.run(t)
	r.succeeds(t)
	if !strings.Contains(r.stdout, "\n--build-arg\n"+arg+"\n") || !strings.Contains(r.stdout, "\n--tag\na-b-devcontainer:local\n") {
		t.Errorf("the arguments are\n%s", r.stdout)
	}
}

func TestUseRegistryCacheDryRun(t *testing.T) {
	t.Parallel()
	r := cacheRun{args: []string{useRegistryCache, "--dry-run", "--pull", "--login"}, env: map[string]string{"GITHUB_TOKEN": "s3cret", "GITHUB_USER": "ann"}}.run(t)
	r.succeeds(t)
	equal(t, "standard output", r.stdout, `docker login ghcr.io --username ann --password-stdin
docker pull --platform linux/amd64 ghcr.io/acme/app:latest
docker tag ghcr.io/acme/app:latest app-devcontainer:local
`+r.start())
	equal(t, "the calls of docker", r.calls, []string{""})
}

func TestUseRegistryCacheTellsWhatItKnows(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "stream")
	write(t, missing, `{"vertexes":[{"digest":"a","name":"importing cache manifest from x:amd64","error":"x:amd64: not found"}]}
{"vertexes":[{"digest":"b","name":"[2/2] RUN a","started":"t"}]}`)
	for _, row := range []struct {
		name, hidden string
		env          map[string]string
		want         string
		warning      string
	}{
		{"a cache that is not there", "", map[string]string{"STREAM": missing}, "0 of 1 steps from the cache", "a cache could not be read: x:amd64: not found"},
		{"no jq", "jq", nil, "cached steps not counted: jq is not installed", ""},
		{"a builder without records", "", map[string]string{"NO_HISTORY": "1"}, "cached steps not counted: this builder keeps no record", ""},
		{"a builder that breaks off", "", map[string]string{"HALF_HISTORY": "1"}, "cached steps not counted: this builder keeps no record", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := cacheRun{args: []string{useRegistryCache}, env: row.env, hidden: row.hidden}.run(t)
			r.succeeds(t)
			if !strings.Contains(r.stderr, " s, "+row.want+"\n") || r.stdout != r.start() {
				t.Errorf("it tells\n%s%s", r.stderr, r.stdout)
			}
			if row.warning != "" {
				r.says(t, row.warning)
			}
		})
	}
}

func TestUseRegistryCacheFails(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		args    []string
		env     map[string]string
		code    int
		message string
	}{
		{"an unknown option", []string{"--plattform"}, nil, 2, "unknown argument --plattform"},
		{"an option without its value", []string{"--platform"}, nil, 2, "--platform needs a value"},
		{"a word", []string{"linux/amd64"}, nil, 2, "unknown argument linux/amd64"},
		{"no engine", nil, map[string]string{"NO_ENGINE": "1"}, 1, "the Docker engine does not answer: Cannot connect to the Docker daemon"},
		{"a build that fails", nil, map[string]string{"BROKEN": "1"}, 1, "the build failed; the last lines above say why"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := cacheRun{args: append([]string{useRegistryCache}, row.args...), env: row.env}.run(t)
			r.fails(t, row.code, row.message)
			equal(t, "standard output", r.stdout, "")
		})
	}
}

// A spec without compose files has nothing to start.
func TestUseRegistryCacheWithoutCompose(t *testing.T) {
	t.Parallel()
	r := cacheRun{facts: "DEVGEN_COMPOSE_FILES=()\n", args: []string{useRegistryCache}}.run(t)
	r.succeeds(t)
	equal(t, "standard output", r.stdout, "")
}

func TestCacheScriptsHelp(t *testing.T) {
	t.Parallel()
	for _, name := range []string{useRegistryCache, verifyRegistryCache} {
		r := cacheRun{args: []string{name, "--help"}, env: map[string]string{"NO_ENGINE": "1"}}.run(t)
		r.succeeds(t)
		equal(t, "the calls of docker", r.calls, []string{""})
		if !strings.HasPrefix(r.stdout, "Usage: "+filepath.Base(name)+" [OPTION...]\n") || r.stderr != "" {
			t.Errorf("it prints\n%s%s", r.stdout, r.stderr)
		}
	}
}

// verdicts are the results of the tests by their last letter: "A pass, B skip".
func verdicts(t *testing.T, summary string) (text string, values map[string]any) {
	t.Helper()
	var s struct {
		Suite  string
		Tests  []struct{ ID, Result string }
		Values map[string]any
	}
	if err := json.Unmarshal([]byte(summary), &s); err != nil {
		t.Fatalf("%v in %q", err, summary)
	}
	equal(t, "the suite", s.Suite, "verify-registry-cache")
	var all []string
	for _, test := range s.Tests {
		all = append(all, strings.TrimPrefix(test.ID, "TEST-PERF-006-")+" "+test.Result)
	}
	return strings.Join(all, ", "), s.Values
}

func TestVerifyRegistryCache(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stream := func(name, text string) string {
		write(t, filepath.Join(dir, name), text)
		return filepath.Join(dir, name)
	}
	cached := func(n, of int) (text string) {
		for i := range of {
			text += fmt.Sprintf(`{"vertexes":[{"digest":"%d","name":"[x %d/9] RUN a","started":"t","cached":%t}]}`+"\n", i, i, i < n)
		}
		return text
	}
	most, half, nothing := stream("most", cached(8, 10)), stream("half", cached(1, 2)), stream("nothing", cached(0, 0))
	const fine = "A pass, B pass, C pass, D pass"
	for _, row := range []struct {
		name, want string
		code       int
		env        map[string]string
		facts      string
		enforce    bool
		message    string
	}{
		{name: "all cached", want: fine},
		{name: "all cached, enforced", want: fine, enforce: true},
		{name: "a registry that asks for nobody", want: fine, env: map[string]string{"HTTP": "200"}},
		{name: "a server that is no registry", want: "A fail, B pass, C pass, D pass", code: 1, env: map[string]string{"HTTP": "404"}, message: "https://ghcr.io/v2/ answers 404; want 200 or 401"},
		{name: "no registry", want: "A fail, B fail, C skip, D skip", code: 1, env: map[string]string{"HTTP": "", "NO_CACHE": "dial tcp: connection refused"}, message: "# curl: (7) connection refused"},
		{name: "no cache yet", want: "A pass, B skip, C skip, D skip", env: map[string]string{"NO_CACHE": "ghcr.io/acme/app-cache:amd64: not found"}, message: "# SKIP ghcr.io/acme/app-cache:amd64: not found: the workflow has not filled it yet"},
		{name: "no cache, enforced", want: "A pass, B fail, C skip, D skip", code: 1, enforce: true, env: map[string]string{"NO_CACHE": "ghcr.io/acme/app-cache:amd64: not found"}},
		{name: "no login", want: "A pass, B fail, C skip, D skip", code: 1, env: map[string]string{"NO_CACHE": "unexpected status: 401 Unauthorized"}, message: "# unexpected status: 401 Unauthorized"},
		{name: "a host that is not found", want: "A pass, B fail, C skip, D skip", code: 1, env: map[string]string{"NO_CACHE": "lookup ghcr.io: no such host"}},
		{name: "a cache in the form of an index", want: fine, env: map[string]string{"MANIFEST": `{"manifests":[{"mediaType":"application/vnd.oci.image.layer.v1.tar"},{"mediaType":"application/vnd.buildkit.cacheconfig.v0"}]}`}},
		{name: "an image", want: "A pass, B fail, C skip, D skip", code: 1, env: map[string]string{"MANIFEST": `{"config":{"mediaType":"application/vnd.oci.image.config.v1+json"}}`}, message: "# ghcr.io/acme/app-cache:amd64 is no cache of BuildKit"},
		{name: "no JSON", want: "A pass, B fail, C skip, D skip", code: 1, env: map[string]string{"MANIFEST": "<html>"}},
		{name: "no builder", want: "A pass, B pass, C fail, D skip", code: 1, env: map[string]string{"NO_BUILDER": "1"}, message: "# ERROR: no builder"},
		{name: "a build that fails", want: "A pass, B pass, C fail, D skip", code: 1, env: map[string]string{"BROKEN": "1"}, message: "# ERROR: failed to solve: exit code: 3"},
		{name: "too slow", want: "A pass, B pass, C fail, D pass", code: 1, facts: "DEVGEN_WARM_SECONDS=0\n", message: " s; want at most 0 s"},
		{name: "between the floor and the objective", want: fine, env: map[string]string{"STREAM": most}},
		{name: "between the floor and the objective, enforced", want: "A pass, B pass, C pass, D fail", code: 1, enforce: true, env: map[string]string{"STREAM": most}, message: "# 8 of 10 steps\n# want at least 95 %"},
		{name: "below the floor", want: "A pass, B pass, C pass, D fail", code: 1, env: map[string]string{"STREAM": half}, message: "# 1 of 2 steps\n# want at least 70 %"},
		{name: "no steps", want: "A pass, B pass, C pass, D skip", env: map[string]string{"STREAM": nothing}},
		{name: "no steps, enforced", want: "A pass, B pass, C pass, D fail", code: 1, enforce: true, env: map[string]string{"STREAM": nothing}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			summary := filepath.Join(t.TempDir(), "summary.json")
			args := []string{verifyRegistryCache, "--json", summary}
			if row.enforce {
				args = append(args, "--enforce")
			}
			r := cacheRun{facts: row.facts, env: row.env, args: args}.run(t)
			r.fails(t, row.code, row.message)
			got, _ := verdicts(t, contents(t, summary))
			equal(t, "the results", got, row.want)
			if !strings.HasSuffix(r.stdout, "1..4\n") || strings.Count(r.stdout, "ok ") != 4 {
				t.Errorf("no TAP of four tests:\n%s", r.stdout)
			}
			if made, gone := slices.ContainsFunc(r.calls, prefixed("buildx create")), slices.Contains(r.calls, "buildx rm --force verify-app"); made != gone {
				t.Errorf("a builder was made: %t, and removed: %t", made, gone)
			}
		})
	}
}

func prefixed(prefix string) func(string) bool {
	return func(s string) bool { return strings.HasPrefix(s, prefix) }
}

// The build has what the workflow's has, of the caches the registry's alone, and fetches the layers. The summary has the
// figures.
func TestVerifyRegistryCacheBuilds(t *testing.T) {
	t.Parallel()
	summary := filepath.Join(t.TempDir(), "summary.json")
	r := cacheRun{
		facts: `DEVGEN_BUILD_ARGS=(A=b)
DEVGEN_TARGET=dev
DEVGEN_BUILD_SECRETS=('npm NPM_AUTH' 'pip PIP_AUTH')
DEVGEN_CACHES=('linux/amd64 type=registry,ref=ghcr.io/acme/app:latest' 'linux/amd64 type=registry,ref=ghcr.io/acme/app-cache:amd64')
`,
		env:  map[string]string{"NPM_AUTH": "s3cret", "BUILDKIT_IMAGE": "moby/buildkit:v0.34.2"},
		args: []string{verifyRegistryCache, "--platform", "linux/amd64", "--cache-repository", "ghcr.io/fork/app-cache", "--json", summary},
	}.run(t)
	r.succeeds(t)
	equal(t, "the calls of docker", r.calls, slices.Concat(ready, []string{
		"buildx imagetools inspect --raw ghcr.io/fork/app-cache:amd64",
		"buildx create --name verify-app --driver docker-container --driver-opt image=moby/buildkit:v0.34.2 --buildkitd-config " + r.root + "/.devcontainer/buildkitd.toml --bootstrap",
		"buildx build --builder verify-app --platform linux/amd64 --file .devcontainer/Dockerfile --cache-from type=registry,ref=ghcr.io/fork/app-cache:amd64 --target dev " +
			"--build-arg A=b --secret id=npm,env=NPM_AUTH --provenance=false --output type=oci,dest=/dev/null --progress rawjson .",
		"buildx rm --force verify-app",
	}))
	equal(t, "the folder of the build", r.pwd, r.root)
	_, values := verdicts(t, contents(t, summary))
	if seconds, ok := values["seconds"].(float64); !ok || seconds <= 0 {
		t.Errorf("the build took %v seconds", values["seconds"])
	}
	delete(values, "seconds")
	equal(t, "the figures", values, map[string]any{
		"platform": "linux/amd64", "cache": "ghcr.io/fork/app-cache:amd64", "hit_rate": 100.0, "steps_total": 9.0, "steps_cached": 9.0, "misses": []any{},
	})
}

// Only a registry of this machine is spoken to without TLS, and reached through the network of the host.
func TestVerifyRegistryCacheOfThisMachine(t *testing.T) {
	t.Parallel()
	for repository, want := range map[string]string{
		"localhost:5000/app-cache":         "http://localhost:5000/v2/",
		"127.0.0.1:5000/acme/app-cache":    "http://127.0.0.1:5000/v2/",
		"localhost.example.org/app-cache":  "https://localhost.example.org/v2/",
		"docker.io/acme/app-cache":         "https://registry-1.docker.io/v2/",
		"registry.example.org:5/app-cache": "https://registry.example.org:5/v2/",
	} {
		r := cacheRun{args: []string{verifyRegistryCache, "--cache-repository", repository}, env: map[string]string{"HTTP": "500"}}.run(t)
		r.fails(t, 1, want+" answers 500")
		host := slices.ContainsFunc(r.calls, func(call string) bool { return strings.Contains(call, "--driver-opt network=host") })
		if host != strings.HasPrefix(want, "http:") {
			t.Errorf("%s: the network of the host is used: %t", repository, host)
		}
	}
}

func TestVerifyRegistryCacheFails(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		args    []string
		env     map[string]string
		hidden  string
		code    int
		message string
	}{
		{"an unknown option", []string{"--json=x"}, nil, "", 2, "unknown argument --json=x"},
		{"an option without its value", []string{"--json"}, nil, "", 2, "--json needs a value"},
		{"a platform that the spec leaves out", []string{"--platform", "linux/s390x"}, nil, "", 2, "no image is made for linux/s390x"},
		{"no engine", nil, map[string]string{"NO_ENGINE": "1"}, "", 1, "the Docker engine does not answer"},
		{"no jq", nil, nil, "jq", 1, "not installed: jq"},
		{"a summary that cannot be written", []string{"--json", "/nowhere/x.json"}, nil, "", 1, "/nowhere/x.json"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := cacheRun{args: append([]string{verifyRegistryCache}, row.args...), env: row.env, hidden: row.hidden}.run(t)
			r.fails(t, row.code, row.message)
		})
	}
}

// A signal ends the build at once and leaves no builder.
func TestVerifyRegistryCacheStopped(t *testing.T) {
	t.Parallel()
	r := cacheRun{env: map[string]string{"SLOW": "60"}, args: []string{"-c", `bash "$0" & child=$!
docker=$(command -v docker)
called() { for ((i = 0; i < 600; i++)); do ! grep -q "$1" "${docker%/*}/calls" 2>/dev/null || return 0; sleep 0.05; done; }
called 'buildx build'
kill -TERM "$child"
wait "$child"
code=$?
called stopped
exit "$code"`, verifyRegistryCache}}.run(t)
	r.fails(t, 143, "stopped by SIGTERM")
	end := r.calls[len(r.calls)-2:]
	slices.Sort(end) // docker is told one after the other, and the build needs a moment
	equal(t, "the last calls of docker", end, []string{"buildx rm --force verify-app", "stopped"})
}
