package main

import (
	"errors"
	"fmt"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// compile reads the spec and makes every file in memory. Everything that is wrong with the spec, or what the rules have to
// say about a valid one, goes into the result.
func compile(o options, r *result) ([]generators.File, error) {
	go generators.Prepare()
	p, err := resolve(o, r)
	if err != nil {
		return nil, err
	}
	files, problems, err := generators.Generate(p)
	if err != nil {
		return nil, &exit{exitFailed, err}
	}
	if len(problems) > 0 {
		return nil, r.invalid(o, problems)
	}
	r.problems = plan.Lint(p)
	return files, nil
}

// resolve reads the spec and finds what it means. Of one that is wrong everything goes into the result, what the judges
// refuse in the rest of it too.
func resolve(o options, r *result) (*plan.Plan, error) {
	spec, problems, err := schema.LoadRest(o.spec, o.tags)
	if err != nil {
		var usage *schema.UsageError
		if errors.As(err, &usage) {
			return nil, &exit{exitUsage, err}
		}
		return nil, &exit{exitFailed, err}
	}
	var p *plan.Plan
	if spec != nil {
		var contradictions []schema.Problem
		p, contradictions = plan.New(spec)
		problems = append(problems, contradictions...)
	}
	if len(problems) == 0 {
		return p, nil
	}
	if rest := plan.Rest(spec); rest != nil {
		problems = append(problems, generators.JudgeRest(rest)...)
	}
	return nil, r.invalid(o, problems)
}

// invalid puts what is wrong with the spec into the result, and is the exit that comes of it.
func (r *result) invalid(o options, problems []schema.Problem) error {
	r.problems = schema.SortProblems(problems)
	return &exit{exitInvalid, fmt.Errorf("%s: %s", o.spec, count(len(r.problems), "problem"))}
}

// strictly is the exit of a command that did its work, but for findings of the rules under --strict.
func (o options) strictly(r *result) error {
	if o.strict && len(r.problems) > 0 {
		return &exit{exitDrift, nil}
	}
	return nil
}
