package generators

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
	"github.com/devgen/devgen/templates"
	"gopkg.in/yaml.v3"
)

// This file is the two jobs of the workflow that build: build, which pushes, and verify, which does not.

// A buildJob is one of them while it is written.
type buildJob struct {
	*workflowFile
	push bool
}

func (w *workflowFile) buildJob(push bool) *yaml.Node {
	j := buildJob{w, push}
	id, name, condition := "verify", "Verify (${{ matrix.arch }})", "needs.plan.outputs.push != 'true'"
	if push {
		id, name, condition = "build", "Build (${{ matrix.arch }})", "needs.plan.outputs.push == 'true'"
	}
	head := []entry{kv("if", condition), kv("needs", "plan"), kv("runs-on", "${{ matrix.runner }}")}
	return w.job(id, name, w.after(node(w.Workflow.Timeout), "workflow", "timeout"), head,
		w.platformMatrix(),
		kv("steps", spaced(list(j.steps()...))),
	)
}

// platformMatrix has a job run once for each platform of the run.
func (w *workflowFile) platformMatrix() entry {
	return kv("strategy", dict(
		kv("fail-fast", false),
		kv("matrix", dict(kv("include", "${{ fromJSON(needs.plan.outputs.matrix) }}"))),
	))
}

// steps are in the order in which they run; what does not apply is nil.
func (j buildJob) steps() []any {
	buildkitd, loginIf := "", "needs.plan.outputs.login == 'true'"
	if o := j.Output("buildkitd"); o != nil {
		buildkitd = o.Path
	}
	if j.push {
		loginIf = "" // who may push is logged in
	}
	steps := []any{j.checkout()}
	steps = append(steps, j.userSteps(j.Workflow.Before, "workflow", "steps", "before")...)
	steps = append(steps,
		j.note(j.qemu(), "QEMU", "Only for a platform without a native runner."),
		j.note(j.buildx(buildkitd), "BUILDX", "A fresh builder: every hit comes from a shared cache."),
		j.note(j.login(loginIf), "LOGIN", "The credential that may push."),
		j.metadata(),
		j.restoreFolder(),
		j.build(),
		j.saveFolder(),
	)
	steps = append(steps, j.userSteps(j.Workflow.After, "workflow", "steps", "after")...)
	return append(steps, j.recordDigest(), j.leaveDigest(), j.attestAlone(), j.measure(), j.leaveReport())
}

// note explains a step where it stands first: in build.
func (j buildJob) note(step *yaml.Node, block, text string) *yaml.Node {
	if step == nil || !j.push {
		return step
	}
	return noted(step, j.mark(block, text))
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
			only(c.FetchDepth != 1, kv("fetch-depth", w.after(node(c.FetchDepth), "workflow", "checkout", "fetchDepth"))),
			only(c.Submodules != "", kv("submodules", w.after(submodules, "workflow", "checkout", "submodules"))),
			kv("persist-credentials", false).remark("the build context would take the token along"),
		)),
	)
}

// userSteps are the spec's own at the field path, as they are.
func (w *workflowFile) userSteps(values []schema.Value, path ...string) (steps []any) {
	for i, v := range values {
		steps = append(steps, w.from(native(v), append(path[:len(path):len(path)], strconv.Itoa(i))...))
	}
	return steps
}

func (w *workflowFile) qemu() *yaml.Node {
	if !w.Emulated() {
		return nil
	}
	return dict(
		kv("name", "Set up QEMU"),
		kv("if", "matrix.emulated"),
		w.uses("docker/setup-qemu-action"),
		kv("with", dict(
			kv("image", plan.BinfmtImage),
			kv("platforms", "${{ matrix.platform }}"),
			kv("cache-image", false),
		)),
	)
}

// buildx sets up the builder, with a configuration of the checkout if there is one.
func (w *workflowFile) buildx(config string) *yaml.Node {
	return dict(
		kv("name", "Set up Buildx"),
		kv("id", "buildx"),
		w.uses("docker/setup-buildx-action"),
		kv("with", dict(
			kv("version", "${{ env.BUILDX_VERSION }}"),
			kv("driver-opts", "image=${{ env.BUILDKIT_IMAGE }}"),
			only(config != "", kv("buildkitd-config", config)),
			kv("cache-binary", false),
		)),
	)
}

func (w *workflowFile) login(condition string) *yaml.Node {
	return dict(
		kv("name", "Log in to "+w.Image.Login.Registry),
		only(condition != "", kv("if", condition)),
		w.uses("docker/login-action"),
		kv("with", dict(
			kv("registry", w.after(node(w.Image.Login.Registry), "image", "registry")),
			kv("username", w.after(node(w.Image.Login.Username), "image", "login", "username")),
			kv("password", w.after(node(w.Image.Login.Password), "image", "login", "secret")),
		)),
	)
}

// metadata makes labels, which change no layer, and for a single platform the tags too.
func (j buildJob) metadata() *yaml.Node {
	if !j.push {
		return nil
	}
	return j.note(dict(
		kv("name", "Collect labels"+when(!j.Merged(), " and tags")),
		kv("id", "meta"),
		j.uses("docker/metadata-action"),
		kv("with", dict(
			kv("images", "${{ needs.plan.outputs.image }}"),
			kv("tags", j.after(lines(j.Metadata()...), "tags")).note(when(j.Merged(), "Not given here, where half an image would take them: the version among the labels follows them.")),
			kv("flavor", "latest=false"),
			kv("labels", lines("org.opencontainers.image.created={{commit_date 'YYYY-MM-DDTHH:mm:ss[Z]'}}")),
		)),
	), "META", "Commit, version and date are labels: as build arguments they would run every later step again.")
}

// folder is where a cache that is a folder lies; restored and saved under one path, which is part of its identity.
const folder = "${{ runner.temp }}/buildx-cache"

// keepsFolder reports whether a cache is a folder.
func (w *workflowFile) keepsFolder() bool {
	return slices.ContainsFunc(w.Caches, func(c plan.Cache) bool { return c.Folder })
}

func (j buildJob) restoreFolder() *yaml.Node {
	if !j.keepsFolder() {
		return nil
	}
	return j.note(dict(
		kv("name", "Restore the layer cache"),
		j.uses("actions/cache/restore"),
		kv("with", dict(
			kv("path", folder),
			kv("key", j.folderKey()),
			kv("restore-keys", j.Spec.Name+"-buildx-${{ matrix.arch }}-"),
		)),
	), "CACHE-RESTORE", "The newest entry of this architecture.")
}

func (j buildJob) saveFolder() *yaml.Node {
	if !j.push || !j.keepsFolder() {
		return nil
	}
	return j.note(dict(
		kv("name", "Save the layer cache"),
		kv("if", "needs.plan.outputs.write_local == 'true'"),
		j.uses("actions/cache/save"),
		kv("with", dict(
			kv("path", folder),
			kv("key", j.folderKey()),
		)),
	), "CACHE-SAVE", "Only a trusted branch writes.")
}

// folderKey is new for every run: an entry is never changed.
func (w *workflowFile) folderKey() string {
	return w.Spec.Name + "-buildx-${{ matrix.arch }}-${{ github.run_id }}-${{ github.run_attempt }}"
}

func (j buildJob) build() *yaml.Node {
	name, comment := "Build", ""
	switch {
	case j.push && j.Merged():
		name = "Build and push by digest"
		comment = "No tag yet: a tagged image cannot be pushed by digest, and half an image must not be tagged."
	case j.push:
		name = "Build and push"
		comment = "One platform: the image is its own index and takes the tags itself."
	}
	env := j.buildEnv()
	return j.note(dict(
		kv("name", name),
		kv("id", "build"),
		j.uses("docker/build-push-action"),
		kv("with", j.inputs()),
		only(len(env.Content) > 0, kv("env", env)),
	), "BUILD-PUSH", comment)
}

// inputs are those of docker/build-push-action.
func (j buildJob) inputs() *yaml.Node {
	var args []string
	for _, a := range j.Image.Args {
		args = append(args, a.Name+"="+a.Value)
	}
	with := dict(
		kv("context", j.after(node(j.Image.Context), "image", "context")),
		kv("file", j.after(node(j.Image.Dockerfile), "image", "dockerfile")),
		only(j.Image.Target != "", kv("target", j.after(node(j.Image.Target), "image", "target"))),
		kv("platforms", j.after(node("${{ matrix.platform }}"), "platforms")),
		only(len(args) > 0, kv("build-args", j.after(lines(args...), "image", "args"))),
	)
	if j.push {
		add(with, j.pushInputs()...)
	} else {
		add(with,
			kv("no-cache", noCache),
			kv("pull", noCache),
			kv("outputs", "type=cacheonly"),
			only(len(j.Caches) > 0, kv("cache-from", j.after(j.cacheFrom(), cachesField(j.Plan)...))),
			kv("provenance", false),
		)
	}
	add(with, only(len(j.Image.Secrets) > 0, kv("secret-envs", j.after(lines(j.secretEnvs()...), "image", "secrets"))))
	return with
}

// noCache holds when the plan asks for a build without reading a cache, of the newest base images.
const noCache = "${{ needs.plan.outputs.no_cache == 'true' }}"

func (j buildJob) pushInputs() []entry {
	cached := len(j.Caches) > 0
	return []entry{
		only(!j.Merged(), kv("push", true)),
		only(!j.Merged(), kv("tags", "${{ steps.meta.outputs.tags }}")),
		kv("labels", "${{ steps.meta.outputs.labels }}"),
		only(j.Merged(), kv("outputs", "${{ "+publishes+
			" && format('type=image,name={0},push-by-digest=true,name-canonical=true,push=true', needs.plan.outputs.image) || 'type=cacheonly' }}")),
		kv("no-cache", noCache),
		kv("pull", noCache),
		only(cached, kv("cache-from", j.after(j.cacheFrom(), cachesField(j.Plan)...))).note(j.cacheNote("CACHE-RESTORE", "Every branch reads the cache of the default branch.")),
		only(cached, kv("cache-to", j.after(j.cacheTo(), cachesField(j.Plan)...))).note(j.cacheNote("CACHE-SAVE", j.saveComment())),
		kv("provenance", j.after(node(j.Image.Provenance), "image", "provenance")),
	}
}

// cacheNote carries the tag of a block, unless a step of its own does: that of a cache that is a folder.
func (j buildJob) cacheNote(block, text string) string {
	if j.keepsFolder() {
		return text
	}
	return j.mark(block, text)
}

// saveComment says who writes, as far as it is true of every backend.
func (j buildJob) saveComment() string {
	guarded, ignored := true, true
	for _, c := range j.Caches {
		guarded = guarded && c.Writers != ""
		ignored = ignored && c.Lenient()
	}
	text := "Caches with writers are written by trusted branches only."
	if guarded {
		text = "Only a trusted branch writes."
	}
	return text + when(ignored, " A failed upload fails the run on a schedule only.")
}

// publishes holds when every platform of the spec is built and may be pushed.
const publishes = "needs.plan.outputs.publish == 'true'"

func (w *workflowFile) secretEnvs() (pairs []string) {
	for _, s := range w.Image.Secrets {
		pairs = append(pairs, s.ID+"="+s.Variable)
	}
	return pairs
}

func (w *workflowFile) buildEnv() *yaml.Node {
	env := dict()
	for _, s := range w.Image.Secrets {
		add(env, kv(s.Variable, w.after(node(s.Expression), "image", "secrets", s.ID)))
	}
	for _, c := range w.Caches {
		for _, v := range c.Env {
			add(env, kv(v.Name, w.after(node(v.Value), "caches", c.Backend)))
		}
	}
	return env
}

func (j buildJob) measure() *yaml.Node {
	mode := "none"
	if modes := j.CacheModes(); modes != nil {
		mode = "${{ needs.plan.outputs.cache_mode || '" + modes[0] + "' }}"
	}
	return j.note(dict(
		kv("name", "Measure the cache"),
		kv("if", built),
		kv("continue-on-error", true).remark("a figure that is missing keeps no image back"),
		kv("env", dict(
			kv("BUILDER", "${{ steps.buildx.outputs.name }}"),
			// The environment is evaluated before the condition, and a build that failed has no metadata.
			// Source: actions/runner, StepsRunner.RunAsync.
			kv("BUILD", "${{ fromJSON(steps.build.outputs.metadata || '{}')['buildx.build.ref'] }}"),
			kv("PLATFORM", "${{ matrix.platform }}"),
			kv("CACHE_MODE", mode),
			only(j.push, kv("DIGEST", "${{ steps.build.outputs.digest }}")),
			kv("REPORT", "${{ runner.temp }}/report-${{ matrix.arch }}.json"),
		)),
		kv("run", j.Output("cache-report").Path),
	), "METRICS", "Dockerfile steps that came from a cache, of all Dockerfile steps.")
}

// built holds when there was a build to measure.
const built = "${{ !cancelled() && steps.build.outputs.metadata != '' }}"

func (j buildJob) leaveReport() *yaml.Node {
	return dict(
		kv("name", "Leave the measurement for the report"),
		kv("if", built),
		j.uses("actions/upload-artifact"),
		kv("with", dict(
			kv("name", "report-${{ matrix.arch }}"),
			kv("path", "${{ runner.temp }}/report-${{ matrix.arch }}.json"),
			kv("if-no-files-found", "ignore"),
			kv("retention-days", 14),
		)),
	)
}

// recordDigest and leaveDigest hand the digest to merge; with one platform there is none.
func (j buildJob) recordDigest() *yaml.Node {
	if !j.push || !j.Merged() {
		return nil
	}
	return dict(
		kv("name", "Record the digest"),
		kv("if", publishes),
		kv("env", dict(kv("DIGEST", "${{ steps.build.outputs.digest }}"))),
		kv("run", block(templates.Step("digest"))),
	)
}

func (j buildJob) leaveDigest() *yaml.Node {
	if !j.push || !j.Merged() {
		return nil
	}
	return dict(
		kv("name", "Leave the digest for the merge"),
		kv("if", publishes),
		j.uses("actions/upload-artifact"),
		kv("with", dict(
			kv("name", "digest-${{ matrix.arch }}"),
			kv("path", "digests/*"),
			kv("if-no-files-found", "error"),
			kv("retention-days", 1),
		)),
	)
}

// attestAlone signs a single platform, which no merge follows.
func (j buildJob) attestAlone() *yaml.Node {
	if !j.push || j.Merged() {
		return nil
	}
	return j.attest("${{ steps.build.outputs.digest }}")
}

// attest signs the pushed image, if the spec asks for it.
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

// cacheFrom are the caches that a run reads: its own branch's, if there is one, and the default branch's.
func (w *workflowFile) cacheFrom() *yaml.Node {
	var all []string
	for _, c := range w.Caches {
		readable := when(len(c.Secrets) > 0, "needs.plan.outputs.read_"+c.Backend+" == 'true'")
		all = append(all, w.option(c, c.From, "", readable))
		if c.Branched {
			all = append(all, w.option(c, c.From, "{suffix}", "needs.plan.outputs.suffix_"+c.Backend+" != ''"+when(readable != "", " && "+readable)))
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
		return w.values(c).Fill(option)
	}
	// format('…{0}…', expression) is the only way to put values into a conditional text. Its parameters are the
	// expressions, without their ${{ }}.
	var parameters []string
	text := expression.ReplaceAllStringFunc(w.values(c).Fill(option), func(x string) string {
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
func (w *workflowFile) values(c plan.Cache) plan.CacheValues {
	return plan.CacheValues{
		Repository:  "${{ needs.plan.outputs.cache }}",
		Image:       "${{ needs.plan.outputs.image }}:" + w.Image.Tag,
		Arch:        "${{ matrix.arch }}",
		Suffix:      "${{ needs.plan.outputs.suffix_" + c.Backend + " }}",
		Mode:        "${{ needs.plan.outputs.cache_mode || '" + c.Mode + "' }}",
		IgnoreError: "${{ github.event_name != 'schedule' }}",
		Folder:      folder,
	}
}
