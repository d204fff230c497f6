package generators

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/templates"
	"gopkg.in/yaml.v3"
)

// workflow is the GitHub workflow that prebuilds the image:
//
//	plan → verify                    what may not push: pull requests, and forks without an image of their own
//	     → build per platform → merge  what may push
//	                          → verify-cache on a warm schedule
//	     → report
//
// No text of the user and no expression of GitHub stands inside a script: scripts are files of templates/workflow
// and get their values through the environment.
func workflow(p *plan.Plan) document {
	w := &workflowFile{Plan: p, source: source{}, actions: plan.Actions()}
	root := dict(
		kv("name", w.from(node(p.Workflow.Name), "workflow", "name")),
		bare("on", w.triggers()).apart(),
		kv("permissions", dict()).apart().note("Every job asks for what it needs."),
		kv("concurrency", dict(
			kv("group", w.concurrency()),
			kv("cancel-in-progress", "${{ github.event_name == 'pull_request' }}"),
		)).apart(),
		kv("defaults", dict(kv("run", dict(kv("shell", "bash"))))).apart(),
		kv("env", dict(
			kv("BUILDKIT_IMAGE", w.after(node("moby/buildkit:"+p.Spec.BuildKit.Version), "buildkit", "version")),
			kv("BUILDX_VERSION", w.after(node(p.Spec.BuildKit.Buildx), "buildkit", "buildx")),
		)).apart(),
		kv("jobs", w.jobs()).apart(),
	)
	data := encode(header(p)+asComment(p.Mark("workflow", "WORKFLOW")+
		"Prebuilds the dev container image."+
		when(len(p.Caches) > 0, "\nIts caches make the next build short."))+"\n", root)
	return document{data, w.source.at(root, data)}
}

// A workflowFile is the workflow while it is written.
type workflowFile struct {
	*plan.Plan
	source
	actions map[string]plan.Action
}

// mark is the comment of a block.
func (w *workflowFile) mark(block, text string) string { return w.Mark("workflow", block) + text }

func (w *workflowFile) triggers() *yaml.Node {
	filtered := len(w.Workflow.Paths) > 0
	push := dict(
		kv("branches", w.from(node(w.Workflow.Branches), "workflow", "branches")),
		only(len(w.Workflow.Tags) > 0, kv("tags", w.from(node(w.Workflow.Tags), "workflow", "tags")).remark(when(filtered, "a pushed tag builds whatever it changes"))),
		only(filtered, kv("paths", w.paths())),
	)
	schedules := list()
	for i, s := range w.Workflow.Schedules {
		remark := map[string]string{
			"warm":    "warm: proves that an unchanged image comes from the cache",
			"refresh": "refresh: builds without the cache, to take up new packages",
		}[s.Purpose]
		schedules.Content = append(schedules.Content,
			w.from(dict(kv("cron", quoted(s.Cron)).remark(remark)), "workflow", "schedules", strconv.Itoa(i)))
	}
	return dict(
		kv("push", push),
		only(w.Workflow.PullRequests, kv("pull_request", dict(only(filtered, kv("paths", w.paths()))))),
		only(len(schedules.Content) > 0, kv("schedule", schedules)),
		only(w.Workflow.Dispatch, kv("workflow_dispatch", w.inputs())),
	)
}

func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

// paths are the filters: the spec's own first, then what follows from it.
func (w *workflowFile) paths() *yaml.Node {
	n := list()
	for i, path := range w.Workflow.Paths {
		item := node(path)
		if i < len(w.Spec.Workflow.Paths) {
			w.from(item, "workflow", "paths", strconv.Itoa(i))
		}
		n.Content = append(n.Content, item)
	}
	return n
}

// concurrency keeps apart what may run at once. Of the runs that wait GitHub keeps the newest only. That one publishes
// what the others would have, unless it builds one platform alone.
func (w *workflowFile) concurrency() string {
	return "${{ github.workflow }}-${{ github.event.pull_request.number || github.ref }}" +
		when(w.Merged() && w.Workflow.Dispatch, "-${{ inputs.platforms || 'all' }}")
}

// inputs are the choices of a run by hand.
func (w *workflowFile) inputs() *yaml.Node {
	platforms := []string{"all"}
	for _, p := range w.Platforms {
		platforms = append(platforms, p.Name)
	}
	modes := w.CacheModes()
	mode := ""
	if len(modes) > 0 {
		mode = modes[0]
	}
	return dict(kv("inputs", dict(
		only(w.Merged(), kv("platforms", dict(
			kv("description", "Platforms to build; one alone fills its cache and takes no tag"),
			kv("type", "choice"),
			kv("default", "all"),
			kv("options", w.after(node(platforms), "platforms")),
		))),
		only(mode != "", kv("cache_mode", dict(
			kv("description", "Layers to cache: of every step (max) or of the result (min)"),
			kv("type", "choice"),
			kv("default", w.after(node(mode), cachesField(w.Plan)...)),
			kv("options", modes),
		))),
		kv("no_cache", dict(
			kv("description", "Build without reading a cache"),
			kv("type", "boolean"),
			kv("default", false),
		)),
	)))
}

func (w *workflowFile) jobs() *yaml.Node {
	jobs := dict(
		kv("verify", w.buildJob(false)).apart().note("What may not push is built all the same, from the caches and into nothing."),
		kv("build", w.buildJob(true)).apart().note(w.mark("BUILD", "One build for each platform, on a runner of its own.")),
		w.merge().apart().note("Joins the platforms under one name. Only here are tags given, so that a tag is never half an image."),
		w.verifyCache().apart().note("The builds are done; what they left in the registry must do for a machine that has nothing."),
		kv("report", w.reportJob()).apart().note("Compares the builds with the objectives."),
	)
	first := dict(kv("plan", w.planJob(read(jobs))).note(w.mark("SETUP", "Decides what this run builds, where it pushes and which caches it may write.")))
	first.Content = append(first.Content, jobs.Content...)
	return first
}

var planOutput = regexp.MustCompile(`needs\.plan\.outputs\.([a-z0-9_]+)`)

// read are the outputs of plan that jobs read, sorted.
func read(jobs *yaml.Node) (names []string) {
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		for _, m := range planOutput.FindAllStringSubmatch(n.Value, -1) {
			if at, ok := slices.BinarySearch(names, m[1]); !ok {
				names = slices.Insert(names, at, m[1])
			}
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(jobs)
	return names
}

// job is what all jobs have in common, with head before and tail behind it.
func (w *workflowFile) job(id, name string, minutes any, head []entry, tail ...entry) *yaml.Node {
	permissions := dict()
	for _, p := range w.Workflow.Job(id).Permissions {
		add(permissions, kv(p.Scope, p.Access).remark(p.Why))
	}
	n := dict(kv("name", name))
	add(n, head...)
	add(n, kv("timeout-minutes", minutes), kv("permissions", permissions))
	add(n, tail...)
	return n
}

// small is the runner of a job that does not build.
func (w *workflowFile) small() entry {
	return kv("runs-on", w.from(node(w.Workflow.Runner), "workflow", "runner"))
}

// planJob tells the other jobs the given outputs.
func (w *workflowFile) planJob(names []string) *yaml.Node {
	outputs := dict()
	for _, name := range names {
		add(outputs, kv(name, "${{ steps.plan.outputs."+name+" }}"))
	}
	return w.job("plan", "Plan", 5, []entry{w.small()},
		kv("outputs", outputs),
		kv("steps", list(dict(
			kv("name", "Decide what to build"),
			kv("id", "plan"),
			kv("env", w.planEnv()),
			kv("run", block(templates.Step("plan"))),
		))),
	)
}

func (w *workflowFile) planEnv() *yaml.Node {
	env := dict(
		kv("EVENT", "${{ github.event_name }}"),
		kv("REF", "${{ github.ref }}"),
		kv("REF_NAME", "${{ github.ref_name }}"),
		kv("BASE_REF", "${{ github.base_ref }}"),
		kv("REPOSITORY", "${{ github.repository }}"),
		kv("HEAD_REPOSITORY", "${{ github.event.pull_request.head.repo.full_name }}"),
		kv("ACTOR", "${{ github.actor }}"),
		kv("CRON", "${{ github.event.schedule }}"),
		kv("HOME_REPOSITORY", w.after(node(w.Workflow.Repository), "workflow", "repository")),
		kv("DEFAULT_BRANCH", w.after(node(w.Workflow.DefaultBranch), "workflow", "defaultBranch")),
		kv("IMAGE", w.after(node(w.Image.Repository), "image", "repository")),
		only(w.CacheRepository() != "", kv("CACHE", w.after(node(w.CacheRepository()), "caches", "registry"))),
		kv("FORK_IMAGE", w.after(node("${{ vars."+w.Workflow.ForkImageVariable+" }}"), "workflow", "forkImageVariable")),
		kv("HAS_LOGIN", w.Image.Login.HasSecret()),
		only(w.Image.Login.Secret != "", kv("SPREAD_LOGIN", w.Image.Login.SpreadSecret())),
		only(len(w.Workflow.CronLines("refresh")) > 0, kv("REFRESH", w.after(lines(w.Workflow.CronLines("refresh")...), "workflow", "schedules"))),
		kv("PLATFORMS", w.after(block(w.matrix()), "platforms")),
	)
	for _, c := range w.Caches {
		if c.Writers != "" {
			add(env, kv("WRITERS_"+strings.ToUpper(c.Backend), w.after(quoted(c.Writers), "caches", c.Backend, "writers")))
		}
		if len(c.Secrets) > 0 {
			add(env, kv("HAS_"+strings.ToUpper(c.Backend), w.after(node(c.HasSecrets()), "caches", c.Backend)))
		}
	}
	if w.Workflow.Dispatch {
		add(env,
			only(w.Merged(), kv("INPUT_PLATFORM", "${{ inputs.platforms }}")),
			only(w.CacheModes() != nil, kv("INPUT_CACHE_MODE", "${{ inputs.cache_mode }}")),
			kv("INPUT_NO_CACHE", "${{ inputs.no_cache }}"),
		)
	}
	return env
}

// matrix is one JSON object a line for each platform.
func (w *workflowFile) matrix() string {
	var rows []string
	for _, p := range w.Platforms {
		runner := `"` + strings.Join(p.Runner, `", "`) + `"` // labels need no escapes
		if len(p.Runner) > 1 {
			runner = "[" + runner + "]"
		}
		row := fmt.Sprintf(`{"platform": %q, "arch": %q, "runner": %s`, p.Name, p.Arch, runner)
		if w.Emulated() {
			row += fmt.Sprintf(`, "emulated": %t`, p.Emulated)
		}
		rows = append(rows, "  "+row+"}")
	}
	return "[\n" + strings.Join(rows, ",\n") + "\n]\n"
}

// merge is the job that joins several platforms; one platform needs none.
func (w *workflowFile) merge() entry {
	if !w.Merged() {
		return entry{}
	}
	head := []entry{kv("if", publishes), kv("needs", []string{"plan", "build"}), w.small()}
	return kv("merge", w.job("merge", "Publish", 10, head,
		kv("steps", spaced(list(
			w.collect("Collect the digests", "digest-*", "digests"),
			w.buildx(""),
			w.login(""),
			noted(dict(
				kv("name", "Collect tags"),
				kv("id", "meta"),
				w.uses("docker/metadata-action"),
				kv("with", dict(
					kv("images", "${{ needs.plan.outputs.image }}"),
					kv("tags", w.after(lines(w.Metadata()...), "tags")),
					kv("flavor", "latest=false"),
				)),
			), w.mark("META", "The tags of the spec that apply to this run.")),
			dict(
				kv("name", "Create the image index"),
				kv("id", "index"),
				kv("env", dict(
					kv("IMAGE", "${{ needs.plan.outputs.image }}"),
					kv("PLATFORMS", "${{ needs.plan.outputs.matrix }}"),
					kv("METADATA", "${{ steps.meta.outputs.json }}"),
				)),
				kv("run", block(templates.Step("merge"))),
			),
			w.attest("${{ steps.index.outputs.digest }}"),
		))),
	))
}

// collect brings what the builds left into one folder.
func (w *workflowFile) collect(name, pattern, path string) *yaml.Node {
	return dict(
		kv("name", name),
		w.uses("actions/download-artifact"),
		kv("with", dict(
			kv("pattern", pattern),
			kv("path", path),
			kv("merge-multiple", true),
		)),
	)
}

func (w *workflowFile) reportJob() *yaml.Node {
	o := w.Workflow.Objectives
	head := []entry{
		kv("if", "${{ !cancelled() && needs.plan.result == 'success' }}"),
		kv("needs", []string{"plan", "verify", "build"}),
		w.small(),
	}
	return w.job("report", "Report", 5, head,
		kv("steps", spaced(list(
			w.collect("Collect the measurements", "report-*", "reports"),
			noted(dict(
				kv("name", "Compare with the objectives"),
				kv("env", dict(
					kv("HIT_RATE", w.after(quoted(fmt.Sprint(o.HitRate)), "objectives", "hitRate")).remark("percent, of a build whose inputs did not change"),
					kv("HIT_RATE_FLOOR", w.after(quoted(fmt.Sprint(o.HitRateFloor)), "objectives", "hitRateFloor")).remark("percent, below which any build is warned about"),
					kv("WARM_SECONDS", w.after(quoted(fmt.Sprint(o.WarmSeconds)), "objectives", "warmBuild")),
					kv("COLD_SECONDS", w.after(quoted(fmt.Sprint(o.ColdSeconds)), "objectives", "coldBuild")),
					kv("ENFORCE", "${{ needs.plan.outputs.enforce }}").remark("only a warm scheduled run can fail here"),
					kv("PLATFORMS", "${{ needs.plan.outputs.matrix }}"),
				)),
				kv("run", block(templates.Step("report"))),
			), w.mark("METRICS", "The job summary shows what each build took from the caches.")),
		))),
	)
}
