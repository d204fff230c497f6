// Package plan is what a spec means: every fact that an output needs, derived once, and the contradictions and
// rules that can be told from them. Generators take the facts from here and derive nothing themselves.
//
// A new fact is a field of Plan and a row in resolvers, with the sections that it reads; a new cache backend is a function in cache.go; a new rule
// is a function and a row in rules.go.
package plan

import (
	"github.com/devgen/devgen/schema"
)

// A Plan is a resolved spec.
type Plan struct {
	Spec *schema.Spec

	Image       Image
	Platforms   []Platform
	Caches      []Cache
	Tags        []TagRule
	Samples     []Sample // what each kind of event would tag
	Volumes     []Volume
	Mounts      []Mount
	Environment []Variable // of the dev service
	Workflow    *Workflow  // nil: none is generated
	Drift       *Drift     // nil: none is generated
	Outputs     []Output   // those that are generated, in order of their rows

	problems []schema.Problem
}

// Service is the name of the service that people work in.
const Service = "dev"

// ManifestPath is where devgen keeps what it wrote.
const ManifestPath = ".devcontainer/devgen.manifest"

// A resolver finds some of the facts. reads are the sections of the spec on which its contradictions hang, directly or
// through the facts that others found: what it refuses is only told while these are as the user wrote them. A section
// without which it could only refuse less is none of them.
type resolver struct {
	run   func(*Plan)
	reads []string
}

func resolvers() []resolver {
	return []resolver{
		{resolvePlatforms, []string{"platforms", "outputs"}},
		{resolveImage, []string{"image", "outputs"}},
		{resolveCaches, []string{"caches", "image"}},
		{resolveTags, []string{"tags", "image"}},
		{resolveVolumes, []string{"volumes"}},
		{resolveMounts, []string{"mounts"}},
		{checkAbsolute, []string{"volumes", "mounts", "services"}},
		{checkTargets, []string{"volumes", "mounts", "services", "user", "workspace", "name"}},
		{resolveEnvironment, []string{"volumes"}},
		{resolveWorkflow, []string{"workflow", "image", "outputs", "caches"}},
		{resolveDrift, []string{"drift", "outputs"}},
		{resolveSamples, []string{"workflow", "image", "outputs", "tags"}},
		{resolveOutputs, []string{"outputs", "caches"}},
		{resolvePaths, []string{"workflow", "image", "outputs"}},
		{checkBuildKit, []string{"buildkit"}},
		{checkObjectives, []string{"objectives"}},
		{checkWarmBuild, []string{"objectives", "workflow", "outputs"}},
		{checkNative, []string{"devcontainer", "services"}},
		{checkSteps, []string{"workflow", "image", "outputs"}},
		{checkIgnored, []string{"lint"}},
	}
}

// New resolves spec. Contradictions come back as problems, and then there is no Plan. Of a spec from which sections were
// taken out only those come back that stand whatever is put there; there may be no Plan without one.
func New(spec *schema.Spec) (*Plan, []schema.Problem) {
	p, sure := resolveAll(spec)
	if len(p.problems) > 0 {
		return nil, schema.SortProblems(sure)
	}
	return p, nil
}

// resolveAll runs every resolver. sure are the problems that are no consequence of what was taken out.
func resolveAll(spec *schema.Spec) (p *Plan, sure []schema.Problem) {
	p = &Plan{Spec: spec}
	for _, r := range resolvers() {
		known := len(p.problems)
		if r.run(p); spec.Sound(r.reads...) {
			sure = append(sure, p.problems[known:]...)
		}
	}
	return p, sure
}

// Rest is the Plan of what is left of a spec without the sections that contradict others, or nil: something to hand to
// the judges, who may find more.
func Rest(spec *schema.Spec) *Plan {
	for spec != nil {
		p, _ := resolveAll(spec)
		if len(p.problems) == 0 {
			return p
		}
		var sections []string
		for _, problem := range p.problems {
			sections = append(sections, problem.Section())
		}
		spec = spec.Without(sections...)
	}
	return nil
}

// problem notes a contradiction at path.
func (p *Plan) problem(text string, path ...string) {
	p.problems = append(p.problems, p.Spec.Problem(text, path...))
}

// at names another place in a message.
func (p *Plan) at(path ...string) string { return p.Spec.Pos(path...).String() }

// Dev are the keys that the user gives the dev service in compose's own words; there may be none.
func (p *Plan) Dev() schema.Value {
	for _, s := range p.Spec.Services {
		if s.Name == Service {
			return s.Keys
		}
	}
	return schema.Value{}
}

// A Variable is one environment variable.
type Variable struct{ Name, Value string }

// DefaultBranch is the branch whose images are tagged latest and whose cache everybody reads.
func (p *Plan) DefaultBranch() string {
	if w := p.Spec.Workflow; w != nil {
		return w.DefaultBranch
	}
	return "main"
}
