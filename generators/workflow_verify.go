package generators

import (
	"slices"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/templates"
	"gopkg.in/yaml.v3"
)

// verifyCache is the job that proves the registry cache on a warm schedule, on a runner and a builder that have nothing
// else. It is no step of build: an objective that was missed keeps no image back.
func (w *workflowFile) verifyCache() entry {
	if w.Workflow.Job("verify-cache") == nil {
		return entry{}
	}
	head := []entry{
		kv("if", "needs.plan.outputs.enforce == 'true'"),
		kv("needs", []string{"plan", "build"}),
		kv("runs-on", "${{ matrix.runner }}"),
	}
	steps := []any{w.checkout()}
	steps = append(steps, w.userSteps(w.Workflow.Before, "workflow", "steps", "before")...)
	steps = append(steps, w.qemu(), w.buildx(""), w.login(""), w.verification())
	return kv("verify-cache", w.job("verify-cache", "Verify the cache (${{ matrix.arch }})", w.after(node(w.Workflow.Timeout), "workflow", "timeout"), head,
		w.platformMatrix(),
		kv("steps", spaced(list(steps...))),
	))
}

// verification is the step that runs the script. The secrets of the build come as a developer has them, each variable
// once: actionlint tells no case.
func (w *workflowFile) verification() *yaml.Node {
	env := dict(
		kv("DEVGEN_SCRIPT", w.Output("verify-registry-cache").Path),
		kv("DEVGEN_PLATFORM", "${{ matrix.platform }}"),
		kv("DEVGEN_CACHE", "${{ needs.plan.outputs.cache }}"),
		kv("DEVGEN_REPORT", "${{ runner.temp }}/verify-cache-${{ matrix.arch }}.json"),
	)
	for i, s := range w.Image.Secrets {
		if !slices.ContainsFunc(w.Image.Secrets[:i], func(earlier plan.Secret) bool { return strings.EqualFold(earlier.Env, s.Env) }) {
			add(env, kv(s.Env, w.after(node(s.Expression), "image", "secrets", s.ID)))
		}
	}
	return noted(dict(
		kv("name", "Verify the registry cache"),
		kv("env", env),
		kv("run", block(templates.Step("verify-cache"))),
	), w.mark("TEST", "A build on a builder that is made for it, against the objectives."))
}
