package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// compile reads the spec and makes every file in memory. What is wrong with the spec is printed to w; findings are
// what the rules have to say about a valid one.
func compile(o options, w io.Writer) (files []generators.File, findings []schema.Problem, err error) {
	go generators.Prepare()
	spec, problems, err := schema.Load(o.spec, o.tags)
	if err != nil {
		var usage *schema.UsageError
		if errors.As(err, &usage) {
			return nil, nil, &exit{exitUsage, err}
		}
		return nil, nil, &exit{exitFailed, err}
	}
	var p *plan.Plan
	if len(problems) == 0 {
		p, problems = plan.New(spec)
	}
	if len(problems) == 0 {
		if files, problems, err = generators.Generate(p); err != nil {
			return nil, nil, &exit{exitFailed, err}
		}
	}
	if len(problems) > 0 {
		report(w, problems)
		return nil, nil, &exit{exitInvalid, fmt.Errorf("%s: %s", o.spec, count(len(problems), "problem"))}
	}
	return files, plan.Lint(p), nil
}

// strictly is the exit of a command that did its work, but for findings under --strict.
func (o options) strictly(findings []schema.Problem) error {
	if o.strict && len(findings) > 0 {
		return &exit{exitDrift, nil}
	}
	return nil
}
