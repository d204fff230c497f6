package main

import (
	"errors"
	"fmt"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// compile reads the spec and makes every file in memory. What is wrong with the spec, or what the rules have to say about
// a valid one, goes into the report.
func compile(o options, r *report) ([]generators.File, error) {
	go generators.Prepare()
	spec, problems, err := schema.Load(o.spec, o.tags)
	if err != nil {
		var usage *schema.UsageError
		if errors.As(err, &usage) {
			return nil, &exit{exitUsage, err}
		}
		return nil, &exit{exitFailed, err}
	}
	var p *plan.Plan
	if len(problems) == 0 {
		p, problems = plan.New(spec)
	}
	var files []generators.File
	if len(problems) == 0 {
		if files, problems, err = generators.Generate(p); err != nil {
			return nil, &exit{exitFailed, err}
		}
	}
	if len(problems) > 0 {
		r.problems = problems
		return nil, &exit{exitInvalid, fmt.Errorf("%s: %s", o.spec, count(len(problems), "problem"))}
	}
	r.problems = plan.Lint(p)
	return files, nil
}

// strictly is the exit of a command that did its work, but for findings of the rules under --strict.
func (o options) strictly(r *report) error {
	if o.strict && len(r.problems) > 0 {
		return &exit{exitDrift, nil}
	}
	return nil
}
