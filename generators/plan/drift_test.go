package plan

import (
	"testing"

	"github.com/devgen/devgen/schema"
)

// withDrift is app with a drift workflow. What a test is about begins on line 5.
const withDrift = app + `drift: command: "devgen"
`

func TestDrift(t *testing.T) {
	for _, row := range []struct {
		name, spec string
		branches   []string
		timeout    int
	}{
		{"by default", withDrift, []string{"main"}, 10},
		{"the default branch of the workflow", withDrift + `workflow: {repository: "acme/app", defaultBranch: "trunk", branches: ["trunk", "feature/**"]}`, []string{"trunk"}, 10},
		{"said", withDrift + `drift: {branches: ["main", "release/**"], timeout: "1h"}`, []string{"main", "release/**"}, 60},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := resolve(t, row.spec).Drift
			equal(t, "Branches", d.Branches, row.branches)
			equal(t, "Timeout", d.Timeout, row.timeout)
		})
	}
}

func TestNoDrift(t *testing.T) {
	for _, spec := range []string{withWorkflow, withDrift + `outputs: drift: false`} {
		if p := resolve(t, spec); p.Drift != nil || p.Output("drift") != nil {
			t.Errorf("%s\ngives the drift workflow %v, want none", spec, p.Drift)
		}
	}
}

// The specs of these tests are called spec.cue, which devgen must be told.
func TestDriftCheck(t *testing.T) {
	equal(t, "another spec", resolve(t, withDrift).Drift.Check, "devgen check --format github --spec spec.cue")
	for file, want := range map[string]string{
		"devcontainer.cue":     "devgen check --format github",
		"./devcontainer.cue":   "devgen check --format github",
		"devcontainer.yaml":    "devgen check --format github --spec devcontainer.yaml",
		"tools/dev/../dev.cue": "devgen check --format github --spec tools/dev.cue",
	} {
		spec := load(t, withDrift)
		spec.File = file
		p, problems := New(spec)
		if len(problems) > 0 {
			t.Errorf("%s: %q", file, lines(problems))
			continue
		}
		equal(t, file, p.Drift.Check, want)
	}
}

// A spec that a shell would read something into, or that CI does not have, cannot be named in the workflow.
func TestDriftRefusesSpecs(t *testing.T) {
	for _, file := range []string{"../devcontainer.cue", "/home/me/devcontainer.cue", "my spec.cue", "a;id.cue", "$(id).cue", "${{ github.token }}.cue", "-rf.cue", "~/a.cue"} {
		spec := load(t, withDrift)
		spec.File = file
		if p, problems := New(spec); p != nil || len(problems) != 1 {
			t.Errorf("%s: %q, want one problem", file, lines(problems))
		}
	}
}

func TestDriftGo(t *testing.T) {
	for _, row := range []struct {
		command, file string
		want          *Go
	}{
		{"devgen", "", nil},
		{"gopher run", "", nil},
		{"./go", "", nil},
		{"go run ./cmd/devgen", "", &Go{"go.mod", true}},
		{"go tool devgen -t mail=a@b", "", &Go{"go.mod", true}},
		{"go tool devgen", "go.work", &Go{"go.work", false}},
		{"go run -modfile=tools/go.mod devgen", "tools/go.mod", &Go{"tools/go.mod", false}},
		{"go run github.com/devgen/devgen/cmd/devgen@v1.2.3", "", &Go{"", false}},
		{"go run github.com/devgen/devgen/cmd/devgen@v1.2.3", ".go-version", &Go{".go-version", false}},
	} {
		equal(t, row.command+" "+row.file, goOf(&schema.Drift{Command: row.command, GoVersionFile: row.file}), row.want)
	}
}

func TestDriftContradictions(t *testing.T) {
	contradict(t, []contradiction{
		{"the check twice", app + `drift: command: "go tool devgen check"`, []string{
			`spec.cue:4:17: drift.command: the workflow puts check behind it; want the command without check`,
		}},
		{"a word of the shell", app + `drift: command: "while devgen"`, []string{
			`spec.cue:4:17: drift.command: while is a word of the shell; want a command such as go tool devgen`,
		}},
		{"a Go that nothing reads", withDrift + `drift: goVersionFile: "go.mod"`, []string{
			`spec.cue:5:23: drift.goVersionFile: drift.command (spec.cue:4:17) does not begin with go, so nothing reads it; remove it`,
		}},
		{"a runner without bash", withDrift + `drift: runner: "windows-2025"`, []string{
			`spec.cue:5:16: drift.runner: the jobs are bash and docker; want a Linux runner such as ubuntu-24.04`,
		}},
		{"a timeout that GitHub does not grant", withDrift + `drift: timeout: "7h"`, []string{
			`spec.cue:5:17: drift.timeout: 7h is more than GitHub lets a job run; want at most 360m`,
		}},
		{"a place that GitHub does not read", withDrift + `outputs: drift: "ci/drift.yml"`, []string{
			`spec.cue:5:17: outputs.drift: GitHub reads workflows from .github/workflows only; want a .yml file there`,
		}},
		{"the place of the other workflow", withDrift + `workflow: repository: "acme/app"
outputs: drift: ".github/workflows/devcontainer-registry-cache.yml"`, []string{
			`spec.cue:6:17: outputs.drift: .github/workflows/devcontainer-registry-cache.yml is already the place of the output workflow (spec.cue:6:1)`,
		}},
	})
}

// Every script that is made is checked, wherever it was moved, and nothing else.
func TestScripts(t *testing.T) {
	paths := func(spec string) (paths []string) {
		for _, o := range resolve(t, spec).Scripts() {
			paths = append(paths, o.Path)
		}
		return paths
	}
	equalLines(t, paths(ready+`volumes: x: {target: "x", persistence: "build"}`), []string{
		".devcontainer/scripts/init.sh", ".devcontainer/scripts/lib/facts.sh", ".devcontainer/scripts/lib/core.sh", ".devcontainer/scripts/lib/docker.sh",
		".devcontainer/scripts/lib/volumes.sh", ".devcontainer/scripts/manage-volumes.sh", ".devcontainer/scripts/own-mounts.sh",
		".devcontainer/tests/verify-volumes.sh", ".devcontainer/tests/lib_test.sh", ".devcontainer/tests/tap.sh",
	})
	equalLines(t, paths(ready+`outputs: {init: "tools/scripts/init.sh", compose: "compose.sh"}`), []string{"tools/scripts/init.sh", "tools/scripts/lib/facts.sh"})
	equalLines(t, paths(ready+`outputs: {devcontainer: false, init: false}`), nil)
}
