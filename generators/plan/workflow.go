package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/devgen/devgen/schema"
	"github.com/robfig/cron/v3"
)

// A Workflow is the resolved workflow.
type Workflow struct {
	*schema.Workflow
	Branches   []string // whose pushes build
	Paths      []string // whose changes build: those of the spec, and what the build reads; nil is any
	Timeout    int      // minutes
	Jobs       []Job
	Objectives Objectives
}

// Objectives are the promises in the units that a report compares.
type Objectives struct {
	HitRate, HitRateFloor    int // percent
	WarmSeconds, ColdSeconds int
}

// Objectives are the spec's.
func (p *Plan) Objectives() Objectives { return objectives(p.Spec.Objectives) }

// DefaultObjectives are those of a spec that says none.
func DefaultObjectives() Objectives { return objectives(schema.DefaultObjectives()) }

func objectives(o schema.Objectives) Objectives {
	return Objectives{
		HitRate:      o.HitRate,
		HitRateFloor: o.HitRateFloor,
		WarmSeconds:  int(duration(o.WarmBuild) / time.Second),
		ColdSeconds:  int(duration(o.ColdBuild) / time.Second),
	}
}

// A Job is one job of the workflow and what its token may do.
type Job struct {
	ID          string
	Permissions []Permission
}

// A Permission is one scope of a job's token.
type Permission struct {
	Scope, Access string
	Why           string // a comment, or ""
}

// Merged reports whether the platforms are built apart and joined by digest.
func (p *Plan) Merged() bool { return len(p.Platforms) > 1 }

// Job is the job called id, or nil.
func (w *Workflow) Job(id string) *Job {
	for i := range w.Jobs {
		if w.Jobs[i].ID == id {
			return &w.Jobs[i]
		}
	}
	return nil
}

func resolveWorkflow(p *Plan) {
	s := p.Spec.Workflow
	if !p.prebuilt() {
		return
	}
	if !p.Image.Built() {
		p.problem(fmt.Sprintf("there is nothing to prebuild: image.base (%s) is a ready image; remove workflow, or give image a repository and a dockerfile", p.at("image", "base")), "workflow")
		return
	}
	w := &Workflow{
		Workflow:   s,
		Branches:   s.Branches,
		Timeout:    p.checkJobs("workflow", s.Runner, s.Timeout),
		Objectives: p.Objectives(),
	}
	if len(w.Branches) == 0 {
		w.Branches = []string{s.DefaultBranch}
	}
	p.Workflow = w
	if !slices.ContainsFunc(w.Branches, func(b string) bool { return matches(b, s.DefaultBranch) }) {
		p.problem(fmt.Sprintf("pushes to %s do not build, so nothing is ever tagged latest or cached for all; workflow.branches (%s) are %s",
			s.DefaultBranch, p.at("workflow", "branches"), strings.Join(w.Branches, ", ")), "workflow", "defaultBranch")
	}
	if ofGitHub(s.ForkImageVariable) {
		p.problem(notAName(s.ForkImageVariable, "variable"), "workflow", "forkImageVariable")
	}
	p.checkSchedules(s)
	p.checkWriters()
	p.resolveJobs()
}

// checkJobs refuses a runner that cannot run the jobs of the workflow at the field at, and a timeout that GitHub does
// not grant. It returns the timeout in minutes.
func (p *Plan) checkJobs(at, runner, timeout string) int {
	if notLinux([]string{runner}) {
		p.problem("the jobs are bash and docker; want a Linux runner such as ubuntu-24.04", at, "runner")
	}
	minutes := int(duration(timeout) / time.Minute)
	// Source: GitHub, "Usage limits", job execution time on hosted runners.
	if minutes > 360 {
		p.problem(timeout+" is more than GitHub lets a job run; want at most 360m", at, "timeout")
	}
	return minutes
}

// resolvePaths adds to the spec's filters what a build reads: a change of it is to be tried out.
func resolvePaths(p *Plan) {
	if p.Workflow == nil || len(p.Spec.Workflow.Paths) == 0 {
		return
	}
	paths := slices.Clone(p.Spec.Workflow.Paths)
	// Source: GitHub, "Workflow syntax", on.<push|pull_request>.<paths|paths-ignore>.
	if !slices.ContainsFunc(paths, func(glob string) bool { return !strings.HasPrefix(glob, "!") }) {
		p.problem("all begin with !, and there is nothing that they could take away from; want one without it first, such as **", "workflow", "paths")
		return
	}
	read := []string{p.Image.Dockerfile}
	for _, id := range []string{"buildkitd", "cache-report", "cache-hit", "workflow"} {
		if o := p.Output(id); o != nil {
			read = append(read, o.Path)
		}
	}
	for _, path := range read {
		if !starts(paths, path) {
			paths = append(paths, literalGlob(path))
		}
	}
	p.Workflow.Paths = paths
}

// starts reports whether a change of a file starts the workflow: the last filter that matches it decides.
func starts(filters []string, file string) (yes bool) {
	for _, f := range filters {
		glob, not := strings.CutPrefix(f, "!")
		if matches(glob, file) {
			yes = !not
		}
	}
	return yes
}

// resolveJobs gives each job the least that its steps need. Two jobs build, because permissions cannot depend on
// the event: verify for what may not push, build for what may.
func (p *Plan) resolveJobs() {
	w := p.Workflow
	read := Permission{"contents", "read", ""}
	job := func(id string, permissions ...Permission) { w.Jobs = append(w.Jobs, Job{id, permissions}) }
	packages := func(access string) []Permission {
		if p.Image.Login.Secret != "" {
			return nil // another registry, another credential
		}
		return []Permission{{"packages", access, ""}}
	}
	var sign []Permission
	if w.Attestation {
		sign = []Permission{{"id-token", "write", "signs the attestation"}, {"attestations", "write", ""}}
	}
	job("plan")
	job("verify", append([]Permission{read}, packages("read")...)...)
	build := append([]Permission{read}, packages("write")...)
	if !p.Merged() {
		job("build", append(build, sign...)...)
	} else {
		job("build", build...)
		merge := append([]Permission{{"contents", "read", "docker/metadata-action asks for the repository"}}, packages("write")...)
		job("merge", append(merge, sign...)...)
	}
	if p.verifiesCache() {
		job("verify-cache", append([]Permission{read}, packages("read")...)...)
	}
	job("report")
}

// verifiesCache reports whether a run proves the registry cache: a warm one, with the script for it.
func (p *Plan) verifiesCache() bool {
	return registry(p) && p.on("verify-registry-cache") && len(p.Workflow.CronLines("warm")) > 0
}

// checkSchedules: GitHub tells a run only the text of its cron, so two purposes cannot share one.
func (p *Plan) checkSchedules(s *schema.Workflow) {
	first := map[string]int{}
	for i, x := range s.Schedules {
		at := []string{"workflow", "schedules", fmt.Sprint(i), "cron"}
		_, err := cron.ParseStandard(x.Cron)
		if err = cmp.Or(err, oddCron(x.Cron)); err != nil {
			p.problem(fmt.Sprintf("%q is not a time: %v", x.Cron, err), at...)
		}
		if j, ok := first[x.Cron]; ok {
			p.problem(fmt.Sprintf("the run at %q is already schedules[%d] (%s); a run knows only its cron line", x.Cron, j, p.at("workflow", "schedules", fmt.Sprint(j))), at...)
			continue
		}
		first[x.Cron] = i
		if x.Purpose == "warm" && len(p.Caches) == 0 {
			p.problem(fmt.Sprintf("a warm run proves that the image comes from the cache, and caches (%s) is empty", p.at("caches")), "workflow", "schedules", fmt.Sprint(i), "purpose")
		}
	}
}

// cronMaxima are the greatest values of the fields of a cron line, from the minute to the day of the week.
var cronMaxima = []int{59, 23, 31, 12, 6}

// oddCron is what GitHub refuses in a line that other readers of cron take.
// Source: @actions/workflow-parser 0.3.61, model/converter/cron.ts.
func oddCron(line string) error {
	for i, field := range strings.Fields(line) {
		for item := range strings.SplitSeq(field, ",") {
			times, every, _ := strings.Cut(item, "/")
			step, _ := strconv.Atoi(every) // without one it is 0
			switch {
			case item == "":
				return fmt.Errorf("nothing between commas: %s", field)
			case strings.HasPrefix(times, "*-"):
				return fmt.Errorf("range from *: %s", item)
			case step > cronMaxima[i]:
				return fmt.Errorf("step (%d) above maximum (%d): %s", step, cronMaxima[i], item)
			}
		}
	}
	return nil
}

// checkWriters refuses a writer that no push ever builds: the cache it stands for would never be written.
func (p *Plan) checkWriters() {
	for _, cache := range p.Caches {
		for i, writer := range cache.Branches {
			if !p.builds(writer) {
				p.problem(fmt.Sprintf("%s never builds, so it never writes the cache; workflow.branches (%s) are %s", writer, p.at("workflow", "branches"), strings.Join(p.Workflow.Branches, ", ")),
					"caches", cache.Backend, "writers", fmt.Sprint(i))
			}
		}
	}
}

// builds reports whether pushes to a branch that the filter matches start the workflow.
func (p *Plan) builds(writer string) bool {
	return slices.ContainsFunc(p.Workflow.Branches, func(b string) bool {
		return matches(b, sampleRef(writer)) || matches(writer, sampleRef(b))
	})
}

// CronLines are those of the runs with the given purpose.
func (w *Workflow) CronLines(purpose string) (lines []string) {
	for _, s := range w.Schedules {
		if s.Purpose == purpose {
			lines = append(lines, s.Cron)
		}
	}
	return lines
}
