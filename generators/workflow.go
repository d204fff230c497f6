package generators

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/templates"
	"gopkg.in/yaml.v3"
)

// workflow is the GitHub workflow that prebuilds the image:
//
//	plan → verify                    what may not push: pull requests, and forks without an image of their own
//	     → build per platform → merge  what may push
//	     → report
//
// No text of the user and no expression of GitHub stands inside a script: scripts are files of templates/workflow
// and get their values through the environment.
func workflow(p *plan.Plan) document {
	w := &workflowFile{Plan: p, source: source{}, actions: plan.Actions()}
	root := dict(
		kv("name", w.from(node(p.Workflow.Name), "workflow", "name")),
		kv("on", w.triggers()).apart(),
		kv("permissions", dict()).apart().note("Every job asks for what it needs."),
		kv("concurrency", dict(
			kv("group", "${{ github.workflow }}-${{ github.event.pull_request.number || github.ref }}"),
			kv("cancel-in-progress", "${{ github.event_name == 'pull_request' }}"),
		)).apart(),
		kv("defaults", dict(kv("run", dict(kv("shell", "bash"))))).apart(),
		kv("env", dict(
			kv("BUILDKIT_IMAGE", "moby/buildkit:"+p.Spec.BuildKit.Version),
			kv("BUILDX_VERSION", p.Spec.BuildKit.Buildx),
		)).apart(),
		kv("jobs", w.jobs()).apart(),
	)
	data := encode(header(p)+asComment(p.Mark("workflow", "WORKFLOW")+
		"Prebuilds the dev container image.\n"+
		"Its caches make the next build short, here and on a developer's machine.")+"\n", root)
	return document{data, func(line int) []string { return w.at(root, data, line) }}
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
			w.from(dict(kv("cron", quoted(s.Cron)).remark(remark)), "workflow", "schedules", fmt.Sprint(i)))
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

// paths are the filters of the spec, and the workflow itself: a change of it is to be tried out too.
func (w *workflowFile) paths() *yaml.Node {
	n := list()
	for i, path := range w.Workflow.Paths {
		n.Content = append(n.Content, w.from(node(path), "workflow", "paths", itoa(i)))
	}
	if self := w.Output("workflow").Path; !slices.Contains(w.Workflow.Paths, self) {
		n.Content = append(n.Content, node(self))
	}
	return n
}

// inputs are the choices of a run by hand.
func (w *workflowFile) inputs() *yaml.Node {
	platforms := []string{"all"}
	for _, p := range w.Platforms {
		platforms = append(platforms, p.Name)
	}
	mode := w.cacheMode()
	return dict(kv("inputs", dict(
		only(w.Merged(), kv("platforms", dict(
			kv("description", "Platforms to build; one alone fills its cache and takes no tag"),
			kv("type", "choice"),
			kv("default", "all"),
			kv("options", platforms),
		))),
		only(mode != "", kv("cache_mode", dict(
			kv("description", "Layers to cache: of every step (max) or of the result (min)"),
			kv("type", "choice"),
			kv("default", mode),
			kv("options", []string{"max", "min"}),
		))),
		kv("no_cache", dict(
			kv("description", "Build without reading a cache"),
			kv("type", "boolean"),
			kv("default", false),
		)),
	)))
}

// cacheMode is the mode of the first backend that has one, or "".
func (w *workflowFile) cacheMode() string {
	for _, c := range w.Caches {
		if c.Mode != "" {
			return c.Mode
		}
	}
	return ""
}

func (w *workflowFile) jobs() *yaml.Node {
	jobs := dict(
		kv("verify", w.buildJob(false)).apart().note("What may not push is built all the same, from the caches and into nothing."),
		kv("build", w.buildJob(true)).apart().note(w.mark("BUILD", "One build for each platform, on a runner of its own.")),
		w.merge().apart().note("Joins the platforms under one name. Only here are tags given, so that a tag is never half an image."),
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

// job is what all jobs have in common.
func (w *workflowFile) job(id, name string, timeout int, entries ...entry) *yaml.Node {
	permissions := dict()
	for _, p := range w.Workflow.Job(id).Permissions {
		add(permissions, kv(p.Scope, p.Access).remark(p.Why))
	}
	all := []entry{kv("name", name)}
	all = append(all, entries...)
	n := dict(all...)
	// timeout and permissions stand before the steps.
	tail := dict(kv("timeout-minutes", timeout), kv("permissions", permissions)).Content
	at := slices.IndexFunc(n.Content, func(x *yaml.Node) bool { return x.Value == "outputs" || x.Value == "strategy" || x.Value == "steps" })
	n.Content = slices.Insert(n.Content, at, tail...)
	return n
}

// planJob tells the other jobs the given outputs.
func (w *workflowFile) planJob(names []string) *yaml.Node {
	outputs := dict()
	for _, name := range names {
		add(outputs, kv(name, "${{ steps.plan.outputs."+name+" }}"))
	}
	return w.job("plan", "Plan", 5,
		kv("runs-on", w.from(node(w.Workflow.Runner), "workflow", "runner")),
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
	hasLogin := "true"
	if secret := w.Image.Login.Secret; secret != "" {
		hasLogin = "${{ secrets." + secret + " != '' }}"
	}
	env := dict(
		kv("EVENT", "${{ github.event_name }}"),
		kv("REF", "${{ github.ref }}"),
		kv("REF_NAME", "${{ github.ref_name }}"),
		kv("BASE_REF", "${{ github.base_ref }}"),
		kv("REPOSITORY", "${{ github.repository }}"),
		kv("HEAD_REPOSITORY", "${{ github.event.pull_request.head.repo.full_name }}"),
		kv("ACTOR", "${{ github.actor }}"),
		kv("CRON", "${{ github.event.schedule }}"),
		kv("HOME_REPOSITORY", w.Workflow.Repository),
		kv("DEFAULT_BRANCH", w.Workflow.DefaultBranch),
		kv("IMAGE", w.Image.Repository),
		only(w.CacheRepository() != "", kv("CACHE", w.CacheRepository())),
		kv("FORK_IMAGE", "${{ vars."+w.Workflow.ForkImageVariable+" }}"),
		kv("HAS_LOGIN", hasLogin),
		only(len(w.Workflow.CronLines("refresh")) > 0, kv("REFRESH", lines(w.Workflow.CronLines("refresh")...))),
		kv("PLATFORMS", block(w.matrix())),
	)
	for _, c := range w.Caches {
		if c.Writers != "" {
			add(env, kv("WRITERS_"+strings.ToUpper(c.Backend), quoted(c.Writers)))
		}
	}
	if w.Workflow.Dispatch {
		add(env,
			only(w.Merged(), kv("INPUT_PLATFORM", "${{ inputs.platforms }}")),
			only(w.cacheMode() != "", kv("INPUT_CACHE_MODE", "${{ inputs.cache_mode }}")),
			kv("INPUT_NO_CACHE", "${{ inputs.no_cache }}"),
		)
	}
	return env
}

// matrix is one JSON object a line for each platform.
func (w *workflowFile) matrix() string {
	var rows []string
	for _, p := range w.Platforms {
		runner, _ := json.Marshal(p.Runner)
		if len(p.Runner) == 1 {
			runner, _ = json.Marshal(p.Runner[0])
		}
		row := fmt.Sprintf(`{"platform": %q, "arch": %q, "runner": %s`, p.Name, p.Arch, runner)
		if w.Emulated() {
			row += fmt.Sprintf(`, "emulated": %t`, p.Emulated)
		}
		rows = append(rows, "  "+row+"}")
	}
	return "[\n" + strings.Join(rows, ",\n") + "\n]\n"
}

// buildJob is build, which pushes, or verify, which does not.
func (w *workflowFile) buildJob(push bool) *yaml.Node {
	id, name, condition := "verify", "Verify (${{ matrix.arch }})", "needs.plan.outputs.push != 'true'"
	if push {
		id, name, condition = "build", "Build (${{ matrix.arch }})", "needs.plan.outputs.push == 'true'"
	}
	steps := []any{w.checkout()}
	steps = append(steps, w.userSteps("before")...)
	steps = append(steps, w.qemu(), w.buildx(push), w.login(push), w.metadata(push))
	steps = append(steps, w.restoreFolder(push)...)
	steps = append(steps, w.buildStep(push))
	steps = append(steps, w.saveFolder(push)...)
	steps = append(steps, w.userSteps("after")...)
	steps = append(steps, w.measure(push))
	if push {
		steps = append(steps, w.leaveDigest()...)
	}
	steps = append(steps, w.leaveReport())
	return w.job(id, name, w.Workflow.Timeout,
		kv("if", condition),
		kv("needs", "plan"),
		kv("runs-on", "${{ matrix.runner }}"),
		kv("strategy", dict(
			kv("fail-fast", false),
			kv("matrix", dict(kv("include", "${{ fromJSON(needs.plan.outputs.matrix) }}"))),
		)),
		kv("steps", spaced(list(steps...))),
	)
}

// uses is the reference of a pinned action with its version behind it.
func (w *workflowFile) uses(action string) entry {
	a, ok := w.actions[action]
	if !ok {
		panic("no pin for " + action)
	}
	return kv("uses", action+"@"+a.SHA).remark(a.Version)
}

func (w *workflowFile) checkout() *yaml.Node {
	c := w.Workflow.Checkout
	submodules := node(c.Submodules)
	if c.Submodules == "true" {
		submodules = node(true)
	}
	return dict(
		kv("name", "Check out"),
		w.uses("actions/checkout"),
		kv("with", dict(
			only(c.FetchDepth != 1, kv("fetch-depth", c.FetchDepth)),
			only(c.Submodules != "", kv("submodules", submodules)),
			kv("persist-credentials", false).remark("the build context would take the token along"),
		)),
	)
}

func (w *workflowFile) userSteps(which string) (steps []any) {
	values := w.Workflow.Before
	if which == "after" {
		values = w.Workflow.After
	}
	for i, v := range values {
		steps = append(steps, w.from(native(v), "workflow", "steps", which, fmt.Sprint(i)))
	}
	return steps
}

func (w *workflowFile) qemu() *yaml.Node {
	if !w.Emulated() {
		return nil
	}
	return noted(dict(
		kv("name", "Set up QEMU"),
		kv("if", "matrix.emulated"),
		w.uses("docker/setup-qemu-action"),
		kv("with", dict(
			kv("image", plan.BinfmtImage),
			kv("platforms", "${{ matrix.platform }}"),
			kv("cache-image", false),
		)),
	), w.mark("QEMU", "Only for a platform without a native runner."))
}

func (w *workflowFile) buildx(push bool) *yaml.Node {
	with := dict(
		kv("version", "${{ env.BUILDX_VERSION }}"),
		kv("driver-opts", "image=${{ env.BUILDKIT_IMAGE }}"),
	)
	if o := w.Output("buildkitd"); o != nil {
		add(with, kv("buildkitd-config", o.Path))
	}
	add(with, kv("cache-binary", false))
	step := dict(
		kv("name", "Set up Buildx"),
		kv("id", "buildx"),
		w.uses("docker/setup-buildx-action"),
		kv("with", with),
	)
	if push {
		return noted(step, w.mark("BUILDX", "A fresh builder: every hit comes from a shared cache."))
	}
	return step
}

func (w *workflowFile) login(push bool) *yaml.Node {
	step := dict(
		kv("name", "Log in to "+w.Image.Login.Registry),
		only(!push, kv("if", "needs.plan.outputs.login == 'true'")),
		w.uses("docker/login-action"),
		kv("with", dict(
			kv("registry", w.Image.Login.Registry),
			kv("username", w.Image.Login.Username),
			kv("password", w.Image.Login.Password),
		)),
	)
	if push {
		return noted(step, w.mark("LOGIN", "The token may push packages of this repository only."))
	}
	return step
}

// metadata makes labels, which change no layer, and for a single platform the tags too.
func (w *workflowFile) metadata(push bool) *yaml.Node {
	if !push {
		return nil
	}
	return noted(dict(
		kv("name", "Collect labels"+when(!w.Merged(), " and tags")),
		kv("id", "meta"),
		w.uses("docker/metadata-action"),
		kv("with", dict(
			kv("images", "${{ needs.plan.outputs.image }}"),
			only(!w.Merged(), kv("tags", lines(w.tagLines()...))),
			only(!w.Merged(), kv("flavor", "latest=false")),
			kv("labels", lines("org.opencontainers.image.created={{commit_date 'YYYY-MM-DDTHH:mm:ss[Z]'}}")),
		)),
	), w.mark("META", "Commit, version and date are labels: as build arguments they would run every later step again."))
}

func (w *workflowFile) tagLines() (lines []string) {
	for _, r := range w.Tags {
		lines = append(lines, r.Metadata...)
	}
	return lines
}

// folder is where a cache that is a folder lies; restored and saved under one path, which is part of its identity.
const folder = "${{ runner.temp }}/buildx-cache"

func (w *workflowFile) restoreFolder(push bool) []any {
	if !slices.ContainsFunc(w.Caches, func(c plan.Cache) bool { return c.Folder }) {
		return nil
	}
	return []any{noted(dict(
		kv("name", "Restore the layer cache"),
		w.uses("actions/cache/restore"),
		kv("with", dict(
			kv("path", folder),
			kv("key", w.folderKey()),
			kv("restore-keys", w.Spec.Name+"-buildx-${{ matrix.arch }}-"),
		)),
	), w.mark("CACHE-RESTORE", "The newest entry of this architecture."))}
}

func (w *workflowFile) saveFolder(push bool) []any {
	if !push || !slices.ContainsFunc(w.Caches, func(c plan.Cache) bool { return c.Folder }) {
		return nil
	}
	return []any{noted(dict(
		kv("name", "Save the layer cache"),
		kv("if", "needs.plan.outputs.write_local == 'true'"),
		w.uses("actions/cache/save"),
		kv("with", dict(
			kv("path", folder),
			kv("key", w.folderKey()),
		)),
	), w.mark("CACHE-SAVE", "Only a trusted branch writes."))}
}

func (w *workflowFile) folderKey() string {
	return w.Spec.Name + "-buildx-${{ matrix.arch }}-${{ github.run_id }}-${{ github.run_attempt }}"
}

func (w *workflowFile) buildStep(push bool) *yaml.Node {
	name := "Build"
	switch {
	case push && w.Merged():
		name = "Build and push by digest"
	case push:
		name = "Build and push"
	}
	env := w.buildEnv()
	step := dict(
		kv("name", name),
		kv("id", "build"),
		w.uses("docker/build-push-action"),
		kv("with", w.buildInputs(push)),
		only(len(env.Content) > 0, kv("env", env)),
	)
	if push {
		return noted(step, w.mark("BUILD-PUSH", when(w.Merged(), "No tag yet: a tagged image cannot be pushed by digest, and half an image must not be tagged.")+
			when(!w.Merged(), "One platform: the image is its own index and takes the tags itself.")))
	}
	return step
}

func (w *workflowFile) buildInputs(push bool) *yaml.Node {
	var args []string
	for _, a := range w.Image.Args {
		args = append(args, a.Name+"="+a.Value)
	}
	noCache := "${{ needs.plan.outputs.no_cache == 'true' }}"
	common := []entry{
		kv("context", w.Image.Context),
		kv("file", w.Image.Dockerfile),
		only(w.Image.Target != "", kv("target", w.Image.Target)),
		kv("platforms", "${{ matrix.platform }}"),
		only(len(args) > 0, kv("build-args", lines(args...))),
	}
	cacheFrom := kv("cache-from", w.cacheFrom())
	if push {
		common = append(common, w.pushInputs()...)
		common = append(common,
			kv("no-cache", noCache),
			kv("pull", noCache),
			only(len(w.Caches) > 0, cacheFrom.note(w.mark("CACHE-RESTORE", "Every branch reads the cache of the default branch."))),
			only(len(w.Caches) > 0, kv("cache-to", w.cacheTo()).note(w.mark("CACHE-SAVE", "Only a trusted branch writes. A failed upload fails the run on a schedule only."))),
			kv("provenance", w.Image.Provenance),
		)
	} else {
		common = append(common,
			kv("outputs", "type=cacheonly"),
			only(len(w.Caches) > 0, cacheFrom),
			kv("provenance", false),
		)
	}
	return dict(append(common, only(len(w.Image.Secrets) > 0, kv("secret-envs", lines(w.secretEnvs()...))))...)
}

func (w *workflowFile) pushInputs() []entry {
	labels := kv("labels", "${{ steps.meta.outputs.labels }}")
	if !w.Merged() {
		return []entry{kv("push", true), kv("tags", "${{ steps.meta.outputs.tags }}"), labels}
	}
	return []entry{labels, kv("outputs",
		"${{ needs.plan.outputs.publish == 'true' && format('type=image,name={0},push-by-digest=true,name-canonical=true,push=true', needs.plan.outputs.image) || 'type=cacheonly' }}")}
}

func (w *workflowFile) secretEnvs() (pairs []string) {
	for _, s := range w.Image.Secrets {
		pairs = append(pairs, s.ID+"="+secretVariable(s.ID))
	}
	return pairs
}

var notInVariable = regexp.MustCompile(`[^A-Z0-9_]`)

// secretVariable is the variable of the build step that holds a secret.
func secretVariable(id string) string {
	return "BUILD_SECRET_" + notInVariable.ReplaceAllString(strings.ToUpper(id), "_")
}

func (w *workflowFile) buildEnv() *yaml.Node {
	env := dict()
	for _, s := range w.Image.Secrets {
		add(env, kv(secretVariable(s.ID), s.Expression))
	}
	for _, c := range w.Caches {
		for _, v := range c.Env {
			add(env, kv(v.Name, v.Value))
		}
	}
	return env
}

func (w *workflowFile) measure(push bool) *yaml.Node {
	mode := w.cacheMode()
	modeValue := "none"
	if mode != "" {
		modeValue = "${{ needs.plan.outputs.cache_mode || '" + mode + "' }}"
	}
	step := dict(
		kv("name", "Measure the cache"),
		kv("if", built),
		kv("env", dict(
			kv("BUILDER", "${{ steps.buildx.outputs.name }}"),
			kv("METADATA", "${{ steps.build.outputs.metadata }}"),
			kv("PLATFORM", "${{ matrix.platform }}"),
			kv("CACHE_MODE", modeValue),
			only(push, kv("DIGEST", "${{ steps.build.outputs.digest }}")),
			kv("REPORT", "${{ runner.temp }}/report-${{ matrix.arch }}.json"),
		)),
		kv("run", w.Output("cache-report").Path),
	)
	if push {
		return noted(step, w.mark("METRICS", "Dockerfile steps that came from a cache, of all Dockerfile steps."))
	}
	return step
}

// built holds when there was a build to measure.
const built = "${{ !cancelled() && steps.build.outputs.metadata != '' }}"

func (w *workflowFile) leaveReport() *yaml.Node {
	return dict(
		kv("name", "Leave the measurement for the report"),
		kv("if", built),
		w.uses("actions/upload-artifact"),
		kv("with", dict(
			kv("name", "report-${{ matrix.arch }}"),
			kv("path", "${{ runner.temp }}/report-${{ matrix.arch }}.json"),
			kv("if-no-files-found", "error"),
			kv("retention-days", 14),
		)),
	)
}

// leaveDigest hands the digest to merge, or signs it where there is nothing to merge.
func (w *workflowFile) leaveDigest() []any {
	if !w.Merged() {
		return []any{w.attest("${{ steps.build.outputs.digest }}")}
	}
	condition := "needs.plan.outputs.publish == 'true'"
	return []any{
		dict(
			kv("name", "Record the digest"),
			kv("if", condition),
			kv("env", dict(kv("DIGEST", "${{ steps.build.outputs.digest }}"))),
			kv("run", block(templates.Step("digest"))),
		),
		dict(
			kv("name", "Leave the digest for the merge"),
			kv("if", condition),
			w.uses("actions/upload-artifact"),
			kv("with", dict(
				kv("name", "digest-${{ matrix.arch }}"),
				kv("path", "digests/*"),
				kv("if-no-files-found", "error"),
				kv("retention-days", 1),
			)),
		),
	}
}

func (w *workflowFile) attest(digest string) *yaml.Node {
	if !w.Workflow.Attestation {
		return nil
	}
	return dict(
		kv("name", "Attest"),
		w.uses("actions/attest"),
		kv("with", dict(
			kv("subject-name", "${{ needs.plan.outputs.image }}"),
			kv("subject-digest", digest),
			kv("push-to-registry", true),
			kv("create-storage-record", false),
		)),
	)
}

// merge is the job that joins several platforms; one platform needs none.
func (w *workflowFile) merge() entry {
	if !w.Merged() {
		return entry{}
	}
	return kv("merge", w.job("merge", "Publish", 10,
		kv("if", "needs.plan.outputs.publish == 'true'"),
		kv("needs", []string{"plan", "build"}),
		kv("runs-on", w.from(node(w.Workflow.Runner), "workflow", "runner")),
		kv("steps", spaced(list(
			dict(
				kv("name", "Collect the digests"),
				w.uses("actions/download-artifact"),
				kv("with", dict(
					kv("pattern", "digest-*"),
					kv("path", "digests"),
					kv("merge-multiple", true),
				)),
			),
			dict(
				kv("name", "Set up Buildx"),
				w.uses("docker/setup-buildx-action"),
				kv("with", dict(
					kv("version", "${{ env.BUILDX_VERSION }}"),
					kv("driver-opts", "image=${{ env.BUILDKIT_IMAGE }}"),
					kv("cache-binary", false),
				)),
			),
			dict(
				kv("name", "Log in to "+w.Image.Login.Registry),
				w.uses("docker/login-action"),
				kv("with", dict(
					kv("registry", w.Image.Login.Registry),
					kv("username", w.Image.Login.Username),
					kv("password", w.Image.Login.Password),
				)),
			),
			noted(dict(
				kv("name", "Collect tags"),
				kv("id", "meta"),
				w.uses("docker/metadata-action"),
				kv("with", dict(
					kv("images", "${{ needs.plan.outputs.image }}"),
					kv("tags", lines(w.tagLines()...)),
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

func (w *workflowFile) reportJob() *yaml.Node {
	o := w.Workflow.Objectives
	return w.job("report", "Report", 5,
		kv("if", "${{ !cancelled() && needs.plan.result == 'success' }}"),
		kv("needs", []string{"plan", "verify", "build"}),
		kv("runs-on", w.from(node(w.Workflow.Runner), "workflow", "runner")),
		kv("steps", spaced(list(
			dict(
				kv("name", "Collect the measurements"),
				w.uses("actions/download-artifact"),
				kv("with", dict(
					kv("pattern", "report-*"),
					kv("path", "reports"),
					kv("merge-multiple", true),
				)),
			),
			noted(dict(
				kv("name", "Compare with the objectives"),
				kv("env", dict(
					kv("HIT_RATE", quoted(fmt.Sprint(o.HitRate))).remark("percent, of a build whose inputs did not change"),
					kv("HIT_RATE_FLOOR", quoted(fmt.Sprint(o.HitRateFloor))).remark("percent, below which any build is warned about"),
					kv("WARM_SECONDS", quoted(fmt.Sprint(o.WarmSeconds))),
					kv("COLD_SECONDS", quoted(fmt.Sprint(o.ColdSeconds))),
					kv("ENFORCE", "${{ needs.plan.outputs.enforce }}").remark("only a warm scheduled run can fail here"),
				)),
				kv("run", block(templates.Step("report"))),
			), w.mark("METRICS", "The job summary shows what each build took from the caches.")),
		))),
	)
}

// cacheFrom are the caches that a run reads: its own branch's, if there is one, and the default branch's.
func (w *workflowFile) cacheFrom() *yaml.Node {
	var all []string
	for _, c := range w.Caches {
		credentials := len(c.Secrets) > 0
		all = append(all, w.option(c, c.From, "", when(credentials, "needs.plan.outputs.trusted == 'true'")))
		if c.Branched {
			condition := "needs.plan.outputs.suffix != ''" + when(credentials, " && needs.plan.outputs.trusted == 'true'")
			all = append(all, w.option(c, c.From, "{suffix}", condition))
		}
	}
	return lines(all...)
}

func (w *workflowFile) cacheTo() *yaml.Node {
	var all []string
	for _, c := range w.Caches {
		all = append(all, w.option(c, c.To, when(c.Branched, "{suffix}"), when(c.Writers != "", "needs.plan.outputs.write_"+c.Backend+" == 'true'")))
	}
	return lines(all...)
}

// option is a cache option for the workflow: as it is, or only under a condition.
func (w *workflowFile) option(c plan.Cache, option, suffix, condition string) string {
	option = strings.ReplaceAll(option, "{suffix}", suffix)
	if condition == "" {
		return w.values(c.Mode).Fill(option)
	}
	// format('…{0}…', expression) is the only way to put values into a conditional text. Its parameters are the
	// expressions, without their ${{ }}.
	var parameters []string
	text := expression.ReplaceAllStringFunc(w.values(c.Mode).Fill(option), func(x string) string {
		x = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(x, "${{"), "}}"))
		i := slices.Index(parameters, x)
		if i < 0 {
			i = len(parameters)
			parameters = append(parameters, x)
		}
		return fmt.Sprintf("{%d}", i)
	})
	value := "'" + text + "'"
	if len(parameters) > 0 {
		value = "format(" + value + ", " + strings.Join(parameters, ", ") + ")"
	}
	return "${{ " + condition + " && " + value + " || '' }}"
}

var expression = regexp.MustCompile(`\$\{\{.*?\}\}`)

// values are what placeholders stand for inside the workflow.
func (w *workflowFile) values(mode string) plan.CacheValues {
	return plan.CacheValues{
		Repository:  "${{ needs.plan.outputs.cache }}",
		Image:       w.Image.Local,
		Arch:        "${{ matrix.arch }}",
		Suffix:      "${{ needs.plan.outputs.suffix }}",
		Mode:        "${{ needs.plan.outputs.cache_mode || '" + mode + "' }}",
		IgnoreError: "${{ github.event_name != 'schedule' }}",
		Folder:      folder,
	}
}
