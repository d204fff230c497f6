package plan

import (
	"strings"
	"testing"
)

func TestWorkflow(t *testing.T) {
	for _, row := range []struct {
		name, spec string
		branches   []string
		timeout    int
		objectives Objectives
	}{
		{"by default", "", []string{"main"}, 45, Objectives{95, 70, 180, 420}},
		{"another default branch", `workflow: {defaultBranch: "trunk", timeout: "2h"}`, []string{"trunk"}, 120, Objectives{95, 70, 180, 420}},
		{"said", `workflow: {branches: ["main", "next/*"], timeout: "360m"}
objectives: {hitRate: 90, hitRateFloor: 90, warmBuild: "2m", coldBuild: "1h"}`, []string{"main", "next/*"}, 360, Objectives{90, 90, 120, 3600}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := resolve(t, withWorkflow+row.spec).Workflow
			equal(t, "Branches", w.Branches, row.branches)
			equal(t, "Timeout", w.Timeout, row.timeout)
			equal(t, "Objectives", w.Objectives, row.objectives)
			equal(t, "Objectives without a workflow", resolve(t, withWorkflow+row.spec+"\noutputs: workflow: false").Objectives(), row.objectives)
		})
	}
}

// permissions are the jobs of a workflow, one line each.
func permissions(w *Workflow) (text []string) {
	for _, j := range w.Jobs {
		line := j.ID + ":"
		for _, p := range j.Permissions {
			line += " " + p.Scope + "=" + p.Access
		}
		text = append(text, line)
	}
	return text
}

// Every job gets the least that it needs: only what publishes may write, and only what attests may sign.
func TestPermissions(t *testing.T) {
	const two = `platforms: "linux/arm64": {}` + "\n"
	const signed = `workflow: attestation: true` + "\n"
	const elsewhere = `image: {registry: "docker.io", login: {username: "me", secret: "HUB"}}` + "\n"
	for _, row := range []struct {
		name, spec string
		want       []string
	}{
		{"one platform", "", []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write", "report:",
		}},
		{"two platforms", two, []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write", "merge: contents=read packages=write", "report:",
		}},
		{"attestation of one", signed, []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write id-token=write attestations=write", "report:",
		}},
		{"attestation of two", two + signed, []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write", "merge: contents=read packages=write id-token=write attestations=write", "report:",
		}},
		{"another registry", two + elsewhere, []string{
			"plan:", "verify: contents=read", "build: contents=read", "merge: contents=read", "report:",
		}},
		{"another registry, attestation", elsewhere + signed, []string{
			"plan:", "verify: contents=read", "build: contents=read id-token=write attestations=write", "report:",
		}},
		{"ghcr.io with a login of its own", `image: login: {username: "robot", secret: "GHCR"}`, []string{
			"plan:", "verify: contents=read", "build: contents=read", "report:",
		}},
		{"a warm schedule", `workflow: schedules: [{cron: "17 2 * * *", purpose: "warm"}]`, []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write", "verify-cache: contents=read packages=read", "report:",
		}},
		{"a refresh alone, which reads no cache", `workflow: schedules: [{cron: "17 2 * * *", purpose: "refresh"}]`, []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write", "report:",
		}},
		{"a warm schedule without a registry cache", `workflow: schedules: [{cron: "17 2 * * *", purpose: "warm"}]
caches: gha: {}`, []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write", "report:",
		}},
		{"a warm schedule without the script", `workflow: schedules: [{cron: "17 2 * * *", purpose: "warm"}]
outputs: "verify-registry-cache": false`, []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write", "report:",
		}},
		// The job's own token pushes only what the job's permissions let it.
		{"ghcr.io with the job's token by its name", `image: login: {username: "robot", secret: "GITHUB_TOKEN"}`, []string{
			"plan:", "verify: contents=read packages=read", "build: contents=read packages=write", "report:",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			equal(t, "jobs", permissions(resolve(t, withWorkflow+row.spec).Workflow), row.want)
		})
	}
}

func TestJob(t *testing.T) {
	w := resolve(t, withWorkflow).Workflow
	if j := w.Job("verify"); j == nil || j.ID != "verify" {
		t.Errorf("Job(verify) = %v", j)
	}
	if j := w.Job("merge"); j != nil {
		t.Errorf("Job(merge) = %v, want none: one platform needs no merge", j)
	}
}

func TestCronLines(t *testing.T) {
	w := resolve(t, withWorkflow+`workflow: schedules: [
	{cron: "17 2 * * *", purpose: "warm"},
	{cron: "43 3 * * 1", purpose: "refresh"},
	{cron: "17 14 * * *", purpose: "warm"},
]`).Workflow
	equal(t, "warm", w.CronLines("warm"), []string{"17 2 * * *", "17 14 * * *"})
	equal(t, "refresh", w.CronLines("refresh"), []string{"43 3 * * 1"})
}

func TestNoWorkflow(t *testing.T) {
	for _, spec := range []string{app, withWorkflow + `outputs: workflow: false`} {
		p := resolve(t, spec)
		if p.Workflow != nil || p.Samples != nil {
			t.Errorf("%s\ngives the workflow %v with the samples %v, want none", spec, p.Workflow, p.Samples)
		}
	}
}

func TestWorkflowContradictions(t *testing.T) {
	long := strings.Repeat("x", 21000)
	contradict(t, []contradiction{
		{"a cron line that is none", withWorkflow + `workflow: schedules: [{cron: "61 2 * * *", purpose: "warm"}]`, []string{
			`spec.cue:5:30: workflow.schedules[0].cron: "61 2 * * *" is not a time: end of range (61) above maximum (59): 61`,
		}},
		{"cron lines that GitHub alone refuses", withWorkflow + `workflow: schedules: [
	{cron: "17/60 2 * * *", purpose: "warm"},
	{cron: "17 2 * */13 *", purpose: "warm"},
	{cron: "17 2 *-5 * *", purpose: "warm"},
	{cron: "17 2,,4 * * *", purpose: "warm"},
]`, []string{
			`spec.cue:6:9: workflow.schedules[0].cron: "17/60 2 * * *" is not a time: step (60) above maximum (59): 17/60`,
			`spec.cue:7:9: workflow.schedules[1].cron: "17 2 * */13 *" is not a time: step (13) above maximum (12): */13`,
			`spec.cue:8:9: workflow.schedules[2].cron: "17 2 *-5 * *" is not a time: range from *: *-5`,
			`spec.cue:9:9: workflow.schedules[3].cron: "17 2,,4 * * *" is not a time: nothing between commas: 2,,4`,
		}},
		{"odd cron lines that are some", withWorkflow + `workflow: schedules: [
	{cron: "7-59/52 */23 1-31/31 jan-mar/2,12 */6", purpose: "warm"},
	{cron: "017 2 * DEC mon-FRI", purpose: "refresh"},
]`, nil},
		{"two schedules with one cron line", withWorkflow + `workflow: schedules: [
	{cron: "17 2 * * *", purpose: "warm"},
	{cron: "17 3 * * *", purpose: "warm"},
	{cron: "17 2 * * *", purpose: "refresh"},
]`, []string{
			`spec.cue:8:9: workflow.schedules[2].cron: the run at "17 2 * * *" is already schedules[0] (spec.cue:6:2); a run knows only its cron line`,
		}},
		{"longer than GitHub lets a job run", withWorkflow + `workflow: timeout: "361m"`, []string{
			`spec.cue:5:20: workflow.timeout: 361m is more than GitHub lets a job run; want at most 360m`,
		}},
		{"longer, in hours", withWorkflow + `workflow: timeout: "7h"`, []string{
			`spec.cue:5:20: workflow.timeout: 7h is more than GitHub lets a job run; want at most 360m`,
		}},
		{"paths that only take away", withWorkflow + `workflow: paths: ["!docs/**", "!*.md"]`, []string{
			`spec.cue:5:18: workflow.paths: all begin with !, and there is nothing that they could take away from; want one without it first, such as **`,
		}},
		{"a variable that nobody can make", withWorkflow + `workflow: forkImageVariable: "github_Image"`, []string{
			`spec.cue:5:30: workflow.forkImageVariable: GitHub keeps names that begin with GITHUB_ for itself, so no variable is called github_Image; want another name`,
		}},
		{"a step called like devgen's", withWorkflow + `workflow: steps: before: [{id: "Build", run: "true"}]`, []string{
			`spec.cue:5:32: workflow.steps.before[0].id: "Build" is the id of a step of devgen's; want another one`,
		}},
		{"a step of the drift workflow called like devgen's", app + `drift: {command: "devgen", steps: before: [{id: "Checkout", run: "true"}]}`, []string{
			`spec.cue:4:49: drift.steps.before[0].id: "Checkout" is the id of a step of devgen's; want another one`,
		}},
		{"ids that GitHub alone refuses", withWorkflow + `workflow: steps: {before: [{id: "__x", run: "true"}], after: [{id: "` + strings.Repeat("x", 100) + `", run: "true"}]}
drift: {command: "devgen", steps: before: [{id: "__x", run: "true"}]}`, []string{
			`spec.cue:5:33: workflow.steps.before[0].id: GitHub keeps ids that begin with __ for itself, such as "__x"; want another one`,
			`spec.cue:5:68: workflow.steps.after[0].id: the id has 100 characters; want at most 99`,
			`spec.cue:6:49: drift.steps.before[0].id: GitHub keeps ids that begin with __ for itself, such as "__x"; want another one`,
		}},
		{"texts that GitHub alone refuses", withWorkflow + `workflow: steps: before: [{run: "` + long + `${{ github.ref }}"}, {run: "make", if: "'` + long + `'"}]
drift: {command: "devgen", steps: before: [{run: "make", env: KEY: "` + long + `${{ github.ref }}"}]}`, []string{
			`spec.cue:5:33: workflow.steps.before[0].run: GitHub makes an expression of the text, with 21025 characters; want at most 21000`,
			`spec.cue:5:21073: workflow.steps.before[1].if: GitHub makes an expression of the text, with 21002 characters; want at most 21000`,
			`spec.cue:6:68: drift.steps.before[0].env.KEY: GitHub makes an expression of the text, with 21025 characters; want at most 21000`,
		}},
		{"texts that GitHub takes", withWorkflow + `workflow: steps: before: [{run: "` + long + long + `"}, {run: "` + long[25:] + `${{ github.ref }}"}]`, nil},
		{"texts whose signs GitHub writes twice", withWorkflow + `workflow: steps: before: [{run: "` + strings.Repeat("'", 10488) + `${{ github.ref }}"}, {run: "` + strings.Repeat("😀", 10488) + `${{ github.ref }}"}]`, []string{
			`spec.cue:5:33: workflow.steps.before[0].run: GitHub makes an expression of the text, with 21001 characters; want at most 21000`,
			`spec.cue:5:10549: workflow.steps.before[1].run: GitHub makes an expression of the text, with 21001 characters; want at most 21000`,
		}},
		{"ids that GitHub takes", withWorkflow + `workflow: steps: before: [{id: "_x", run: "true"}, {id: "` + strings.Repeat("x", 99) + `", run: "true"}]`, nil},
		{"as long as GitHub lets it", withWorkflow + `workflow: timeout: "6h"`, nil},
	})
}

func TestDefaultObjectives(t *testing.T) {
	equal(t, "DefaultObjectives", DefaultObjectives(), Objectives{95, 70, 180, 420})
}

func TestObjectiveContradictions(t *testing.T) {
	contradict(t, []contradiction{
		{"a floor above the objective", app + `objectives: hitRateFloor: 96`, []string{
			`spec.cue:4:27: objectives.hitRateFloor: the floor (96) is above the objective hitRate (95)`,
		}},
		{"warm slower than cold", app + `objectives: {warmBuild: "10m", coldBuild: "5m"}`, []string{
			`spec.cue:4:25: objectives.warmBuild: a warm build (10m) is to take less time than a cold one (5m)`,
		}},
		{"warm as slow as cold, in other words", app + `objectives: {warmBuild: "60s", coldBuild: "1m"}`, []string{
			`spec.cue:4:25: objectives.warmBuild: a warm build (60s) is to take less time than a cold one (1m)`,
		}},
		{"warm longer than the timeout", withWorkflow + `workflow: timeout: "5m"
objectives: {warmBuild: "6m", coldBuild: "7m"}`, []string{
			`spec.cue:6:25: objectives.warmBuild: a warm build may take 6m, but workflow.timeout (spec.cue:5:20) ends it after 5m`,
		}},
		{"at their bounds", withWorkflow + `workflow: timeout: "4m"
objectives: {hitRate: 70, warmBuild: "179s", coldBuild: "3m"}`, nil},
	})
}

func TestBuildKitContradictions(t *testing.T) {
	contradict(t, []contradiction{
		{"an old BuildKit", app + `buildkit: version: "v0.12.4"`, []string{
			`spec.cue:4:20: buildkit.version: v0.12.4 has known container escapes; want v0.12.5 or newer`,
		}},
		{"the oldest that is safe", app + `buildkit: version: "v0.12.5"`, nil},
		{"too old for the Actions cache", app + `buildkit: {version: "v0.19.0", buildx: "v0.20.1"}
caches: gha: {}`, []string{
			`spec.cue:4:21: buildkit.version: v0.19.0 cannot use the Actions cache (caches.gha, spec.cue:5:9); want v0.20.0 or newer`,
			`spec.cue:4:40: buildkit.buildx: v0.20.1 cannot use the Actions cache (caches.gha, spec.cue:5:9); want v0.21.0 or newer`,
		}},
		{"just new enough", app + `buildkit: {version: "v0.20.0", buildx: "v0.21.0"}, caches: gha: {}`, nil},
		{"old without the Actions cache", app + `buildkit: {version: "v0.19.0", buildx: "v0.20.1"}`, nil},
		{"a mirror of another registry", app + `buildkit: mirrors: "ghcr.io": ["cache.local:5000", "mirror.gcr.io"]`, []string{
			`spec.cue:4:31: buildkit.mirrors.ghcr.io: mirror.gcr.io mirrors Docker Hub and would serve its images under the name ghcr.io; it can mirror docker.io only`,
		}},
		{"mirrors in their places", app + `buildkit: mirrors: {"docker.io": ["mirror.gcr.io"], "ghcr.io": ["cache.local:5000"]}`, nil},
	})
}

// A fact is said once: what follows from the spec cannot be said in native keys too.
func TestNativeContradictions(t *testing.T) {
	key := func(key, from, value string) contradiction {
		const before = "devcontainer: "
		return contradiction{"devcontainer." + key, app + before + key + ": " + value, []string{
			"spec.cue:4:" + column(before+key+": ") + ": devcontainer." + key + ": devgen writes this key from " + from + "; say it there",
		}}
	}
	dev := func(key, value string) contradiction {
		const before = "services: dev: "
		return contradiction{"services.dev." + key, app + before + key + ": " + value, []string{
			"spec.cue:4:" + column(before+key+": ") + ": services.dev." + key + ": devgen writes this key of the dev service from other fields of the spec; say it there",
		}}
	}
	contradict(t, []contradiction{
		key("dockerComposeFile", "outputs (spec.cue:1:1)", `"x.yml"`),
		key("service", "services (spec.cue:1:1)", `"x"`),
		key("workspaceFolder", "workspace (spec.cue:1:1)", `"/x"`),
		key("workspaceMount", "workspace (spec.cue:1:1)", `"x"`),
		key("remoteUser", "user (spec.cue:1:1)", `"x"`),
		key("image", "image (spec.cue:2:1)", `"x"`),
		key("dockerFile", "image (spec.cue:2:1)", `"x"`),
		{"devcontainer.build", app + `devcontainer: build: {dockerfile: "x"}`, []string{
			`spec.cue:4:15: devcontainer.build: devgen writes this key from image (spec.cue:2:1); say it there`,
		}},
		dev("image", `"x"`), dev("working_dir", `"/x"`), dev("user", `"x"`), dev("tmpfs", `["/x"]`),
		{"services.dev.build", app + `services: dev: build: {context: "."}`, []string{
			`spec.cue:4:16: services.dev.build: devgen writes this key of the dev service from other fields of the spec; say it there`,
		}},
		{"a file of the user's", app + `services: db: extends: {file: "common.yml", service: "db"}`, []string{
			`spec.cue:4:31: services.db.extends.file: devgen can prove only the files that it makes; want the keys of that service here`,
		}},
		{"keys that pass through", app + strings.TrimSpace(`
devcontainer: {features: {}, forwardPorts: [80], initializeCommand: "x", name: "x"}
services: {dev: {ports: ["80:80"], environment: A: "b"}, db: {image: "postgres:18", user: "x", build: "."}}`), nil},
	})
}

// What a build reads is always among the filters, or a change of it would build nothing; what a filter matches already
// is not said again.
func TestPaths(t *testing.T) {
	for _, row := range []struct{ paths, want string }{
		{`["Cargo.lock"]`, "Cargo.lock .devcontainer/Dockerfile .devcontainer/buildkitd.toml .devcontainer/scripts/ci/cache-report.sh .devcontainer/scripts/lib/cache-hit.jq .github/workflows/devcontainer-registry-cache.yml"},
		{`[".devcontainer/**"]`, ".devcontainer/** .github/workflows/devcontainer-registry-cache.yml"},
		{`["**"]`, "**"},
		{`["**", "!.github/**", "!docs/**"]`, "** !.github/** !docs/** .github/workflows/devcontainer-registry-cache.yml"},
		{`["**", "!.devcontainer/**", ".devcontainer/**"]`, "** !.devcontainer/** .devcontainer/**"},
		{`["**", "!*.[ch]", "!x?", "!.devcontainer/Docker+ile", "!.github/**"]`, "** !*.[ch] !x? !.devcontainer/Docker+ile !.github/** .github/workflows/devcontainer-registry-cache.yml"},
		{`["**", "![z-a]", "!a[", "!*Docker[fg]ile"]`, "** ![z-a] !a[ !*Docker[fg]ile"}, // the judge refuses what is no pattern
		{`["**", "!**Docker[fg]ile"]`, "** !**Docker[fg]ile .devcontainer/Dockerfile"},
		{`[]`, ""},
	} {
		t.Run(row.paths, func(t *testing.T) {
			p := resolve(t, withWorkflow+"workflow: paths: "+row.paths)
			equal(t, "Paths", strings.Join(p.Workflow.Paths, " "), row.want)
		})
	}
}

// A path of the spec is no pattern: + in it would repeat what stands before it.
func TestPathsWithPlus(t *testing.T) {
	spec := withWorkflow + `image: dockerfile: "c++/Dockerfile"
		workflow: paths: `
	equal(t, "Paths", resolve(t, spec+`["src/**"]`).Workflow.Paths[1], `c\+\+/Dockerfile`)
	equal(t, "Paths", resolve(t, spec+`["**"]`).Workflow.Paths, []string{"**"})
}

func TestDefaultBranchBuilds(t *testing.T) {
	contradict(t, []contradiction{
		{"another one", withWorkflow + `workflow: {defaultBranch: "trunk", branches: ["main"]}`, []string{
			`spec.cue:5:27: workflow.defaultBranch: pushes to trunk do not build, so nothing is ever tagged latest or cached for all; workflow.branches (spec.cue:5:46) are main`,
		}},
	})
}

func TestNativeKeysOfOtherForms(t *testing.T) {
	contradict(t, []contradiction{
		{"runArgs", app + `devcontainer: runArgs: ["--init"]`, []string{
			`spec.cue:4:24: devcontainer.runArgs: has no effect with compose; want keys of services.dev`,
		}},
		{"a command called devgen", app + `devcontainer: initializeCommand: devgen: "x"`, []string{
			`spec.cue:4:42: devcontainer.initializeCommand.devgen: devgen's own command has this name; want another one`,
		}},
		{"git's own folder", app + `volumes: x: {target: ".git", persistence: "build"}`, []string{
			`spec.cue:4:22: volumes.x.target: /workspaces/app/.git would hide git's own folder; want a folder of its own`,
		}},
		{"the workspace over a system folder", app + `workspace: "/etc"`, []string{
			`spec.cue:4:12: workspace: the workspace would hide /etc; want a folder of its own`,
		}},
	})
}
