package generators

import (
	"cmp"
	"encoding/json"
	"strings"
	"sync"

	composeschema "github.com/compose-spec/compose-go/v2/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Prepare makes ready what the judges need and no spec changes. Generate does it too, but who calls Prepare while the
// spec is read need not wait for it.
func Prepare() { _, _ = composeSpec() }

// composeSpec is the JSON schema of compose, compiled once. composeschema.Validate does it for each call, and nothing
// else in a run takes as long. It also registers a format, which no field of this version's schema has.
var composeSpec = sync.OnceValues(func() (*jsonschema.Schema, error) {
	const name = "file:///compose-spec.json" // absolute: nothing hangs on the working folder, whose name may be no URL
	source, err := jsonschema.UnmarshalJSON(strings.NewReader(composeschema.Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, source); err != nil {
		return nil, err
	}
	return c.Compile(name)
})

// validateCompose holds a model against the JSON schema of compose. A mistake is told in compose-go's words.
func validateCompose(model map[string]any) error {
	spec, err := composeSpec()
	if err != nil {
		return err
	}
	data, err := json.Marshal(model) // the validator knows no types but those of JSON
	if err != nil {
		return err
	}
	var plain map[string]any
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	if err := spec.Validate(plain); err != nil {
		return cmp.Or(composeschema.Validate(model), err)
	}
	return nil
}
