package generators

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/devgen/devgen/schema"
	"github.com/google/go-cmp/cmp"
)

// find is the first line of an output that begins with text, whatever its indentation.
func find(t *testing.T, trace *Trace, path, text string) int {
	t.Helper()
	for i, line := range trace.lines[path] {
		if strings.HasPrefix(strings.TrimSpace(line), text) {
			return i + 1
		}
	}
	t.Fatalf("%s has no line %q", path, text)
	return 0
}

const (
	workflowPath = ".github/workflows/devcontainer-registry-cache.yml"
	volumesPath  = ".devcontainer/docker-compose.volumes.yml"
)

// TestFields: lines of every kind of output know the field that they come from.
func TestFields(t *testing.T) {
	trace := NewTrace(resolveFile(t, "../devcontainer.cue"))
	for _, tt := range []struct{ path, line, want string }{
		{workflowPath, "name: DevContainer", "workflow.name"},
		{workflowPath, "branches:", "workflow.branches"},
		{workflowPath, "- global.json", "workflow.paths[1]"},
		{workflowPath, "- .github/workflows/", ""},
		{workflowPath, "- cron: '43 3", "workflow.schedules[1]"},
		{workflowPath, "BUILDKIT_IMAGE:", "buildkit.version"},
		{workflowPath, "HOME_REPOSITORY:", "workflow.repository"},
		{workflowPath, `{"platform": "linux/arm64"`, "platforms"},
		{workflowPath, "WRITERS_REGISTRY:", "caches.registry.writers"},
		{workflowPath, "timeout-minutes: 45", "workflow.timeout"},
		{workflowPath, "submodules:", "workflow.checkout.submodules"},
		{workflowPath, "file:", "image.dockerfile"},
		{workflowPath, "cache-from:", "caches.registry"},
		{workflowPath, "github_token=", "image.secrets"},
		{workflowPath, "BUILD_SECRET_GITHUB_TOKEN:", "image.secrets.github_token"},
		{workflowPath, "type=semver", "tags"},
		{workflowPath, "HIT_RATE_FLOOR:", "objectives.hitRateFloor"},
		{workflowPath, "permissions:", ""},
		{volumesPath, "target: /home/vscode/.npm", "volumes.npm-cache.target"},
		{volumesPath, "source: npm-cache", "volumes.npm-cache"},
		{volumesPath, "npm-cache:", "volumes.npm-cache"},
		{volumesPath, "name: aspire-npm-cache", "volumes.npm-cache"},
		{volumesPath, "- /home/vscode/.local/share/NuGet/http-cache", "volumes.nuget-http-cache"},
		{volumesPath, "read_only:", "mounts.ssh.readOnly"},
		{volumesPath, "source: ..", ""},
		{".devcontainer/docker-compose.yml", "image:", "image.repository"},
		{".devcontainer/docker-compose.yml", "HISTFILE:", "volumes.bash-history"},
		{".devcontainer/docker-compose.yml", "github_token:", "image.secrets.github_token"},
		{".devcontainer/docker-compose.cache-override.yml", "- type=registry", "caches.registry"},
		{".devcontainer/devcontainer.json", "{", ""},
		{".devcontainer/devcontainer.json", `"name":`, "name"},
		{".devcontainer/devcontainer.json", `"service":`, ""},
		{".devcontainer/devcontainer.json", `"remoteUser":`, "user.name"},
		{".devcontainer/devcontainer.json", `"initializeCommand":`, ""},
		{".devcontainer/devcontainer.json", `"onCreateCommand":`, "devcontainer.onCreateCommand"},
		{".devcontainer/devcontainer.json", `"memory":`, "devcontainer.hostRequirements.memory"},
		{".devcontainer/buildkitd.toml", "max-parallelism", "buildkit.parallelism"},
		{".devcontainer/buildkitd.toml", "keepDuration", "buildkit.gc.keep"},
		{".devcontainer/buildkitd.toml", "mirrors", "buildkit.mirrors.docker.io"},
		{".devcontainer/buildkitd.toml", "gc = true", ""},
		{".devcontainer/scripts/lib/facts.sh", "'~/.aspire-devcontainer/dotnet-tools'", "volumes.dotnet-tools"},
		{".devcontainer/scripts/lib/facts.sh", "'~/.gitconfig'", "mounts.gitconfig.source"},
		{".devcontainer/scripts/lib/facts.sh", "obj", "volumes.obj-cache.target"},
		{".devcontainer/scripts/lib/facts.sh", "DEVGEN_NAME=", "name"},
		{".devcontainer/scripts/lib/facts.sh", "DEVGEN_SCRIPTS_TO_ROOT=", ""},
		{".devcontainer/scripts/lib/facts.sh", ".devcontainer/docker-compose.volumes.yml", "outputs.volumes"},
		{".devcontainer/scripts/lib/facts.sh", "DEVGEN_USER=", "user.name"},
		{".devcontainer/scripts/lib/facts.sh", "DEVGEN_IMAGE=", "image.repository"},
		{".devcontainer/scripts/lib/facts.sh", "linux/arm64", "platforms.linux/arm64"},
		{".devcontainer/scripts/lib/facts.sh", "DEVGEN_DOCKERFILE=", "image.dockerfile"},
		{".devcontainer/scripts/lib/facts.sh", "'github_token GITHUB_TOKEN'", "image.secrets.github_token.env"},
		{".devcontainer/scripts/lib/facts.sh", "'linux/arm64 type=registry", "caches.registry"},
		{".devcontainer/scripts/lib/facts.sh", "'npm-cache cache", "volumes.npm-cache.target"},
		{".devcontainer/scripts/lib/facts.sh", "DEVGEN_COLD_SECONDS=", "objectives.coldBuild"},
		{".devcontainer/scripts/init.sh", "set -euo", ""},
	} {
		if got := schema.PathString(trace.Field(tt.path, find(t, trace, tt.path, tt.line))); got != tt.want {
			t.Errorf("%s: %q comes from %q, want %q", tt.path, tt.line, got, tt.want)
		}
	}
}

// TestOwnInitialize: a command of the user's own stands below the mark of a covered output, one line further down.
func TestOwnInitialize(t *testing.T) {
	trace := NewTrace(resolve(t, small+`requirements: "A-001": {title: "a", covers: ["devcontainer"]}
devcontainer: {initializeCommand: "make", forwardPorts: [80]}`))
	const path = ".devcontainer/devcontainer.json"
	for line, want := range map[string]string{
		`"initialize":`:   "devcontainer.initializeCommand.initialize",
		`"forwardPorts":`: "devcontainer.forwardPorts",
		"80":              "devcontainer.forwardPorts[0]",
	} {
		if got := schema.PathString(trace.Field(path, find(t, trace, path, line))); got != want {
			t.Errorf("%q comes from %q, want %q", line, got, want)
		}
	}
}

// TestSomebodysDefect: what a judge refuses in devgen's own words is not told as the user's mistake.
func TestSomebodysDefect(t *testing.T) {
	p := resolveFile(t, "../devcontainer.cue")
	trace := NewTrace(p)
	d := trace.documents["workflow"]
	_, err := explain(p, "workflow", d, finding{line: find(t, trace, workflowPath, "cache-from:"), text: "no such input"})
	if err == nil {
		t.Error("devgen's cache-from was told as the user's")
	}
	problem, err := explain(p, "workflow", d, finding{line: find(t, trace, workflowPath, "- global.json"), text: "no such path"})
	if err != nil || problem.Path != "workflow.paths[1]" {
		t.Errorf("a path of the user: %v, %v", problem, err)
	}
}

// TestBlocks: a block ends before the next one, and where its level of the file ends.
func TestBlocks(t *testing.T) {
	trace := NewTrace(resolveFile(t, "../devcontainer.cue"))
	for _, tt := range []struct{ path, line, want string }{
		{workflowPath, "name: DevContainer", "WORKFLOW"},
		{workflowPath, "HOME_REPOSITORY:", "SETUP"},
		{workflowPath, "verify:", "WORKFLOW"},
		{workflowPath, "build:", "BUILD"},
		{workflowPath, "cache-to:", "CACHE-SAVE"},
		{workflowPath, "merge:", "WORKFLOW"},
		{workflowPath, "type=semver", "META"},
		{volumesPath, "source: npm-cache", "NODEJS"},
		{volumesPath, "source: node-modules", "NODEJS"},
		{volumesPath, "tmpfs:", "COMPOSE"},
		{volumesPath, "- /home/vscode/.local/share/NuGet/plugins-cache", "NUGET"},
		{volumesPath, "name: aspire-pip-cache", "VOLUME-DEFINITIONS"},
	} {
		line := find(t, trace, tt.path, tt.line)
		var got []string
		for _, b := range trace.BlocksAt(tt.path, line) {
			_, block, _ := strings.Cut(strings.TrimPrefix(b.Tag, "TAG-"), "-00")
			got = append(got, block[2:])
		}
		if !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%s:%d: %q stands in %q, want %s", tt.path, line, tt.line, got, tt.want)
		}
	}
}

// TestTwoRequirements: a block that answers two requirements carries two tags.
func TestTwoRequirements(t *testing.T) {
	trace := NewTrace(resolve(t, small+`requirements: {
	"A-001": {title: "a", covers: ["buildkitd", "traceability"]}
	"B-002": {title: "b", covers: ["buildkitd", "manage-volumes"]}
}`))
	var tags []string
	for _, b := range trace.BlocksAt(".devcontainer/buildkitd.toml", 5) {
		tags = append(tags, b.Tag)
	}
	if diff := cmp.Diff([]string{"TAG-A-001-BUILDX", "TAG-B-002-BUILDX"}, tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	var missing []string
	for _, r := range trace.Requirements() {
		for _, m := range trace.Missing(r) {
			missing = append(missing, r.ID+" "+m.ID+": "+m.Why)
		}
	}
	if diff := cmp.Diff([]string{"A-001 traceability: .devcontainer/traceability.json carries no tag", "B-002 manage-volumes: the spec has nothing for it"}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

// TestTestsOf: the tests of a requirement are told where a script first names them, and no others.
func TestTestsOf(t *testing.T) {
	trace := NewTrace(resolveFile(t, "../devcontainer.cue"))
	const path = ".devcontainer/tests/verify-volumes.sh"
	trace.lines[path] = []string{"# TEST-PERF-007-B, TEST-PERF-006-A", "tap_skip TEST-PERF-007-C x", "tap_check TEST-PERF-007-C x", "TEST-PERF-007-AB", "tap_check TEST-PERF-099-A"}
	for name, want := range map[string]string{
		"PERF-007":        "TEST-PERF-007-B:1 TEST-PERF-007-C:2",
		"TEST-PERF-007-C": "TEST-PERF-007-C:2",
		"TEST-PERF-099-A": "",
		"PERF-099":        "",
	} {
		var got []string
		for _, test := range trace.TestsOf(name) {
			if test.Path == path {
				got = append(got, test.ID+":"+strconv.Itoa(test.First))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestUsersTags: what looks like a tag in a text of the user is one or is none, and both sides of the judge agree.
func TestUsersTags(t *testing.T) {
	var run strings.Builder
	for _, line := range []string{
		"# [TAG-A-001-ONE] mine", "# [TAG-A-001-TWO][TAG-A-001-THREE] [TAG-A-001-FOUR]", "  # [TAG-A-001-FIVE]", "# [TAG-X-009-Y] [TAG-A-001-SIX]",
		"#[TAG-A-001-NO] x", "##  [TAG-A-001-NO]", "# x [TAG-A-001-NO]", "# [TAG-A-001-no]", "# [TAG-A-001-]", "# [TAG-A-001]",
		"// [TAG-A-001-SEVEN] // [TAG-A-001-NO]", "# [TAG-A-001-EIGHT", "# [TAG-A-001-NINE]  [TAG-A-001-NO]", "echo '# [TAG-A-001-NO]'", "true",
	} {
		run.WriteString("\t\t" + line + "\n")
	}
	p := resolve(t, small+`requirements: "A-001": {title: "[TAG-A-001-NO]", covers: []}
workflow: steps: before: [{run: #"""
`+run.String()+"\t\t\"\"\"#}]\n")
	if _, problems, err := Generate(p); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	var tags []string
	for _, tag := range tagsOf(NewTrace(p).BlocksOf("A-001")) {
		tags = append(tags, strings.TrimPrefix(tag.Tag, "TAG-A-001-"))
	}
	if diff := cmp.Diff([]string{"ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "NINE"}, tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

// TestDerived: where Lines does not tell every line that a field changes, Derived says so, and only there.
func TestDerived(t *testing.T) {
	data, err := os.ReadFile("../devcontainer.cue")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		field, old, now string
		want            bool
	}{
		{"name", `"aspire"`, `"other"`, true},
		{"workspace", `"/workspaces/aspire"`, `"/src"`, true},
		{"user", `name: "vscode"`, `name: "dev"`, true},
		{"user.uid", "uid: 1000", "uid: 1001", true},
		{"image.registry", `registry:   "ghcr.io"`, `registry: "example.org", login: {username: "me", secret: "TOKEN"}`, true},
		{"image.repository", `"microsoft/aspire-devcontainer"`, `"other/image"`, true},
		{"image", `"microsoft/aspire-devcontainer"`, `"other/image"`, true},
		{"image.context", `context:    "."`, `context: "src"`, true},
		{"platforms", `	"linux/arm64": {}`, "", true},
		{"caches.registry.mode", `mode: "max"`, `mode: "min"`, true},
		{"workflow.defaultBranch", "workflow: {", `workflow: {defaultBranch: "feature/x"` + "\n", true},
		{"outputs", "name: ", `outputs: compose: ".devcontainer/compose.yml"` + "\nname: ", true},
		{"image.dockerfile", "Dockerfile.optimized", "Dockerfile", false},
		{"volumes.npm-cache.target", `"~/.npm"`, `"~/.other"`, false},
		{"volumes.npm-cache.size", `size: "500MB"`, `size: "600MB"`, true},
		{"volumes.npm-cache", `size: "500MB"`, `size: "600MB"`, false},
		{"objectives.warmBuild", `"180s"`, `"181s"`, false},
		{"image.secrets.github_token", `env: "GITHUB_TOKEN"`, `env: "OTHER"`, false},
		{"mounts.ssh.source", `source: "~/.ssh"`, `source: "~/.other"`, false},
		{"workflow.timeout", "45m", "46m", false},
		{"buildkit.gc.max", `max: "10GB"`, `max: "11GB"`, false},
		{"drift.command", "command:", `command: "go tool other" //`, false},
	} {
		t.Run(tt.field, func(t *testing.T) {
			changed := strings.Replace(string(data), tt.old, tt.now, 1)
			if changed == string(data) {
				t.Fatalf("the spec has no %s", tt.old)
			}
			file := filepath.Join(t.TempDir(), "devcontainer.cue")
			if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			trace, after := NewTrace(resolveFile(t, "../devcontainer.cue")), NewTrace(resolveFile(t, file))
			field := strings.Split(tt.field, ".")
			untold := trace.untold(after, field)
			if got := trace.Derived(field...); got != tt.want || (len(untold) > 0) != tt.want {
				t.Errorf("derived is %v, want %v; Lines does not tell %q", got, tt.want, untold)
			}
		})
	}
}

// untold are the lines that are no more after a change of a field and that Lines does not tell.
func (t *Trace) untold(after *Trace, field []string) (lines []string) {
	told := map[string]bool{}
	for _, s := range t.Lines(field...) {
		for _, line := range t.lines[s.Path][s.First-1 : s.Last] {
			told[s.Path+line] = true
		}
	}
	for _, path := range t.Paths() {
		for _, line := range t.lines[path] {
			if path != ".devcontainer/traceability.json" && !told[path+line] && !slices.Contains(after.lines[path], line) {
				lines = append(lines, path+": "+line)
			}
		}
	}
	return lines
}
