package schema

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// insides are words that only the authors of devgen and of CUE know.
var insides = regexp.MustCompile(`schema\.cue|devgen:|#[A-Z]\w+\b|_\|_|disjunction|=~|out of bound|mismatched types|incomplete|import failed`)

// refuse loads a spec and wants exactly these problems.
func refuse(t *testing.T, files map[string]string, want ...string) {
	t.Helper()
	spec, got, err := loadFiles(t, files)
	if spec != nil {
		t.Fatal("accepted")
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for _, line := range got {
		if word := insides.FindString(line); word != "" && !strings.Contains(files["spec.cue"], word) {
			t.Errorf("%q is not a word for users: %s", word, line)
		}
	}
}

const (
	wantName     = "want a name of lower-case letters, digits, - _ and ., beginning with a letter or digit, at most 63 characters"
	wantTarget   = "want a path such as ~/.npm, /data or obj, without .. or blanks"
	wantFalse    = "want false or a path inside the repository such as .devcontainer/Dockerfile, without .. or blanks"
	wantText     = "want one line of at most 200 characters without quotes, backslashes, backticks or $"
	lacksSurvive = `missing required field "persistence", what must survive: cache (can be made again, kept), build (output of one clone), state (yours), ephemeral (in memory, gone when the container stops; programs cannot be run from there)`
)

// TestProblems appends one mistake, or a few, to a good spec: they begin on line 4.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name, spec string
		want       []string // without the name of the file
	}{
		// Unknown fields.
		{"unknown", `volums: {}`, []string{`4:1: volums: unknown field "volums" (did you mean volumes?)`}},
		{"unknown, nested", `buildkit: {paralellism: 3}`, []string{`4:12: buildkit.paralellism: unknown field "paralellism" (did you mean parallelism?)`}},
		{"unknown, in a map", `volumes: a: {target: "/a", persistence: "cache", sise: "1GB"}`, []string{`4:50: volumes.a.sise: unknown field "sise" (did you mean size?)`}},
		{"unknown, in a list", `workflow: {repository: "a/b", schedules: [{cron: "1 2 3 4 5", purpose: "warm", corn: 1}]}`, []string{
			`4:80: workflow.schedules[0].corn: unknown field "corn" (did you mean cron?)`}},
		{"unknown, like nothing", `image: kubernetes: {}`, []string{
			`4:8: image.kubernetes: unknown field "kubernetes"; want registry, repository, base, dockerfile, context, target, args, secrets, login or provenance`}},
		{"unknown instead of a required one", `volumes: a: {taget: "/a", persistence: "cache"}`, []string{`4:14: volumes.a.taget: unknown field "taget" (did you mean target?)`}},
		{"unknown with fields of its own", `volums: {a: {b: {c: 1}}}`, []string{`4:1: volums: unknown field "volums" (did you mean volumes?)`}},
		{"unknown twice", "volums: {}\nvolums: a: 1\n", []string{
			`4:1: volums: unknown field "volums" (did you mean volumes?)`, `5:1: volums: unknown field "volums" (did you mean volumes?)`}},
		{"hidden fields are the user's own", "_a: 1\n#b: 2\nvolums: {}", []string{`6:1: volums: unknown field "volums" (did you mean volumes?)`}},

		// Types.
		{"type", `workspace: 3`, []string{`4:12: workspace: 3 is not allowed; want an absolute path such as /workspaces/app, without .. or blanks`}},
		{"type of a struct", `user: "me"`, []string{`4:7: user: "me" is not allowed; want a group of fields`}},
		{"type of a bool", `platforms: "linux/arm64": emulated: "yes"`, []string{`4:37: platforms.linux/arm64.emulated: "yes" is not allowed; want true or false`}},
		{"type of a list", `workflow: {repository: "a/b", paths: "x"}`, []string{`4:38: workflow.paths: "x" is not allowed; want a list`}},
		{"type of an entry", `volumes: a: "/a"`, []string{`4:13: volumes.a: "/a" is not allowed; want a group of fields`}},
		{"a list for a map", `mounts: ["x"]`, []string{`4:9: mounts: ["x"] is not allowed; want a group of fields`}},
		{"a struct for a list", `workflow: {repository: "a/b", schedules: {a: 1}}`, []string{`4:31: workflow.schedules: {a: 1} is not allowed; want a list`}},
		{"null", `user: null`, []string{`4:7: user: null is not allowed; want a group of fields`}},
		{"native bytes", `devcontainer: x: 'b'`, []string{`4:18: devcontainer.x: 'b' is not allowed; want a value that JSON has`}},

		// Bounds.
		{"bound", `buildkit: parallelism: 100`, []string{`4:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"bound, no integer", `buildkit: parallelism: 4.5`, []string{`4:24: buildkit.parallelism: 4.5 is not allowed; want a number of steps from 1 to 64`}},
		{"bound of a percentage", `objectives: {hitRate: 101, hitRateFloor: -1}`, []string{
			`4:23: objectives.hitRate: 101 is not allowed; want a percentage from 0 to 100`, `4:42: objectives.hitRateFloor: -1 is not allowed; want a percentage from 0 to 100`}},
		{"bound without words", `requirements: "A-001": {title: "x", covers: [], sprint: -2}`, []string{`4:57: requirements.A-001.sprint: -2 is not allowed; want >=0`}},
		{"bound of a choice", `workflow: {repository: "a/b", checkout: fetchDepth: -1}`, []string{`4:53: workflow.checkout.fetchDepth: -1 is not allowed; want >=0`}},

		// Forms of strings.
		{"form", `volumes: a: {target: "/a/../b", persistence: "cache"}`, []string{`4:22: volumes.a.target: "/a/../b" is not allowed; ` + wantTarget}},
		{"form of a size", `volumes: a: {target: "/a", persistence: "cache", size: "1G"}`, []string{`4:56: volumes.a.size: "1G" is not allowed; want a size such as 500MB or 1.5GB`}},
		{"form of a text", `image: args: A: "$(id)"`, []string{`4:17: image.args.A: "$(id)" is not allowed; ` + wantText}},
		{"form, other type", `objectives: warmBuild: 180`, []string{`4:24: objectives.warmBuild: 180 is not allowed; want a duration such as 90s, 45m or 168h`}},
		{"form or false", `outputs: {workflow: true, compose: "/abs"}`, []string{
			`4:21: outputs.workflow: true is not allowed; ` + wantFalse, `4:36: outputs.compose: "/abs" is not allowed; ` + wantFalse}},
		{"number without quotes", `image: args: {PORT: 8080, DEBUG: true}`, []string{
			`4:21: image.args.PORT: 8080 is not allowed; want a string in quotes: "8080"`, `4:34: image.args.DEBUG: true is not allowed; want a string in quotes: "true"`}},
		{"empty", `workflow: {repository: "", name: ""}`, []string{
			`4:24: workflow.repository: "" is not allowed; want owner/name, not empty`, `4:34: workflow.name: "" is not allowed; ` + wantText + `, not empty`}},

		// Required fields.
		{"required", `volumes: a: target: "/a"`, []string{`4:10: volumes.a: ` + lacksSurvive}},
		{"required, two", `mounts: m: {}`, []string{
			`4:9: mounts.m: missing required field "source", the path on the host: absolute, below "~", or relative to the repository`,
			`4:9: mounts.m: missing required field "target", where the container sees it`}},
		{"required, in an optional struct", `workflow: name: "x"`, []string{`4:1: workflow: missing required field "repository", the repository that may push: "owner/name"`}},
		{"required, in a list", `workflow: {repository: "a/b", schedules: [{cron: "1 2 3 4 5"}]}`, []string{
			`4:43: workflow.schedules[0]: missing required field "purpose", warm builds from the cache and enforces the objectives; refresh builds without it, to take up new packages`}},
		{"no value", `devcontainer: a: int`, []string{`4:18: devcontainer.a: has no value yet; give one (int)`}},
		{"no value, with a form", `volumes: a: {target: string, persistence: "cache"}`, []string{`4:22: volumes.a.target: has no value yet; ` + wantTarget}},
		{"a cycle", "workspace: user.home\nuser: home: workspace\n", []string{
			`4:12: workspace: workspace and user.home are made of each other; give one of them a value`}},
		{"a cycle of numbers", "user: uid: user.gid + 1\nuser: gid: user.uid - 1\n", []string{
			`4:7: user.uid: user.uid and user.gid are made of each other; give one of them a value`}},
		{"a cycle of texts", `image: args: {A: "\(B)x", B: "\(C)y", C: "\(A)z"}`, []string{
			`4:18: image.args.A: image.args.A, image.args.B and image.args.C are made of each other; give one of them a value`}},
		{"a cycle of native keys", `devcontainer: remoteEnv: {A: "\(B)x", B: "\(A)y"}`, []string{
			`4:30: devcontainer.remoteEnv.A: devcontainer.remoteEnv.A and devcontainer.remoteEnv.B are made of each other; give one of them a value`}},
		{"a cycle of services", `services: {a: {image: "x", environment: A: services.b.environment.B + "x"}, b: {image: "x", environment: B: services.a.environment.A + "y"}}`, []string{
			`4:41: services.a.environment.A: services.a.environment.A and services.b.environment.B are made of each other; give one of them a value`}},
		{"a cycle and more", "objectives: {hitRate: objectives.hitRateFloor + 1, hitRateFloor: objectives.hitRate - 1}\nbuildkit: parallelism: rate\nlet rate = objectives.hitRate\nuser: uid: -1\n", []string{
			`4:14: objectives.hitRate: objectives.hitRate and objectives.hitRateFloor are made of each other; give one of them a value`,
			`7:12: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},
		{"made of itself", `workspace: "/x/\(workspace)"`, []string{`4:12: workspace: is made of itself; give it a value`}},
		{"two defaults", `workspace: *"/a" | string`, []string{`4:1: workspace: has no value yet; want an absolute path such as /workspaces/app, without .. or blanks`}},

		// Choices.
		{"choice", `caches: registry: mode: "mid"`, []string{`4:25: caches.registry.mode: "mid" is not allowed; want "max" or "min" (did you mean "min"?)`}},
		{"choice, like nothing", `volumes: a: {target: "/a", persistence: "forever"}`, []string{
			`4:41: volumes.a.persistence: "forever" is not allowed; want "build", "cache", "ephemeral" or "state"`}},
		{"choice, other type", `volumes: a: {target: "/a", persistence: true}`, []string{
			`4:41: volumes.a.persistence: true is not allowed; want "build", "cache", "ephemeral" or "state"`}},
		{"choice of bool and string", `workflow: {repository: "a/b", checkout: submodules: "all"}`, []string{
			`4:53: workflow.checkout.submodules: "all" is not allowed; want "recursive", false or true`}},
		{"choice with a long list", `requirements: "A-001": {title: "x", covers: ["workflw"]}`, []string{`4:46: requirements.A-001.covers[0]: "workflw" is not allowed (did you mean "workflow"?)`}},

		// Keys.
		{"key", `volumes: "My Vol": {target: "/a", persistence: "cache"}`, []string{`4:10: volumes.My Vol: "My Vol" cannot be a name here; ` + wantName}},
		{"key, empty", `volumes: "": {target: "/a", persistence: "cache"}`, []string{`4:10: volumes.: "" cannot be a name here; ` + wantName}},
		{"key with mistakes below", `volumes: "My Vol": {taget: "/a", persistence: 3}`, []string{`4:10: volumes.My Vol: "My Vol" cannot be a name here; ` + wantName}},
		{"key, platform", `platforms: "linux/amd46": {}`, []string{`4:12: platforms.linux/amd46: "linux/amd46" cannot be a name here; want a platform such as linux/amd64 or linux/arm64`}},
		{"key, requirement", `requirements: perf: {title: "x", covers: []}`, []string{
			`4:15: requirements.perf: "perf" cannot be a name here; want an id such as PERF-006: letters in upper case, a dash, three digits`}},
		{"key, rule", `lint: ignore: DG1: "x"`, []string{`4:15: lint.ignore.DG1: "DG1" cannot be a name here; want a rule id such as DG-12`}},
		{"key, variable", `image: args: "A-B": "x"`, []string{`4:14: image.args.A-B: "A-B" cannot be a name here; want a variable name of letters, digits and _`}},
		{"key of a choice", `outputs: compse: false`, []string{`4:10: outputs.compse: unknown field "compse" (did you mean compose?)`}},
		{"key of a service", `services: "My DB": image: "x"`, []string{`4:11: services.My DB: "My DB" cannot be a name here; ` + wantName}},

		// Lists.
		{"empty list", `caches: registry: writers: []`, []string{`4:28: caches.registry.writers: the list is empty; want at least one element`}},
		{"empty list with a default", `tags: semver: patterns: []`, []string{`4:25: tags.semver.patterns: the list is empty; want at least one element`}},
		{"element", `caches: registry: writers: ["main", "a b"]`, []string{`4:37: caches.registry.writers[1]: "a b" is not allowed; want a branch such as main or release/**`}},
		{"element, type", `tags: fixed: ["edge", 3]`, []string{`4:23: tags.fixed[1]: 3 is not allowed; want a tag of letters, digits, _ . and -, at most 128 characters, in quotes`}},
		{"element of a string or list", `platforms: "linux/arm64": runner: ["ok", "no no"]`, []string{`4:42: platforms.linux/arm64.runner[1]: "no no" is not allowed; want a runner label such as ubuntu-24.04`}},
		{"two elements", `workflow: {repository: "a/b", branches: ["a b", "main", "c d"]}`, []string{
			`4:42: workflow.branches[0]: "a b" is not allowed; want a branch such as main or release/**`,
			`4:57: workflow.branches[2]: "c d" is not allowed; want a branch such as main or release/**`}},
		{"element of steps", `workflow: {repository: "a/b", steps: before: ["make"]}`, []string{`4:47: workflow.steps.before[0]: "make" is not allowed; want a group of fields`}},

		// Conflicts.
		{"conflict", "workspace: \"/a\"\nworkspace: \"/b\"\n", []string{`4:12: workspace: conflicting values "/a" and "/b"; say it once, the other one is at spec.cue:5:12`}},
		{"conflict of types", "workspace: \"/a\"\nworkspace: 3\n", []string{`4:12: workspace: conflicting values "/a" and 3; say it once, the other one is at spec.cue:5:12`}},

		// References.
		{"reference", `workspace: "/x/\(nmae)"`, []string{`4:12: workspace: reference "nmae" not found (did you mean name?)`}},
		{"reference, like nothing", `workspace: kubernetes`, []string{`4:12: workspace: reference "kubernetes" not found`}},
		{"reference and more", "workspace: nmae\nvolums: {}\nbuildkit: parallelism: 100\nvolumes: a: target: \"/a\"\n", []string{
			`4:12: workspace: reference "nmae" not found (did you mean name?)`,
			`5:1: volums: unknown field "volums" (did you mean volumes?)`,
			`6:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`,
			`7:10: volumes.a: ` + lacksSurvive}},
		{"reference in a list", `workflow: {repository: "a/b", paths: ["a", nope]}`, []string{`4:44: workflow.paths: reference "nope" not found`}},
		{"reference to one at fault", `user: {uid: -1, gid: uid}`, []string{`4:13: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},
		{"reference through a let clause", "let id = user.uid\nuser: {uid: -1, gid: id}", []string{`5:13: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},

		// Syntax of other languages.
		{"name without quotes", `volumes: {npm-cache: {target: "/a", persistence: "cache"}}`, []string{`4:11: "npm-cache" needs quotes as a name`}},
		{"platform without quotes", `platforms: linux/amd64: {}`, []string{`4:12: "linux/amd64" needs quotes as a name`}},
		{"comment of a shell", "# my volumes\nworkspace: \"/a # b\" # c-d:\nuser: uid: 3\n", []string{`4:1: comments begin with //, not with #`, `5:21: comments begin with //, not with #`}},
		{"equals sign", "workspace = \"/a\"\nuser: uid: 3\nvolumes: a: {target=\"/a\", persistence: \"cache\"}\n", []string{`4:11: want : instead of =`, `6:20: want : instead of =`}},
		{"comma that is missing", `user: {uid: 3 gid: 4, name: "x-y:"}`, []string{`4:15: missing ',' in struct literal`}},

		// Closed definitions of the user's own.
		{"closed", "#Vol: {target: string, persistence: *\"cache\" | \"build\"}\nvolumes: q: #Vol & {target: \"/q\"}\nbuildkit: parallelism: 100\n", []string{
			`5:13: volumes.q: #Vol is closed and lacks "backing"; end it with ...`, `6:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"closed, embedded", "#Vol: {target: string, persistence: *\"cache\" | \"build\"}\nvolumes: q: {#Vol, target: \"/q\", sise: \"1GB\"}\n", []string{
			`5:14: volumes.q: #Vol is closed and lacks "backing"; end it with ...`, `5:34: volumes.q.sise: unknown field "sise" (did you mean size?)`}},
		{"closed, a field of the user's", "#Vol: {target: string, persistence: \"cache\", backing: \"volume\"}\nvolumes: q: #Vol & {target: \"/q\", size: \"3GB\"}\n", []string{
			`5:13: volumes.q: #Vol is closed and lacks "size"; end it with ...`}},
		{"closed, many fields", "#W: repository: string\nworkflow: #W & {repository: \"a/b\"}\n", []string{
			`5:11: workflow: #W is closed and lacks "forkImageVariable"; end it with ...`}},
		{"closed, by another one", "#V: target: string\n#Vol: #V & {persistence: \"cache\"}\nvolumes: q: {#Vol, target: \"/q\"}\n", []string{
			`5:7: #Vol: #V is closed and lacks "persistence"; end it with ...`}},
		{"closed, the spec", "#K: buildkit: parallelism: int\n#K\nuser: uid: 1\n", []string{`5:1: #K is closed and lacks "image.registry"; end it with ...`}},
		{"close", `volumes: q: close({target: "/q", persistence: "cache"})`, []string{`4:13: volumes.q: close() leaves no room for "backing"; remove it`}},

		// Tags that were forgotten.
		{"tag", "_stage: string @tag(stage)\nworkflow: {repository: \"a/b\", name: \"x \\(_stage)\"}\n", []string{`4:9: _stage: has no value; give it with -t stage=…`}},
		{"tag of a choice", "_stage: \"dev\" | \"prod\" @tag(stage)\n_names: {dev: \"a\", prod: \"b\"}\nvolumes: a: {target: \"/\\(_names[_stage])\", persistence: \"cache\"}\nobjectives: hitRate: 101\n", []string{
			`4:9: _stage: has no value; give it with -t stage=… (dev or prod)`, `7:22: objectives.hitRate: 101 is not allowed; want a percentage from 0 to 100`}},
		{"tag of a condition", "_prod: bool @tag(prod,type=bool)\nif _prod {buildkit: parallelism: 3}\nuser: uid: -1\n", []string{
			`4:8: _prod: has no value; give it with -t prod=… (true or false)`, `6:12: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},
		{"tag of native keys", "_n: string @tag(n)\ndevcontainer: remoteEnv: A: \"a\\(_n)\"\ndevcontainer: x: _n\nvolums: {}\n", []string{
			`4:5: _n: has no value; give it with -t n=…`, `7:1: volums: unknown field "volums" (did you mean volumes?)`}},
		{"tag with a default", "_n: *\"dev\" | string @tag(n)\nworkspace: \"rel\\(_n)\"\n", []string{
			`5:12: workspace: "reldev" is not allowed; want an absolute path such as /workspaces/app, without .. or blanks`}},

		// What is no field of the spec.
		{"unused let", `let v = 3`, []string{`4:1: unreferenced alias or let clause v`}},
		{"unused let and more", "let v = 3\nuser: uid: -1\n", []string{`4:1: unreferenced alias or let clause v`, `5:12: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},
		{"let that only a mistake uses", "let v = \"max \"\nimage: provenance: v\nbuildkit: parallelism: 100\n", []string{
			`5:20: image.provenance: "max " is not allowed; want "max", "min" or "off" (did you mean "max"?)`, `6:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"let with a mistake", "let v = {q: nope}\nuser: uid: -1\ndevcontainer: y: v\n", []string{
			`4:13: reference "nope" not found`, `5:12: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},
		{"hidden field with a mistake", "_x: {b: \"c\" & 3}\nuser: uid: -1\n", []string{
			`4:15: _x.b: conflicting values "c" and 3; keep one of them`, `5:12: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},
		{"comprehension with a mistake", "for k in [\"a\"] {volumes: \"\\(k)\": {target: \"/a\", persistence: nope}}\nbuildkit: parallelism: 100\n", []string{
			`4:62: volumes: reference "nope" not found`, `5:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"comprehension in a list with a mistake", "devcontainer: runArgs: [for k in nope {k}]\nbuildkit: parallelism: 100\n", []string{
			`4:34: devcontainer.runArgs: reference "nope" not found`, `5:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"condition in a list with a mistake", "devcontainer: runArgs: [if nope {\"a\"}, \"b\"]\nbuildkit: parallelism: 100\n", []string{
			`4:28: devcontainer.runArgs: reference "nope" not found`, `5:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"let of a comprehension with a mistake", "for k in [\"a\"] let v = nope {volumes: \"\\(k)\": {target: v, persistence: \"cache\"}}\nbuildkit: parallelism: 100\n", []string{
			`4:24: reference "nope" not found`, `5:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"condition with a mistake", "if nope {user: uid: 3}\nbuildkit: parallelism: 100\n", []string{
			`4:4: reference "nope" not found`, `5:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},

		// What CUE would tell by printing the language, or not at all.
		{"error without words", `image: target: error("")`, []string{`4:16: image.target: error("") is not allowed`}},
		{"a text that looks like the language", `name: "#Login"`, []string{`1:7: name: conflicting values "x" and "#Login"; say it once, the other one is at spec.cue:4:7`}},
		{"a section as an operand", `buildkit: <=('b')`, []string{`4:11: buildkit: <=('b') is not allowed`}},
		{"a section as a text", `objectives: !~("a")`, []string{`4:13: objectives: !~("a") is not allowed`}},

		// Fields that CUE makes.
		{"comprehension", `for v in ["a", "b"] {volumes: "\(v)": {target: "/\(v)", persistence: "cahce"}}`, []string{
			`4:70: volumes.a.persistence: "cahce" is not allowed; want "build", "cache", "ephemeral" or "state" (did you mean "cache"?)`,
			`4:70: volumes.b.persistence: "cahce" is not allowed; want "build", "cache", "ephemeral" or "state" (did you mean "cache"?)`}},
		{"condition that holds", `if name == "x" {volumes: a: {taget: "/a", persistence: "cache"}}`, []string{`4:30: volumes.a.taget: unknown field "taget" (did you mean target?)`}},
		{"condition that does not hold", "if name == \"y\" {volumes: a: {targt: 1}, volums: {}}\nbuildkit: parallelism: 100\n", []string{
			`5:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"parts", "_kept: persistence: \"cache\"\nvolumes: a: _kept & {target: \"/a\", sise: \"1GB\"}\n", []string{`5:36: volumes.a.sise: unknown field "sise" (did you mean size?)`}},
		{"parts with a mistake elsewhere", "_kept: persistence: \"cache\"\nvolumes: a: _kept & {target: \"/a\"}\nbuildkit: parallelism: 100\n", []string{
			`6:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := make([]string, len(c.want))
			for i, line := range c.want {
				want[i] = "spec.cue:" + line
			}
			refuse(t, map[string]string{"spec.cue": minimal + c.spec}, want...)
		})
	}
}

// TestProblemsWhole is for mistakes that do not begin on line 4 of a good spec.
func TestProblemsWhole(t *testing.T) {
	const (
		lacksName      = `missing required field "name", the name of the dev container: prefix of shared volumes, of the host folder and of cache scopes`
		lacksImage     = `missing required field "image", the image that is prebuilt and shared`
		lacksPlatforms = `missing required field "platforms", the platforms that the image is built for`
	)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"required, one", map[string]string{"spec.cue": "name: \"x\"\nimage: base: \"debian:12\"\n"}, []string{"spec.cue:1:1: " + lacksPlatforms}},
		{"required, one that others are made of", map[string]string{"spec.cue": "image: base: \"debian:12\"\nplatforms: \"linux/amd64\": {}\n"}, []string{"spec.cue:1:1: " + lacksName}},
		{"required, all", map[string]string{"spec.cue": "workspace: \"/x\"\n"}, []string{"spec.cue:1:1: " + lacksName, "spec.cue:1:1: " + lacksImage, "spec.cue:1:1: " + lacksPlatforms}},
		{"required, in the import form", map[string]string{"spec.cue": importLine + "schema.#Spec & {\nname: \"x\"\n}\n"}, []string{"spec.cue:1:1: " + lacksImage, "spec.cue:1:1: " + lacksPlatforms}},
		{"required and a reference", map[string]string{"spec.cue": "name: \"x\"\nimage: base: nmae\n"}, []string{
			"spec.cue:1:1: " + lacksPlatforms, `spec.cue:2:14: image.base: reference "nmae" not found (did you mean name?)`}},
		{"no struct", map[string]string{"spec.cue": "\"hello\"\n"}, []string{`spec.cue:1:1: the spec is a string; want fields such as name, image and platforms`}},
		{"list", map[string]string{"spec.json": `["x"]`}, []string{`spec.json:1:1: the spec is a list; want fields such as name, image and platforms`}},
		{"lists and strings for structs", map[string]string{"spec.cue": "name: \"x\"\nimage: \"debian:12\"\nplatforms: [\"linux/amd64\"]\n"}, []string{
			`spec.cue:2:8: image: "debian:12" is not allowed; want a group of fields`, `spec.cue:3:12: platforms: ["linux/amd64"] is not allowed; want a group of fields`}},
		{"nothing but null", map[string]string{"spec.cue": "name: null\nimage: null\nplatforms: null\n"}, []string{
			"spec.cue:1:7: name: null is not allowed; " + wantName, "spec.cue:2:8: image: null is not allowed; want a group of fields", "spec.cue:3:12: platforms: null is not allowed; want a group of fields"}},
		{"conflict of two files", map[string]string{"spec.cue": "package p\n" + minimal, "z.cue": "package p\n\nname: \"y\"\n"}, []string{
			`spec.cue:2:7: name: conflicting values "x" and "y"; say it once, the other one is at z.cue:3:7`}},
		{"required, in the file that was named", map[string]string{"spec.cue": "package p\nname: \"x\"\n", "a.cue": "package p\nimage: base: \"debian:12\"\n"}, []string{"spec.cue:1:1: " + lacksPlatforms}},
		{"mistakes in two files", map[string]string{"spec.cue": "package p\n" + minimal + "volums: {}\n", "b.cue": "package p\nbuildkit: parallelism: 100\n"}, []string{
			"b.cue:2:24: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64", `spec.cue:5:1: volums: unknown field "volums" (did you mean volumes?)`}},
		{"the same key twice in YAML", map[string]string{"spec.yaml": "name: x\nname: y\nimage: {base: \"debian:12\"}\nplatforms: {linux/amd64: {}}\n"}, []string{
			`spec.yaml:1:7: name: conflicting values "x" and "y"; say it once, the other one is at spec.yaml:2:7`}},
		{"the same key twice in JSON", map[string]string{"spec.json": `{"name":"x","name":"y","image":{"base":"debian:12"},"platforms":{"linux/amd64":{}}}`}, []string{
			`spec.json:1:9: name: conflicting values "x" and "y"; say it once, the other one is at spec.json:1:20`}},
		{"JSON", map[string]string{"spec.json": `{"name":"x","image":{"base":"debian:12"},"platforms":{"linux/amd64":{}},` + "\n" + `"user":3,"caches":{"registry":{"mode":"mid"}},"buildkit":{"parallelism":100}}`}, []string{
			`spec.json:2:8: user: 3 is not allowed; want a group of fields`,
			`spec.json:2:39: caches.registry.mode: "mid" is not allowed; want "max" or "min" (did you mean "min"?)`,
			`spec.json:2:73: buildkit.parallelism: 100 is not allowed; want a number of steps from 1 to 64`}},
		{"YAML", map[string]string{"spec.yaml": "name: x\nimage: {base: \"debian:12\"}\nplatforms: {linux/amd64: {}}\nvolumes:\n  a: {taget: /a, persistence: cahce}\n"}, []string{
			`spec.yaml:5:7: volumes.a.taget: unknown field "taget" (did you mean target?)`,
			`spec.yaml:5:31: volumes.a.persistence: "cahce" is not allowed; want "build", "cache", "ephemeral" or "state" (did you mean "cache"?)`}},
		{"YAML, comments", map[string]string{"spec.yaml": "name: x\nimage: {base: \"debian:12\"}\nplatforms: {linux/amd64: {}}\nvolumes:\n  a:\n    target: >-\n      a b\n      c\n    persistence: cach # keep it\nmounts:\n  # one\n  - x # two\n  - y\n"}, []string{
			`spec.yaml:6:13: volumes.a.target: "a b c" is not allowed; ` + wantTarget,
			`spec.yaml:9:18: volumes.a.persistence: "cach" is not allowed; want "build", "cache", "ephemeral" or "state" (did you mean "cache"?)`,
			`spec.yaml:12:3: mounts: ["x", "y"] is not allowed; want a group of fields`}},
		{"comments", map[string]string{"spec.cue": minimal + "workspace: \"\"\"\n\ta\n\tb\n\t\"\"\" // why\nmounts: [\n\t// one\n\t\"x\", // two\n]\n"}, []string{
			`spec.cue:4:12: workspace: "a\nb" is not allowed; want an absolute path such as /workspaces/app, without .. or blanks`,
			`spec.cue:8:9: mounts: ["x"] is not allowed; want a group of fields`}},
		{"single quotes", map[string]string{"spec.cue": "name: 'shop'\nimage: base: 'debian:12'\nplatforms: \"linux/amd64\": {}\nvolumes: a: {target: \"/a\", persistence: 'cache'}\n"}, []string{
			`spec.cue:1:7: name: 'shop' is not allowed; strings take double quotes`, `spec.cue:2:14: image.base: 'debian:12' is not allowed; strings take double quotes`,
			`spec.cue:4:41: volumes.a.persistence: 'cache' is not allowed; strings take double quotes`}},
		{"YAML, columns in bytes", map[string]string{"spec.yaml": "name: x\nimage: {base: \"debian:12\"}\nplatforms: {linux/amd64: {}}\nuser: {name: \"日本🚀\", uid: -1}\n"}, []string{
			`spec.yaml:4:14: user.name: "日本🚀" is not allowed; want a login name of lower-case letters, digits, - and _`,
			`spec.yaml:4:33: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},
		{"YAML, null", map[string]string{"spec.yaml": "name: x\nimage: {base: \"debian:12\"}\nplatforms:\n  linux/amd64:\n"}, []string{
			`spec.yaml:4:15: platforms.linux/amd64: null is not allowed; want a group of fields`}},
		{"import form", map[string]string{"spec.cue": importLine + "schema.#Spec & {\n" + minimal + "volumes: a: {target: \"/a\", persistence: \"cahce\"}\ncaches: registry: mode: 3\nuser: uid: -1\n}\n"}, []string{
			`spec.cue:6:41: volumes.a.persistence: "cahce" is not allowed; want "build", "cache", "ephemeral" or "state" (did you mean "cache"?)`,
			`spec.cue:7:25: caches.registry.mode: 3 is not allowed; want "max" or "min"`,
			`spec.cue:8:12: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`}},
		{"builtin package", map[string]string{"spec.cue": "import \"strngs\"\n" + minimal + "workspace: strngs.ToLower(\"/X\")\n"}, []string{`spec.cue:1:8: builtin package "strngs" undefined`}},
		{"unused import", map[string]string{"spec.cue": "import \"strings\"\n" + minimal}, []string{`spec.cue:1:8: imported and not used: "strings"`}},
		{"unused import and more", map[string]string{"spec.cue": "import \"list\"\n" + minimal + "user: uid: -1\nvolums: {}\n"}, []string{
			`spec.cue:1:8: imported and not used: "list"`, `spec.cue:5:12: user.uid: -1 is not allowed; want a user id from 0 to 2147483647`,
			`spec.cue:6:1: volums: unknown field "volums" (did you mean volumes?)`}},
		{"reference past one at fault", map[string]string{"spec.cue": "name: \"Shop\"\nimage: base: \"debian:12\"\nplatforms: \"linux/amd64\": {}\nuser: {name: \"vscode\", home: \"/home x/\\(name)\"}\n"}, []string{
			`spec.cue:1:7: name: "Shop" is not allowed; ` + wantName,
			`spec.cue:4:30: user.home: "/home x/vscode" is not allowed; want an absolute path such as /workspaces/app, without .. or blanks`}},
		{"computed value", map[string]string{"spec.cue": "import \"strings\"\nname: strings.ToLower(\"X Y\")\nimage: base: \"debian:12\"\nplatforms: \"linux/amd64\": {}\n"}, []string{
			`spec.cue:2:7: name: "x y" is not allowed; ` + wantName}},
		{"panic of CUE", map[string]string{"spec.cue": minimal + "services: {a: _|_, b: error(\"x\")} | \"a\"\n"}, []string{
			`spec.cue:1:1: CUE itself fails on this file; write what is unusual in it in another way`}},
		{"no such definition", map[string]string{"spec.cue": importLine + "schema.Spek & {\n" + minimal + "}\n"}, []string{`spec.cue:2:8: undefined field: Spek`}},
	} {
		t.Run(c.name, func(t *testing.T) { refuse(t, c.files, c.want...) })
	}
}

// A package that is not there is named, at its import, at once and without the network.
func TestProblemImport(t *testing.T) {
	for _, c := range []struct {
		name, at string
		files    map[string]string
	}{
		{"plain", "spec.cue:1:8: ", map[string]string{"spec.cue": "import \"acme.dev/nope\"\n" + minimal + "workspace: nope.x\n"}},
		{"beside the language", "spec.cue:2:8: ", map[string]string{"spec.cue": importLine + "import \"acme.dev/nope\"\nschema.#Spec & {\n" + minimal + "workspace: nope.x\n}\n"}},
		{"in a module", "spec.cue:1:8: ", with(module, map[string]string{"spec.cue": "import \"acme.dev/nope\"\n" + minimal + "workspace: nope.x\n"})},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			spec, lines, err := loadFiles(t, c.files)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v: something was fetched", took)
			}
			if spec != nil || err != nil || len(lines) != 1 {
				t.Fatalf("got %v %q %v, want one problem", spec, lines, err)
			}
			if !strings.HasPrefix(lines[0], c.at) || !strings.Contains(lines[0], `"acme.dev/nope"`) || insides.MatchString(lines[0]) {
				t.Errorf("got %q, want a line at %s that names the package in plain words", lines[0], c.at)
			}
		})
	}
}

// All mistakes show in one run, and nothing that only follows from another one.
func TestProblemsAllAtOnce(t *testing.T) {
	want, err := os.ReadFile("testdata/many.txt")
	if err != nil {
		t.Fatal(err)
	}
	spec, problems, err := Load("testdata/many.cue", nil)
	if spec != nil || err != nil {
		t.Fatalf("got %v, %v", spec, err)
	}
	var got strings.Builder
	for _, p := range problems {
		got.WriteString(p.String() + "\n")
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The import form tells the same: there CUE has every mistake in the user's own value, and would name the first.
func TestProblemsAllAtOnceImported(t *testing.T) {
	spec, err := os.ReadFile("testdata/many.cue")
	if err != nil {
		t.Fatal(err)
	}
	_, fields, _ := strings.Cut(string(spec), "\n")
	_, want, _ := Load("testdata/many.cue", nil)
	lines := make([]string, len(want))
	for i, p := range want {
		p.Pos.File, p.Pos.Line = "spec.cue", p.Pos.Line+1
		lines[i] = p.String()
	}
	refuse(t, map[string]string{"spec.cue": importLine + "schema.#Spec & {\n" + fields + "}\n"}, lines...)
}

// The same spec gives the same lines in the same order, every time.
func TestProblemsStable(t *testing.T) {
	_, want, _ := Load("testdata/many.cue", nil)
	for range 10 {
		_, got, _ := Load("testdata/many.cue", nil)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-first +later):\n%s", diff)
		}
	}
}
