package schema

import "cuelang.org/go/cue"

// DefaultObjectives are those of a spec that says none.
func DefaultObjectives() (o Objectives) {
	value := newLanguage("schema.cue", source, "#Spec").schema.LookupPath(cue.MakePath(cue.Def("#Objectives")))
	if err := value.Decode(&o); err != nil {
		panic(err) // embedded and tested
	}
	return o
}
