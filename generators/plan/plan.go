// Package plan is what a spec means: every fact that an output needs, derived once, and the contradictions and
// rules that can be told from them. Generators take the facts from here and derive nothing themselves.
//
// A new fact is a field of Plan and a resolver in New; a new cache backend is a function in cache.go; a new rule
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

// New resolves spec. Contradictions come back as problems, and then there is no Plan.
func New(spec *schema.Spec) (*Plan, []schema.Problem) {
	p := &Plan{Spec: spec}
	for _, resolve := range []func(*Plan){
		resolvePlatforms,
		resolveImage,
		resolveCaches,
		resolveTags,
		resolveVolumes,
		resolveMounts,
		checkTargets,
		resolveEnvironment,
		resolveWorkflow,
		resolveDrift,
		resolveSamples,
		resolveOutputs,
		resolvePaths,
		checkBuildKit,
		checkObjectives,
		checkNative,
		checkSteps,
		checkIgnored,
	} {
		resolve(p)
	}
	if len(p.problems) > 0 {
		return nil, schema.SortProblems(p.problems)
	}
	return p, nil
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
