// Package templates holds the files that are generated as they stand: bash and jq without holes, run, formatted
// and linted where they lie. What differs between specs reaches them through lib/facts.sh or, in the workflow,
// through the environment of the step.
//
// A new script is a new file below scripts or tests (an output of its own) or below workflow (the text of one step).
package templates

import (
	"embed"
	"strings"
)

//go:embed scripts tests workflow init
var files embed.FS

// Script is a script at path: scripts/… or tests/…, which find each other as they will in .devcontainer.
func Script(path string) string { return read(path) }

// Step is the text of a workflow step: a file below workflow without the comment at its head, which is for those
// who read it here.
func Step(name string) string {
	text := read("workflow/" + name + ".sh")
	for strings.HasPrefix(text, "#") || strings.HasPrefix(text, "\n") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// Init is a file of templates/init, which holds what devgen init writes: the first spec, which does have holes, and
// the Dockerfile that goes with it.
func Init(name string) string { return read("init/" + name) }

func read(path string) string {
	data, err := files.ReadFile(path)
	if err != nil {
		panic(err) // a name that is not here is a mistake in a generator, found by every test
	}
	return string(data)
}
