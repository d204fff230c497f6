package generators

import (
	"slices"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// JudgeRest is what the judges refuse of the rest of a spec, if that is surely no consequence of what was taken out.
func JudgeRest(p *plan.Plan) []schema.Problem {
	_, problems, err := Generate(p)
	if err != nil {
		return nil // nobody asked for files of a part of a spec
	}
	return slices.DeleteFunc(problems, func(x schema.Problem) bool { return !stands(p.Spec, x) })
}

// stands reports whether a finding hangs on nothing that was taken out. Native keys of devcontainer.json are judged alone,
// a step among those of its job, a service among the others and the volumes that they may name.
func stands(s *schema.Spec, x schema.Problem) bool {
	switch x.Section() {
	case "devcontainer":
		return s.Sound("devcontainer")
	case "workflow":
		return s.Sound("workflow", "image", "platforms", "caches", "outputs")
	case "services":
		return s.Intact("services", "volumes", "mounts") && s.Sound("name", "image", "user", "workspace", "caches", "platforms", "outputs")
	}
	return false
}
