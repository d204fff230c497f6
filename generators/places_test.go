package generators

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/devgen/devgen/schema"
)

// A place is where the language takes a string of the user, and where that string is to come out.
//
// The path goes through the spec: "*" is any name or index, and "~" at the end is the name itself. form is the
// definition of schema.cue that it must have, words between bars, or native for what passes through as it is.
//
// Each of out is "DOCUMENT: PATH = TEXT". The path goes through the document as it was read back (readback_test.go),
// and the text has {} for the string, with the variants of fill, and … for anything. " or " parts alternatives. One
// that begins with "?" holds for the whole spec only, because other fields may change it. No out is a string
// that no file shows.
type place struct {
	path, form string
	out        []string
}

// passes is the form of what passes through: it is compared as a whole (readNative).
const passes = "native"

var places = []place{
	{"name", "#Name", []string{"facts: DEVGEN_HOST_CLONES = ~/.{}-devcontainer/.clones", "?devcontainer: name = {}", "?volumes: volumes * labels dev.devgen.spec = {}", "?volumes: volumes * name = {}-…", "?workflow: jobs build steps * with key = {}-buildx-…", "facts: DEVGEN_NAME = {}", "facts: DEVGEN_HOST_FOLDER = ~/.{}-devcontainer"}},
	{"workspace", "#AbsolutePath", []string{"devcontainer: workspaceFolder = {}", "compose: services dev working_dir = {}", "compose: services dev volumes * target = {}", "volumes: services dev volumes * target = {}"}},
	{"user name", "#UserName", []string{"devcontainer: remoteUser = {}", "compose: services dev user = {}", "facts: DEVGEN_USER = {}"}},
	{"user home", "#AbsolutePath", []string{"?volumes: services dev volumes * target = {}/…", "?facts: DEVGEN_VOLUMES * = … {}/…"}},

	{"requirements ~", "#RequirementID", []string{"traceability: requirements * id = {}", "?workflow: # = [TAG-{}-WORKFLOW] …", "?buildkitd: # = [TAG-{}-BUILDX] …", "?facts: # = [TAG-{}-FACTS] …", "?devcontainer: # = [TAG-{}-DEVCONTAINER] …"}},
	{"requirements * title", "#Text", []string{"traceability: requirements * title = {}"}},
	{"requirements * covers *", "|workflow|drift|compose|volumes|cache-override|devcontainer|buildkitd|init|facts|core|docker-lib|volumes-lib|use-registry-cache|manage-volumes|own-mounts|cache-report|cache-hit|verify-registry-cache|verify-volumes|lib-test|tap|traceability|", []string{"traceability: requirements * covers * = {}"}},
	{"requirements * priority", "#Text", []string{"traceability: requirements * priority = {}"}},
	{"requirements * effort", "#Text", []string{"traceability: requirements * effort = {}"}},
	{"requirements * owner", "#Text", []string{"traceability: requirements * owner = {}"}},
	{"requirements * debt", "#Text", []string{"traceability: requirements * debt = {}"}},
	{"requirements * reference", "#Text", []string{"traceability: requirements * reference = {}"}},

	{"image registry", "#Registry", []string{"compose: services dev image = {}/…", "workflow: jobs plan steps * env IMAGE = {}/…", "workflow: jobs * steps * with registry = {}", "cache-override: services dev build cache_from * , ref = {}/…", "facts: DEVGEN_REPOSITORY = {}/…", "?facts: DEVGEN_CACHE_REPOSITORY = {}/…"}},
	{"image repository", "#Repository", []string{"compose: services dev image = …/{}:…", "workflow: jobs plan steps * env IMAGE = …/{}", "facts: DEVGEN_REPOSITORY = …/{}"}},
	{"image base", "#ImageReference", []string{"compose: services dev image = {}", "facts: DEVGEN_IMAGE = {}"}},
	{"image dockerfile", "#RelativePath", []string{"compose: services dev build dockerfile @ = {}", "workflow: jobs * steps * with file = {}", "facts: DEVGEN_DOCKERFILE = {}"}},
	{"image context", "#RelativePath", []string{"compose: services dev build context @ = {}", "workflow: jobs * steps * with context = {}", "facts: DEVGEN_CONTEXT = {}"}},
	{"image target", "#StageName", []string{"compose: services dev build target = {}", "workflow: jobs * steps * with target = {}", "facts: DEVGEN_TARGET = {}"}},
	{"image args ~", "#EnvName", []string{"compose: services dev build args ~ = {}", "workflow: jobs * steps * with build-args | = {}=…", "facts: DEVGEN_BUILD_ARGS * = {}=…"}},
	{"image args *", "#Text", []string{"compose: services dev build args * = {}", "workflow: jobs * steps * with build-args | = …={}", "facts: DEVGEN_BUILD_ARGS * = …={}"}},
	{"image secrets ~", "#SecretID", []string{"compose: secrets ~ = {}", "compose: services dev build secrets * = {}", "workflow: jobs * steps * with secret-envs | = {}=BUILD_SECRET_…", "facts: DEVGEN_BUILD_SECRETS * = {} …"}},
	{"image secrets * env", "#EnvName", []string{"compose: secrets * environment = {}", "workflow: jobs * steps * env * = {secret}", "facts: DEVGEN_BUILD_SECRETS * = … {}"}},
	{"image login username", "#LoginName", []string{"workflow: jobs * steps * with username = {}"}},
	{"image login secret", "#SecretName", []string{"workflow: jobs * steps * with password = {secret}"}},
	{"image provenance", "|max|min|off|", nil},

	{"platforms ~", "#Platform", []string{"workflow: jobs plan steps * env PLATFORMS json * platform = {}", "facts: DEVGEN_PLATFORMS * = {}", "?facts: DEVGEN_CACHES * = {} type=registry,…"}},
	{"platforms * runner *", "#RunnerLabel", []string{"workflow: jobs plan steps * env PLATFORMS json * runner * = {} or workflow: jobs plan steps * env PLATFORMS json * runner = {}"}},
	{"platforms * runner", "#RunnerLabel", []string{"workflow: jobs plan steps * env PLATFORMS json * runner = {}"}},

	{"caches registry writers *", "#Branch", []string{"workflow: jobs plan steps * env WRITERS_REGISTRY = …{glob}…"}},
	{"caches registry mode", "|max|min|", nil},
	{"caches registry compression", "|zstd|gzip|estargz|uncompressed|", []string{"workflow: jobs * steps * with cache-to | $ * , compression = {}"}},
	{"caches registry repository", "#Repository", []string{"cache-override: services dev build cache_from * , ref = …/{}:…", "workflow: jobs plan steps * env CACHE = …/{}", "facts: DEVGEN_CACHE_REPOSITORY = …/{}", "facts: DEVGEN_CACHES * = … type=registry,ref=…/{}:…"}},
	{"caches gha writers *", "#Branch", []string{"workflow: jobs plan steps * env WRITERS_GHA = …{glob}…"}},
	{"caches gha mode", "|max|min|", nil},
	{"caches gha scope", "#Name", []string{"workflow: jobs * steps * with cache-from | , scope = {}-${{ matrix.arch }}", "workflow: jobs * steps * with cache-to | $ * , scope = {}-{0}"}},
	{"caches s3 writers *", "#Branch", []string{"workflow: jobs plan steps * env WRITERS_S3 = …{glob}…"}},
	{"caches s3 mode", "|max|min|", nil},
	{"caches s3 bucket", "#BucketName", s3("bucket")},
	{"caches s3 region", "#Region", s3("region")},
	{"caches s3 prefix", "#KeyPrefix", s3("prefix")},
	{"caches s3 endpoint", "#URL", s3("endpoint_url")},
	{"caches s3 accessKey", "#SecretName", []string{"workflow: jobs * steps * env AWS_ACCESS_KEY_ID = {secret}"}},
	{"caches s3 secretKey", "#SecretName", []string{"workflow: jobs * steps * env AWS_SECRET_ACCESS_KEY = {secret}"}},
	{"caches azblob writers *", "#Branch", []string{"workflow: jobs plan steps * env WRITERS_AZBLOB = …{glob}…"}},
	{"caches azblob mode", "|max|min|", nil},
	{"caches azblob account", "#URL", s3("account_url")},
	{"caches azblob accountName", "#AccountName", s3("account_name")},
	{"caches azblob container", "#BucketName", s3("container")},
	{"caches azblob prefix", "#KeyPrefix", s3("prefix")},
	{"caches azblob key", "#SecretName", []string{"workflow: jobs * steps * with cache-to | = …, {secretname},… or workflow: jobs * steps * with cache-to | = …, {secretname})…"}},
	{"caches local writers *", "#Branch", []string{"workflow: jobs plan steps * env WRITERS_LOCAL = …{glob}…"}},
	{"caches local mode", "|max|min|", nil},

	{"tags semver patterns *", "#SemverPattern", []string{"workflow: jobs * steps * with tags | , pattern = {}"}},
	{"tags fixed *", "#Tag", []string{"workflow: jobs * steps * with tags | , value = {}"}},

	{"volumes ~", "#Name", []string{"volumes: volumes ~ = {} or volumes: services dev volumes * source = …/{} or volumes: services dev tmpfs * # = …{}", "facts: DEVGEN_VOLUMES * = {} …"}},
	{"volumes * target", "#Target", []string{"volumes: services dev volumes * target = …{path} or volumes: services dev tmpfs * target = …{path}", "facts: DEVGEN_VOLUMES * = … …{path}"}},
	{"volumes * persistence", "|cache|build|state|ephemeral|", []string{"facts: DEVGEN_VOLUMES * = … {} …"}},
	{"volumes * backing", "|volume|host|", nil},
	{"volumes * scope", "|shared|project|", nil},
	{"volumes * size", "#Size", nil},
	{"volumes * group", "#Group", []string{"?volumes: services dev volumes * # = …{}"}},
	{"volumes * history", "|bash|zsh|", nil},
	{"mounts ~", "#Name", []string{"facts: DEVGEN_MOUNTS * = {} r…"}},
	{"mounts * source", "#HostPath", []string{"volumes: services dev volumes * source = …{path}", "facts: DEVGEN_HOST_DIRECTORIES * = {} or facts: DEVGEN_HOST_FILES * = {}"}},
	{"mounts * target", "#Target", []string{"volumes: services dev volumes * target = …{path}", "facts: DEVGEN_MOUNTS * = …{path}"}},
	{"mounts * kind", "|directory|file|", nil},
	{"mounts * group", "#Group", []string{"?volumes: services dev volumes * # = …{}"}},

	{"buildkit version", "#Version", []string{"workflow: env BUILDKIT_IMAGE = moby/buildkit:{}"}},
	{"buildkit buildx", "#Version", []string{"workflow: env BUILDX_VERSION = {}"}},
	{"buildkit gc max", "#Size", []string{"buildkitd: worker oci gcpolicy * maxUsedSpace = {}"}},
	{"buildkit gc keep", "#Duration", []string{"buildkitd: worker oci gcpolicy * keepDuration = {}"}},
	{"buildkit mirrors ~", "#Registry", []string{"buildkitd: registry ~ = {}"}},
	{"buildkit mirrors * *", "#Registry", []string{"buildkitd: registry * mirrors * = {}"}},

	{"workflow repository", "#GitHubRepository", []string{"workflow: jobs plan steps * env HOME_REPOSITORY = {}"}},
	{"workflow forkImageVariable", "#EnvName", []string{"workflow: jobs plan steps * env FORK_IMAGE = ${{ vars.{} }}"}},
	{"workflow name", "#Text", []string{"workflow: name = {}"}},
	{"workflow defaultBranch", "#BranchName", []string{"workflow: jobs plan steps * env DEFAULT_BRANCH = {}", "?workflow: jobs * steps * with tags | $ * = refs/heads/{}"}},
	{"workflow branches *", "#Branch", []string{"workflow: on push branches * = {}"}},
	{"workflow tags *", "#Branch", []string{"workflow: on push tags * = {}"}},
	{"workflow paths *", "#PathFilter", []string{"workflow: on push paths * = {}"}},
	{"workflow schedules * cron", "#Cron", []string{"workflow: on schedule * cron = {}"}},
	{"workflow schedules * purpose", "|warm|refresh|", nil},
	{"workflow timeout", "#Minutes", nil},
	{"workflow runner", "#RunnerLabel", []string{"workflow: jobs * runs-on = {}"}},
	{"workflow checkout submodules", "|recursive|", nil},

	{"drift command", "#Command", []string{"drift: jobs drift steps * run = {} check…"}},
	{"drift goVersionFile", "#RelativePath", []string{"drift: jobs drift steps * with go-version-file = {}"}},
	{"drift name", "#Text", []string{"drift: name = {}"}},
	{"drift branches *", "#Branch", []string{"drift: on push branches * = {}"}},
	{"drift timeout", "#Minutes", nil},
	{"drift runner", "#RunnerLabel", []string{"drift: jobs drift runs-on = {}"}},
	{"drift steps before * run", passes, nil},
	{"drift steps * **", passes, nil},

	{"objectives warmBuild", "#Duration", nil},
	{"objectives coldBuild", "#Duration", nil},
	{"outputs ~", "|workflow|drift|compose|volumes|cache-override|devcontainer|buildkitd|init|facts|core|docker-lib|volumes-lib|use-registry-cache|manage-volumes|own-mounts|cache-report|cache-hit|verify-registry-cache|verify-volumes|lib-test|tap|traceability|", nil},
	{"outputs *", "#RelativePath", []string{"?files: * = {}"}},
	{"lint ignore ~", "#RuleID", nil},
	{"lint ignore *", "#Text", nil},

	{"services ~", "#Name", []string{"compose: services ~ = {}"}},
	{"services sidecar environment ~", passes, nil},
	{"services sidecar environment *", passes, nil},
	{"services sidecar labels ~", passes, nil},
	{"services sidecar labels *", passes, nil},
	{"services sidecar command *", passes, nil},
	{"services sidecar image", passes, nil},
	{"services sidecar x-any ~", passes, nil},
	{"services sidecar x-any *", passes, nil},
	{"services sidecar **", passes, nil},
	{"services dev environment ~", passes, nil},
	{"services dev environment *", passes, nil},
	{"services dev **", passes, nil},
	{"devcontainer customizations * ~", passes, nil},
	{"devcontainer customizations tool *", passes, nil},
	{"devcontainer postCreateCommand", passes, nil},
	{"devcontainer onCreateCommand *", passes, nil},
	{"devcontainer initializeCommand", passes, nil},
	{"devcontainer remoteEnv *", passes, nil},
	{"devcontainer ~", passes, nil},
	{"devcontainer **", passes, nil},
	{"workflow steps before * name", passes, nil},
	{"workflow steps before * run", passes, nil},
	{"workflow steps before * env ~", passes, nil},
	{"workflow steps before * env *", passes, nil},
	{"workflow steps after * with *", passes, nil},
	{"workflow steps * **", passes, nil},
}

// s3 is where an option of a cache with credentials comes out: in the text of a format() of the workflow.
func s3(option string) []string {
	return []string{"workflow: jobs * steps * with cache-from | $ * , " + option + " = {}", "workflow: jobs * steps * with cache-to | $ * , " + option + " = {}"}
}

// whole says every field of the language but image.base, which ready says.
const whole = `{
	"name": "app", "workspace": "/workspaces/app", "user": {"name": "dev", "uid": 1000, "gid": 1000, "home": "/home/dev"},
	"requirements": {"ALL-001": {"title": "all of it", "covers": ["core", "workflow", "volumes", "buildkitd", "facts", "devcontainer", "manage-volumes", "lib-test"],
		"priority": "P1", "sprint": 1, "effort": "1 day", "owner": "me", "debt": "TD-1", "reference": "a.md#b"}},
	"image": {"registry": "quay.io", "repository": "acme/app", "dockerfile": "build/Dockerfile", "context": "build", "target": "dev",
		"args": {"VARIANT": "X y"}, "secrets": {"npm": {"env": "NPM_AUTH"}}, "login": {"username": "bot", "secret": "QUAY"}, "provenance": "min"},
	"platforms": {"linux/amd64": {"runner": ["self-hosted", "x64"], "emulated": false}, "linux/arm64": {"runner": "arm-label"}},
	"caches": {
		"registry": {"writers": ["main", "release/**"], "mode": "max", "compression": "zstd", "repository": "acme/layers"},
		"gha": {"writers": ["main", "release/**"], "mode": "max", "scope": "layers"},
		"s3": {"writers": ["main", "release/**"], "mode": "min", "bucket": "bucket", "region": "eu-central-1", "prefix": "cache/", "endpoint": "https://s3.example.org", "accessKey": "S3_ID", "secretKey": "S3_VALUE"},
		"azblob": {"writers": ["main", "release/**"], "mode": "max", "account": "https://a.example.org", "accountName": "acme", "container": "layers", "prefix": "blob/", "key": "AZ_VALUE"},
		"local": {"writers": ["main", "release/**"], "mode": "max"}, "inline": {}},
	"tags": {"branch": {}, "semver": {"patterns": ["{{version}}"]}, "sha": {}, "date": {}, "latest": {}, "fixed": ["edge"]},
	"volumes": {
		"packages": {"target": "~/.packages", "persistence": "cache", "backing": "volume", "scope": "shared", "size": "1GB", "group": "Packages", "history": "bash"},
		"obj": {"target": "obj", "persistence": "build"},
		"home": {"target": "/data", "persistence": "state", "backing": "host"},
		"more": {"target": "/more", "persistence": "state"},
		"memory": {"target": "~/.memory", "persistence": "ephemeral", "size": "64MB"}},
	"mounts": {"ssh": {"source": "~/.ssh", "target": "~/.ssh", "kind": "directory", "readOnly": true, "group": "Keys"}},
	"buildkit": {"version": "v0.34.2", "buildx": "v0.38.2", "parallelism": 4, "gc": {"max": "10GB", "keep": "168h"}, "mirrors": {"registry.example.org": ["mirror.example.org"]}},
	"workflow": {
		"repository": "Acme/App", "forkImageVariable": "IMAGE", "name": "Image", "defaultBranch": "main", "branches": ["release/**", "**"], "tags": ["v*"],
		"paths": ["src/**"], "pullRequests": true, "dispatch": true, "schedules": [{"cron": "17 2 * * *", "purpose": "warm"}, {"cron": "43 3 * * 1", "purpose": "refresh"}],
		"timeout": "45m", "runner": "ubuntu-24.04", "checkout": {"fetchDepth": 0, "submodules": "recursive"}, "attestation": true,
		"steps": {"before": [{"name": "first", "run": "true", "env": {"KEY": "value"}}], "after": [{"uses": "actions/cache@v4", "with": {"path": "x", "key": "y"}}]}},
	"drift": {"command": "go tool devgen", "goVersionFile": "tools/go.mod", "name": "Drift", "branches": ["main"], "timeout": "9m", "runner": "own-label", "steps": {"before": [{"run": "true"}]}},
	"objectives": {"hitRate": 95, "hitRateFloor": 70, "warmBuild": "180s", "coldBuild": "420s"},
	"devcontainer": {"postCreateCommand": "true", "onCreateCommand": ["echo", "x"], "initializeCommand": "true", "remoteEnv": {"KEY": "value"},
		"customizations": {"tool": {"setting": "value"}}, "forwardPorts": [3000]},
	"services": {
		"sidecar": {"environment": {"KEY": "value"}, "labels": {"key": "value"}, "command": ["sleep", "1"], "image": "postgres", "x-any": {"key": "value"}},
		"dev": {"environment": {"OWN": "value"}, "cap_add": ["SYS_PTRACE"], "x-any": {"key": "value"}}},
	"outputs": {"buildkitd": ".devcontainer/buildkitd.toml"},
	"lint": {"ignore": {"DG-35": "because"}}
}`

const ready = `{"name": "app", "image": {"base": "debian"}, "platforms": {"linux/amd64": {}}}`

// spec is the spec that has the place.
func (p place) spec() schema.Value {
	switch p.path {
	case "image base":
		return fromJSON(ready)
	case "drift command": // one that is not go's needs no version of it
		return fromJSON(strings.Replace(whole, `"goVersionFile": "tools/go.mod", `, "", 1))
	}
	return fromJSON(whole)
}

// keys is the path through the spec.
func (p place) keys() []string { return strings.Fields(p.path) }

// is reports whether the place is the one at path of a spec; name says that it is the name there.
func (p place) is(path []string, name bool) bool {
	keys := p.keys()
	if name {
		return keys[len(keys)-1] == "~" && match(keys[:len(keys)-1], path[:len(path)-1]) || keys[len(keys)-1] == "**" && match(keys, path)
	}
	return keys[len(keys)-1] != "~" && match(keys, path)
}

// match reports whether a path is of a pattern: * is any part, and ** at the end any number of them.
func match(pattern, path []string) bool {
	for i, want := range pattern {
		switch {
		case want == "**":
			return true
		case i >= len(path), want != "*" && want != path[i]:
			return false
		}
	}
	return len(pattern) == len(path)
}

// placeOf is the place of a string of a spec, or nil.
func placeOf(path []string, name bool) *place {
	for i := range places {
		if places[i].is(path, name) {
			return &places[i]
		}
	}
	return nil
}

// A said is one string that a spec says.
type said struct {
	path []string
	name bool // it is the last of path
	text string
}

// allSaid are all strings of v, which lies at path, with the names of its fields.
func allSaid(v schema.Value, path ...string) (all []said) {
	below := func(name string) []string { return append(path[:len(path):len(path)], name) }
	switch v.Kind {
	case schema.Object:
		for _, f := range v.Fields {
			all = append(append(all, said{below(f.Name), true, f.Name}), allSaid(f.Value, below(f.Name)...)...)
		}
	case schema.List:
		for i, item := range v.Items {
			all = append(all, allSaid(item, below(strconv.Itoa(i))...)...)
		}
	case schema.String:
		all = append(all, said{path, false, v.Scalar})
	}
	return all
}

// firsts is, for each place, its first string in whole or ready. Every place has one.
var firsts = sync.OnceValue(func() map[string]said {
	found := map[string]said{}
	for _, text := range []string{ready, whole} {
		for _, s := range allSaid(fromJSON(text)) {
			for _, p := range places {
				if _, ok := found[p.path]; !ok && p.is(s.path, s.name) {
					found[p.path] = s
				}
			}
		}
	}
	return found
})

func (p place) first() said { return firsts()[p.path] }

// put is v with text in the place of the string s.
func put(v schema.Value, s said, text string) schema.Value {
	if len(s.path) == 0 {
		return schema.StringValue(text)
	}
	rest := said{s.path[1:], s.name, s.text}
	if v.Kind == schema.List {
		i, _ := strconv.Atoi(s.path[0])
		v.Items = slices.Clone(v.Items)
		v.Items[i] = put(v.Items[i], rest, text)
		return v
	}
	v.Fields = slices.Clone(v.Fields)
	f := &v.Fields[slices.IndexFunc(v.Fields, func(f schema.Field) bool { return f.Name == s.path[0] })]
	if s.name && len(rest.path) == 0 {
		f.Name = text
	} else {
		f.Value = put(f.Value, rest, text)
	}
	return v
}

// label says whether some place names the last part of path: then it is a word of the language.
func label(path []string) bool {
	return slices.ContainsFunc(places, func(p place) bool {
		keys := p.keys()
		return len(keys) >= len(path) && keys[len(path)-1] == path[len(path)-1] && match(keys[:len(path)], path)
	})
}

// switches are words of the language without a string below them.
var switches = []string{"uid", "gid", "sprint", "emulated", "inline", "branch", "sha", "date", "latest", "readOnly", "parallelism", "pullRequests", "dispatch",
	"fetchDepth", "attestation", "hitRate", "hitRateFloor"}

// TestPlaces: whole and ready say every string of the language, and each has a row. A new field without one is never
// put to the test.
func TestPlaces(t *testing.T) {
	known := map[string]bool{}
	for _, text := range []string{whole, ready} {
		for _, s := range allSaid(fromJSON(text)) {
			known[s.text] = true
			if placeOf(s.path, s.name) == nil && !(s.name && (label(s.path) || slices.Contains(switches, s.text))) {
				t.Errorf("%s has no row in places", strings.Join(s.path, "."))
			}
		}
	}
	empty := map[string]bool{}
	for _, text := range []string{whole, ready} {
		unsaid(reflect.ValueOf(*compileText(t, []byte(text)).spec), "Spec", known, empty)
	}
	for field, missing := range empty {
		if missing && field != "Spec.File" {
			t.Errorf("%s is a string that whole does not say; say it there, and give it a row in places", field)
		}
	}
}

// unsaid notes each string of a spec, by field, that no text of known fills.
func unsaid(v reflect.Value, field string, known, empty map[string]bool) {
	switch v.Kind() {
	case reflect.String:
		if said, seen := empty[field]; !seen || said {
			empty[field] = !known[v.String()]
		}
	case reflect.Pointer:
		if v.IsNil() {
			v = reflect.New(v.Type().Elem())
		}
		unsaid(v.Elem(), field, known, empty)
	case reflect.Slice:
		if v.Len() == 0 {
			unsaid(reflect.Zero(v.Type().Elem()), field, known, empty)
		}
		for i := range v.Len() {
			unsaid(v.Index(i), field, known, empty)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Type != reflect.TypeFor[schema.Value]() && f.Type != reflect.TypeFor[[]schema.Value]() {
				unsaid(v.Field(i), field+"."+f.Name, known, empty)
			}
		}
	}
}

// forms are the patterns of schema.cue by definition.
var forms = sync.OnceValue(func() map[string]*regexp.Regexp {
	text, err := os.ReadFile("../schema/schema.cue")
	if err != nil {
		panic(err)
	}
	all := map[string]*regexp.Regexp{}
	for _, m := range regexp.MustCompile(`(?m)^(#\w+): .*=~("(?:[^"\\]|\\.)*")`).FindAllSubmatch(text, -1) {
		pattern, err := strconv.Unquote(string(m[2]))
		if err != nil {
			panic(err)
		}
		all[string(m[1])] = regexp.MustCompile(pattern)
	}
	return all
})

// TestForms: a place has a form that there is.
func TestForms(t *testing.T) {
	for _, p := range places {
		if strings.HasPrefix(p.form, "#") && forms()[p.form] == nil {
			t.Errorf("%s: schema.cue has no %s", p.path, p.form)
		}
	}
}
