package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/devgen/devgen/golden"
)

// This file has two more judges of workflows besides actionlint, which devgen asks: GitHub's own parser, which is a program
// of node, and the strict schema of act, whose module would bring the engine's.

// TestWorkflows shows the judges every workflow that the golden cases give, those of each cache on each kind of platforms,
// and this repository's own.
func TestWorkflows(t *testing.T) {
	lab(t)
	devgen := golden.Build(t, "../..")
	files := append(goldenWorkflows(t, devgen), combinedWorkflows(t, devgen)...)
	own, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, own...)
	if len(files) < 100 {
		t.Errorf("only %d workflows", len(files))
	}
	for _, j := range judges[1:] { // devgen has asked actionlint
		for _, refused := range j.refuse(t, files) {
			t.Errorf("%s refuses %s", j.name, refused)
		}
	}
	t.Logf("%d workflows", len(files))
}

// A judge tells which workflows it refuses and why, each in lines that begin with the file's path.
type judge struct {
	name   string
	refuse func(t *testing.T, files []string) []string
}

var judges = []judge{{"actionlint", actionlintRefuses}, {"act", actRefuses}, {"github", githubRefuses}}

// githubRefuses asks GitHub's parser. It is started once for all files: bundled, that is a tenth of a second.
func githubRefuses(t *testing.T, files []string) []string {
	modules := filepath.Join(os.Getenv("DEVGEN_LAB"), "npm/node_modules")
	bundle := filepath.Join(t.TempDir(), "judge.cjs")
	cmd := exec.Command(filepath.Join(modules, ".bin/esbuild"), "--bundle", "--platform=node", "--log-level=warning", "--outfile="+bundle, "judge.mjs")
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("esbuild: %v\n%s", err, out)
	}
	var out, stderr bytes.Buffer
	cmd = exec.Command("node", bundle)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(strings.Join(files, "\n")), &out, &stderr
	if err := cmd.Run(); (err != nil) != (out.Len() > 0) || stderr.Len() > 0 {
		t.Fatalf("%v\n%s%s", err, &out, &stderr)
	}
	return slices.Collect(strings.Lines(out.String()))
}

// actRefuses asks act for each file: it ends at the first that it refuses. It makes folders in whatever is its home.
func actRefuses(t *testing.T, files []string) (refused []string) {
	home := t.TempDir()
	for _, file := range files {
		cmd := exec.Command("act", "--validate", "--strict", "--workflows", file)
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=")
		out, err := cmd.CombinedOutput()
		_, why, told := strings.Cut(string(out), "Error: ")
		switch {
		case told && err != nil:
			refused = append(refused, file+": "+why)
		case told || err != nil:
			t.Fatalf("act: %v\n%s", err, out)
		}
	}
	return refused
}

// actionlintRefuses asks what devgen asks, without what devgen adds to it.
func actionlintRefuses(t *testing.T, files []string) (refused []string) {
	for _, file := range files {
		linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		errs, err := linter.LintFile(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range errs {
			refused = append(refused, fmt.Sprintf("%s:%d:%d: %s", file, e.Line, e.Column, e.Message))
		}
	}
	return refused
}

// goldenWorkflows compiles the spec of each golden case that has a good one. What a case of an output begins with is good,
// unless it is about flags.
func goldenWorkflows(t *testing.T, devgen string) (files []string) {
	cases, err := filepath.Glob("../testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range cases {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(a.Files, func(f txtar.File) bool { return f.Name == "devcontainer.cue" }) {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		dir := filepath.Join(t.TempDir(), name)
		if err := txtar.Write(a, dir); err != nil {
			t.Fatal(err)
		}
		made, err := compile(devgen, dir)
		if err != nil && (strings.HasPrefix(name, "out-") || name == "shipped") {
			t.Errorf("%s: %v", name, err)
		}
		files = append(files, made...)
	}
	return files
}

// compile runs devgen in a folder and returns the workflows that it makes there. The error is what it says.
func compile(devgen, dir string) (files []string, err error) {
	cmd := exec.Command(devgen, "--force", "--format", "text") // what a case has there already is not looked at
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); len(words) == 2 && strings.HasPrefix(words[1], ".github/workflows/") {
			files = append(files, filepath.Join(dir, words[1]))
		}
	}
	return files, nil
}

// combinedWorkflows are those of each cache on each kind of platforms, with as little and with as much else as a spec can say.
func combinedWorkflows(t *testing.T, devgen string) (files []string) {
	platforms := []string{`"linux/amd64": {}`, `"linux/amd64": {}, "linux/arm64": {}`, `"linux/amd64": {}, "linux/arm64": emulated: true`,
		`"linux/riscv64": emulated: true, "linux/amd64": runner: ["self-hosted", "big"]`}
	caches := []string{``, `registry: {}`, `gha: {}`, `local: {}`, `inline: {}`, `s3: {bucket: "layers", region: "eu-central-1", accessKey: "ID", secretKey: "KEY"}`,
		`azblob: {account: "https://a.example.org", key: "KEY"}`, `registry: {}, gha: {}, local: {}, inline: {}`}
	rest := []string{`workflow: repository: "acme/app", tags: {sha: {}, latest: {}}`, `
image: {registry: "quay.io", login: {username: "bot", secret: "QUAY"}, secrets: npm: env: "NPM_TOKEN"}
tags: {branch: {}, semver: patterns: ["{{version}}", "{{major}}"], sha: {}, date: {}, latest: {}, fixed: ["edge"]}
workflow: {
	repository: "acme/app", branches: ["main", "**"], tags: ["v*"], paths: ["src/**", "!src/docs/**"], attestation: true
	schedules: [{cron: "17 2 * * mon-fri", purpose: "refresh"}]
	steps: before: [{uses: "./.github/actions/prepare", "continue-on-error": true, with: {key: 1}}, {run: "true", if: "github.actor != 'x'", env: {KEY: "${{ secrets.KEY }}"}}]
	steps: after: [{run: "echo ${{ steps.build.outputs.digest }} ${{ matrix.platform }}", "timeout-minutes": 1.5, shell: "bash"}]
}
drift: {command: "go tool devgen", branches: ["main", "release/**"], steps: before: [{uses: "acme/tool@v1", id: "tool"}]}`}
	n := 0
	for _, p := range platforms {
		for _, c := range caches {
			for _, r := range rest {
				dir := filepath.Join(t.TempDir(), fmt.Sprint(n))
				n++
				spec := fmt.Sprintf("name: \"app\"\nimage: repository: \"acme/app\"\nplatforms: {%s}\ncaches: {%s}\n%s\n", p, c, r)
				if err := txtar.Write(&txtar.Archive{Files: []txtar.File{{Name: "devcontainer.cue", Data: []byte(spec)}}}, dir); err != nil {
					t.Fatal(err)
				}
				made, err := compile(devgen, dir)
				if err != nil {
					t.Errorf("%s%v", spec, err)
				}
				files = append(files, made...)
			}
		}
	}
	return files
}

// TestJudges shows each judge workflows with one mistake each, and what it says of them: a judge that accepts everything
// would be none. No judge sees all that another one does.
func TestJudges(t *testing.T) {
	const good = `on:
  push: {branches: [main]}
  schedule: [{cron: '17 2 * * *'}]
jobs:
  plan:
    runs-on: ubuntu-24.04
    outputs: {image: "${{ steps.meta.outputs.image }}"}
    steps:
      - id: meta
        run: echo image=app >> "$GITHUB_OUTPUT"
  build:
    needs: plan
    runs-on: ubuntu-24.04
    timeout-minutes: 45
    steps:
      - uses: docker/build-push-action@v6
        with: {tags: "${{ needs.plan.outputs.image }}"}
`
	rows := []struct{ mistake, old, new, refuse string }{
		{"none", "", "", ""},
		{"an unknown key", "needs: plan", "need: plan", "actionlint act github"},
		{"an unknown key of a step", "with: {tags", "run: true, with: {tags", "actionlint act github"},
		{"a key that is there twice", "timeout-minutes: 45", "runs-on: ubuntu-24.04", "actionlint act github"},
		{"no steps", "outputs: {image: \"${{ steps.meta.outputs.image }}\"}\n    steps:", "outputs: {}\n    strategy:", "actionlint act github"},
		{"a list for a text", "runs-on: ubuntu-24.04\n    outputs", "name: [a]\n    runs-on: ubuntu-24.04\n    outputs", "actionlint act github"},
		{"a word for a number", "45", "long", "actionlint act github"},
		{"no YAML", "jobs:", "jobs", "actionlint act github"},
		{"an unknown event", "push:", "pushed:", "actionlint act github"},
		{"an unknown filter of an event", "branches:", "branch:", "actionlint act github"},
		{"a minute that there is not", "17 2", "61 2", "actionlint github"},
		{"four cron fields", "17 2 * * *", "17 2 * *", "actionlint github"},
		{"a step above the maximum of its cron field", "17 2", "17/60 2", "github"},
		{"a range from *", "17 2 * * *", "17 2 *-5 * *", "github"},
		{"nothing between two commas", "17 2 *", "17 2,,4 *", "github"},
		{"needs of a job that there is not", "needs: plan", "needs: plans", "actionlint github"},
		{"jobs that need each other", "  plan:\n", "  plan:\n    needs: build\n", "actionlint github"},
		{"an expression that does not end", "}}\"}\n    steps", "\"}\n    steps", "actionlint act github"},
		{"half an expression", "steps.meta.outputs.image", "steps.meta ==", "actionlint act github"},
		{"a function that there is not", "needs.plan.outputs.image", "upper(github.ref)", "actionlint act github"},
		{"a context where it is not known", "timeout-minutes: 45", "if: steps.meta.outcome == 'success'", "actionlint act github"},
		{"a variable that there is not", "needs.plan.outputs.image", "need.plan.outputs.image", "actionlint act github"},
		{"an output that there is not", "needs.plan.outputs.image", "needs.plan.outputs.tag", "actionlint"},
		{"an action without a version", "docker/build-push-action@v6", "docker/build-push-action", "actionlint"},
		{"an input that the action does not know", "tags:", "tag:", "actionlint"},
		{"an id with a dot", "- uses", "- id: a.b\n        uses", "actionlint github"},
		{"an id that begins with __", "- uses", "- id: __build\n        uses", "github"},
		{"an id of 100 characters", "- uses", "- id: " + strings.Repeat("x", 100) + "\n        uses", "github"},
		{"an expression of more than 21000 characters", "timeout-minutes: 45", "if: github.ref != '" + strings.Repeat("x", 21000) + "'", "github"},
		{"two steps with one id", "- id: meta", "- {id: meta, run: make}\n      - id: meta", "actionlint github"},
		{"a permission that there is not", "timeout-minutes: 45", "permissions: {package: write}", "actionlint act github"},
		{"a runner that nobody has", "runs-on: ubuntu-24.04\n    timeout", "runs-on: ubuntu-24.4\n    timeout", "actionlint"},
	}
	lab(t)
	dir := t.TempDir()
	var files []string
	for i, row := range rows {
		text := strings.Replace(good, row.old, row.new, 1)
		if row.old != "" && text == good {
			t.Errorf("%s: %q is not there", row.mistake, row.old)
		}
		files = append(files, filepath.Join(dir, fmt.Sprintf("%02d.yml", i)))
		if err := os.WriteFile(files[i], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	refuse := make([][]string, len(rows))
	for _, j := range judges {
		said := j.refuse(t, files)
		for i, file := range files {
			if slices.ContainsFunc(said, func(line string) bool { return strings.HasPrefix(line, file) }) {
				refuse[i] = append(refuse[i], j.name)
			}
		}
	}
	for i, row := range rows {
		if got := strings.Join(refuse[i], " "); got != row.refuse {
			t.Errorf("%s: refused by %q, want %q", row.mistake, got, row.refuse)
		}
	}
}
