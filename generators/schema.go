package generators

import (
	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// schemaCopy is the language, where cue vet and editors find it. devgen itself does not read it.
func schemaCopy(*plan.Plan) document { return document{data: schema.Copy()} }
