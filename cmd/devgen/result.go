package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
	"github.com/spf13/cobra"
)

// A result is what generate, check and validate have to tell, and every command of a spec that is wrong. They fill it and
// print nothing; it is printed once, in the format that was asked for: text.go, json.go, github.go. What init, diff and
// trace are asked for is for people or for another tool, and they print it themselves.
type result struct {
	problems []schema.Problem // of the spec, and what the rules find
	files    []fileResult
	summary  string // the last line: what happened and what comes next
	asked    bool   // problems and objections are what was asked for: they go to stdout
}

// A fileResult is one file of the tree as a result tells it.
type fileResult struct {
	path, id string // id of the output; "" of an orphan
	state    state
	action   string // what was done: wrote, removed, unchanged; or would be; "" if that was not the matter
	original string // where the user's version is kept
	message  string // what is wrong with it and what to do; "" if nothing is
	line     string // of what was done: how a person reads it
}

// result is the file without what was done, and without an objection.
func (f surveyedFile) result() fileResult {
	t := fileResult{path: f.path, state: f.state, original: f.original}
	if f.want != nil {
		t.id = f.want.ID
	}
	return t
}

// objected reports whether something is wrong with the file.
func (t fileResult) objected() bool { return t.message != "" }

// text is the one line on the file, or "".
func (t fileResult) text() string {
	if t.objected() {
		return t.path + ": " + t.message
	}
	return t.line
}

// objections are the files with which something is wrong.
func (r *result) objections() []fileResult {
	return slices.DeleteFunc(slices.Clone(r.files), func(t fileResult) bool { return !t.objected() })
}

// assess tells a file as check finds it.
func (s *survey) assess(f surveyedFile) fileResult {
	t := f.result()
	switch {
	case f.state == fresh:
	case f.path == plan.ManifestPath && s.damage != nil:
		t.message = fmt.Sprintf("%v run devgen --force to write it anew, which keeps it in %s.orig", joint(s.damage), f.path)
	case f.damage != nil:
		t.message = fmt.Sprintf("devgen's lines: %v; %s", f.damage, f.advice())
	case f.section:
		t.message = fmt.Sprintf("devgen's lines: %s; %s", f.state, f.advice())
	default:
		t.message = fmt.Sprintf("%s; %s", f.state, f.advice())
	}
	return t
}

// joint ends the words on a damaged manifest so that the advice can follow.
func joint(damage error) string {
	if text := damage.Error(); strings.HasSuffix(text, ", or") || strings.HasSuffix(text, ", then") {
		return text
	}
	return damage.Error() + "; take it back from version control, or"
}

// telling makes a function that fills a result the body of a command.
func telling(o *options, body func(*cobra.Command, options, *result) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) error {
		r := &result{}
		return r.print(c, *o, guard(c.ErrOrStderr(), func() error { return body(c, *o, r) }))
	}
}

// print prints the result, and returns what is left to tell. A mistake in the command line has none.
func (r *result) print(c *cobra.Command, o options, err error) error {
	end := &exit{code: exitOK}
	if errors.As(err, &end); end.code == exitUsage {
		return err
	}
	name := c.Name()
	if !c.HasParent() {
		name = "generate"
	}
	switch formatOf(c, o) {
	case formatJSON:
		r.json(c.OutOrStdout(), name, o.spec, end)
	case formatGitHub:
		r.github(c.OutOrStdout(), c.ErrOrStderr(), name, end)
	default:
		r.text(newScreen(o.color, c.OutOrStdout()), newScreen(o.color, c.ErrOrStderr()))
		return err
	}
	if err == nil {
		return nil
	}
	return &exit{end.code, nil}
}

// last is the last line of a result: how the command ended if it ended badly.
func (r *result) last(end *exit) string {
	if end.err != nil && end.code != exitFailed {
		return end.err.Error()
	}
	return r.summary
}

// failure is why the command could not do its work, a line for each reason.
func failure(end *exit) []string {
	if end.code != exitFailed {
		return nil
	}
	return lines(end.err)
}

// The formats of a result.
const (
	formatText   = "text"
	formatJSON   = "json"
	formatGitHub = "github"
)

// addFormat gives a command the flag for the format of its result.
func addFormat(c *cobra.Command, o *options) *cobra.Command {
	c.Flags().Var(&o.format, "format", "text, json or github; in a GitHub workflow github, otherwise text, unless said")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(o.format.among, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// formatOf is the format that was asked for, or the one that suits the place. A command without the flag knows text only.
func formatOf(c *cobra.Command, o options) string {
	switch {
	case c.Flags().Lookup("format") == nil:
		return formatText
	case o.format.value != "":
		return o.format.value
	case os.Getenv("GITHUB_ACTIONS") == "true":
		return formatGitHub
	}
	return formatText
}

// A choice is the value of a flag that takes one of several words.
type choice struct {
	value string
	among []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return "word" }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.among, s) {
		last := len(c.among) - 1
		return fmt.Errorf("want %s or %s", strings.Join(c.among[:last], ", "), c.among[last])
	}
	c.value = s
	return nil
}
