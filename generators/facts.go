package generators

import (
	"strings"
	"sync"

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
	data := b.String()
	index := sync.OnceValue(func() map[int]origin { return factsOrigins(p, data) })
	return document{[]byte(data), func(line int) origin { return index()[line] }}
}

// factsOrigins are the fields that the elements of the arrays come from: a source on the host, or a target in the
// checkout.
func factsOrigins(p *plan.Plan, data string) map[int]origin {
	sources, targets := map[string][]string{}, map[string][]string{}
	for _, v := range p.Volumes {
		sources[quote(v.Source.Path)] = []string{"volumes", v.Name}
		sources[quote(v.Source.Below)] = []string{"volumes", v.Name}
		targets[quote(strings.TrimPrefix(v.Target, p.Spec.Workspace+"/"))] = []string{"volumes", v.Name, "target"}
	}
	for _, m := range p.Mounts {
		sources[quote(m.Source.Path)] = []string{"mounts", m.Name, "source"}
		targets[quote(strings.TrimPrefix(m.Target, p.Spec.Workspace+"/"))] = []string{"mounts", m.Name, "target"}
	}
	origins := map[int]origin{}
	from := sources
	n := 0
	for line := range strings.Lines(data) {
		n++
		switch {
		case strings.HasPrefix(line, "DEVGEN_HOST_"):
			from = sources
		case strings.HasPrefix(line, "DEVGEN_MOUNT_"):
			from = targets
		case strings.HasPrefix(line, "  "):
			origins[n] = origin{path: from[strings.TrimSpace(line)]}
		}
	}
	return origins
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
