package generators

import (
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"mvdan.cc/sh/v3/syntax"
)

// facts is all that differs between specs in the scripts: quoted variables and arrays, and nothing that runs.
func facts(p *plan.Plan) document {
	folders, files, clones := p.Host()
	directories, mountFiles := p.MountPoints()
	var b strings.Builder
	b.WriteString(header(p))
	b.WriteString("# " + p.Mark("facts", "FACTS") + "What the scripts know of the spec. To be sourced.\n# shellcheck shell=bash disable=SC2034,SC2088\n\n")
	line := func(comment, text string) { b.WriteString("# " + comment + "\n" + text + "\n") }
	line("From the folder of init.sh to the root of the checkout.",
		"DEVGEN_SCRIPTS_TO_ROOT="+quote(plan.Rel(p.Output("init").Path, ".")))
	line("Folders of the host that are mounted; ~ is the home.", array("DEVGEN_HOST_DIRECTORIES", folders))
	line("Files of the host that are mounted.", array("DEVGEN_HOST_FILES", files))
	line("Folders that each clone has for itself, below DEVGEN_HOST_CLONES/<compose project>.", array("DEVGEN_HOST_CLONE_DIRECTORIES", clones))
	b.WriteString("DEVGEN_HOST_CLONES=" + quote(p.ClonesFolder()) + "\n")
	line("The folder of the first compose file, from the root of the checkout.", "DEVGEN_COMPOSE_DIRECTORY="+quote(p.ComposeFolder()))
	line("Folders of the checkout that something is mounted on.", array("DEVGEN_MOUNT_POINTS", directories))
	line("Files of the checkout that something is mounted on.", array("DEVGEN_MOUNT_FILES", mountFiles))
	return document{data: []byte(b.String())}
}

// quote is s as one word of bash.
func quote(s string) string {
	q, err := syntax.Quote(s, syntax.LangBash)
	if err != nil {
		panic(err) // a NUL byte, which the language refuses everywhere
	}
	return q
}

// array is an array of bash, one element a line.
func array(name string, items []string) string {
	if len(items) == 0 {
		return name + "=()"
	}
	var b strings.Builder
	for _, item := range items {
		b.WriteString("  " + quote(item) + "\n")
	}
	return name + "=(\n" + b.String() + ")"
}
