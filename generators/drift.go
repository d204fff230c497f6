package generators

import (
	"slices"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
	"github.com/devgen/devgen/templates"
	"gopkg.in/yaml.v3"
)

// drift is the GitHub workflow that fails when a generated file is stale. It has no path filter: a required check
// that is filtered out is waited for and never comes. A pull request of a fork runs it as any other, with a token
// that can read.
func drift(p *plan.Plan) document {
	d := driftFile{&workflowFile{Plan: p, source: source{}, actions: plan.Actions()}}
	root := dict(
		kv("name", d.from(node(p.Drift.Name), "drift", "name")),
		bare("on", dict(
			kv("push", dict(kv("branches", d.from(node(p.Drift.Branches), "drift", "branches")))),
			kv("pull_request", dict()).remark("no path filter: a required check must report"),
			kv("merge_group", dict()),
		)).apart(),
		kv("permissions", dict()).apart(),
		kv("concurrency", dict(
			kv("group", "devgen-drift-${{ github.event.pull_request.number || github.ref }}"),
			kv("cancel-in-progress", "${{ github.event_name == 'pull_request' }}"),
		)).apart(),
		kv("defaults", dict(kv("run", dict(kv("shell", "bash"))))).apart(),
		kv("jobs", dict(kv("drift", d.job()))).apart(),
	)
	data := encode(header(p)+asComment(d.mark("WORKFLOW", "Fails when a generated file is not what the spec says, or its consumer refuses it."))+"\n", root)
	return document{data, d.source.at(root, data)}
}

// A driftFile is the drift workflow while it is written.
type driftFile struct{ *workflowFile }

func (d driftFile) mark(block, text string) string { return d.Mark("drift", block) + text }

// job is the one that branches can require, under its name.
func (d driftFile) job() *yaml.Node {
	steps := []any{d.checkout(), d.setupGo()}
	steps = append(steps, d.userSteps(d.Drift.Before, "drift", "steps", "before")...)
	steps = append(steps, d.check(), d.compose(), d.shellcheck(), d.libTest())
	return dict(
		kv("name", "Generated files are fresh"),
		kv("runs-on", d.from(node(d.Drift.Runner), "drift", "runner")),
		kv("timeout-minutes", d.after(node(d.Drift.Timeout), "drift", "timeout")),
		kv("permissions", dict(kv("contents", "read"))),
		kv("steps", spaced(list(steps...))),
	)
}

func (d driftFile) checkout() *yaml.Node {
	return noted(dict(
		kv("name", "Check out"),
		kv("id", "checkout"),
		d.uses("actions/checkout"),
		kv("with", dict(kv("persist-credentials", false))),
	), d.mark("CHECKOUT", "What follows runs code of the pull request, which needs no credentials."))
}

func (d driftFile) setupGo() *yaml.Node {
	g := d.Drift.Go
	if g == nil {
		return nil
	}
	return noted(dict(
		kv("name", "Set up Go"),
		d.uses("actions/setup-go"),
		kv("with", dict(
			only(g.VersionFile != "", kv("go-version-file", g.VersionFile)),
			only(g.VersionFile == "", kv("go-version", "stable")),
			only(!g.Cached, kv("cache", false)),
		)),
	), d.mark("GO", "The Go that builds devgen."))
}

func (d driftFile) check() *yaml.Node {
	return noted(dict(
		kv("name", "Compare with the spec"),
		kv("run", d.from(node(d.Drift.Check), "drift", "command")),
	), d.mark("CHECK", "Finds what is stale, missing, orphaned or edited by hand, and writes nothing."))
}

// whatever has a step run although an earlier one has failed, so that one run shows everything. Without files there is
// nothing to show.
const whatever = "${{ !cancelled() && steps.checkout.outcome == 'success' }}"

func (d driftFile) compose() *yaml.Node {
	files := d.ComposeFiles()
	if len(files) == 0 {
		return nil
	}
	var sets []string
	for _, combination := range combinations(files) {
		var paths []string
		for _, o := range combination {
			paths = append(paths, o.Path)
		}
		sets = append(sets, strings.Join(paths, ":"))
	}
	local := slices.ContainsFunc(d.Spec.Services, func(s schema.Service) bool { return personal(native(s.Keys)) })
	return noted(dict(
		kv("name", "Check the compose files"),
		kv("if", whatever),
		kv("env", dict(
			kv("COMPOSE_PROJECT_NAME", "drift"),
			only(local, kv("OPTION", "--no-interpolate")).remark("variables and files of the services are on the developers' machines"),
			kv("SETS", lines(sets...)),
		)),
		kv("run", block(templates.Step("compose"))),
	), d.mark("COMPOSE", "Each set of files that people may give Compose."))
}

// personal reports whether Compose may look for something that only a developer's machine has: a variable without a
// default, or a file of variables or labels. Of Compose's options --no-interpolate alone keeps it from opening these: 2.38
// does so under --no-env-resolution too.
func personal(n *yaml.Node) bool {
	return unknown(n) || n.Value == "env_file" || n.Value == "label_file" || slices.ContainsFunc(n.Content, personal)
}

func (d driftFile) shellcheck() *yaml.Node {
	scripts := d.Scripts()
	if len(scripts) == 0 {
		return nil
	}
	command := "shellcheck --external-sources --severity=warning"
	for _, o := range scripts {
		command += " \\\n  " + o.Path
	}
	return noted(dict(
		kv("name", "Check the scripts"),
		kv("if", whatever),
		kv("run", block(command+"\n")),
	), d.mark("SHELLCHECK", "The generated scripts."))
}

// libTest runs the libraries' own test, which needs no engine.
func (d driftFile) libTest() *yaml.Node {
	test := d.Output("lib-test")
	if test == nil {
		return nil
	}
	return noted(dict(
		kv("name", "Test the scripts"),
		kv("if", whatever),
		kv("run", test.Path),
	), d.mark("TEST", "What the functions of the scripts do on this machine."))
}
