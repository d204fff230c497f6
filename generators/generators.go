// Package generators is what a plan looks like: one output is one file here and one row in rows. A generator gets a
// *plan.Plan and nothing else, and derives nothing itself. Before anything is returned, the real parser of each
// output's consumer reads it back (judge.go).
//
// A new output is a function from a plan to a document, a row below, a row in plan's outputs, and an id in the
// language (#OutputID).
package generators

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
	"github.com/devgen/devgen/templates"
)

// A File is one generated file.
type File struct {
	ID         string
	Path       string // from the root, with slashes
	Data       []byte
	Executable bool
	Section    bool // Data is a part of a file that is the user's: the lines from SectionBegin to SectionEnd
}

// A document is what a generator makes: the bytes, and for a line of them the field of the spec that led to it.
type document struct {
	data []byte
	from func(line int) origin // nil: no line comes from the user
}

// An origin is the field of the spec that a line comes from.
type origin struct {
	path    []string // nil: from none
	derived bool     // the words are devgen's, so that what a judge refuses there is not the user's mistake
}

// A row is one output. judge reads the document back as its consumer would; it may look at the other documents.
type row struct {
	id     string
	render func(*plan.Plan) document
	judge  func(*plan.Plan, map[string]document) ([]finding, error)
}

func rows() []row {
	return []row{
		{"workflow", workflow, judgeWorkflow("workflow")},
		{"drift", drift, judgeWorkflow("drift")},
		{"compose", compose, judgeCompose}, // judges the three compose files together
		{"volumes", composeVolumes, nil},
		{"cache-override", composeCacheOverride, nil},
		{"devcontainer", devcontainer, judgeDevcontainer},
		{"buildkitd", buildkitd, judgeBuildkitd},
		{"init", script("init", "scripts/init.sh"), judgeBash("init")},
		{"facts", facts, judgeBash("facts")},
		{"core", script("core", "scripts/lib/core.sh"), judgeBash("core")},
		{"docker-lib", script("docker-lib", "scripts/lib/docker.sh"), judgeBash("docker-lib")},
		{"volumes-lib", script("volumes-lib", "scripts/lib/volumes.sh"), judgeBash("volumes-lib")},
		{"use-registry-cache", script("use-registry-cache", "scripts/use-registry-cache.sh"), judgeBash("use-registry-cache")},
		{"manage-volumes", script("manage-volumes", "scripts/manage-volumes.sh"), judgeBash("manage-volumes")},
		{"own-mounts", script("own-mounts", "scripts/own-mounts.sh"), judgeBash("own-mounts")},
		{"cache-report", script("cache-report", "scripts/ci/cache-report.sh"), judgeBash("cache-report")},
		{"cache-hit", script("cache-hit", "scripts/lib/cache-hit.jq"), nil},
		{"verify-registry-cache", script("verify-registry-cache", "tests/verify-registry-cache.sh"), judgeBash("verify-registry-cache")},
		{"verify-volumes", script("verify-volumes", "tests/verify-volumes.sh"), judgeBash("verify-volumes")},
		{"lib-test", script("lib-test", "tests/lib_test.sh"), judgeBash("lib-test")},
		{"tap", script("tap", "tests/tap.sh"), judgeBash("tap")},
		{"schema", schemaCopy, nil},
		{"traceability", nil, judgeTraceability}, // tells of the other documents: see renderAll
		{"gitattributes", gitattributes, nil},
	}
}

// Generate makes every output of the plan and has it judged. What a judge refuses because of the user comes back as
// problems; what it refuses although the user is not to blame is a defect of devgen and comes back as the error.
func Generate(p *plan.Plan) (files []File, problems []schema.Problem, err error) {
	documents := renderAll(p)
	files = filesOf(p, documents)
	for _, v := range judge(p, documents) {
		if v.err != nil {
			return nil, nil, fmt.Errorf("judging %s: %w", p.Output(v.id).Path, v.err)
		}
		for _, f := range v.found {
			problem, err := explain(p, v.id, documents[v.id], f)
			if err != nil {
				return nil, nil, err
			}
			problems = append(problems, problem)
		}
	}
	return files, schema.SortProblems(problems), nil
}

// renderAll makes every document of the plan: all at once, for no generator looks at what another one makes.
func renderAll(p *plan.Plan) map[string]document {
	all := rows()
	made := make([]document, len(all))
	atOnce(len(all), func(i int) {
		if all[i].render != nil && p.Output(all[i].id) != nil {
			made[i] = all[i].render(p)
		}
	})
	documents := map[string]document{}
	for i, r := range all {
		if made[i].data != nil {
			documents[r.id] = made[i]
		}
	}
	if p.Output("traceability") != nil {
		documents["traceability"] = traceability(p, documents)
	}
	return documents
}

// filesOf are the documents as files, in the order of the outputs.
func filesOf(p *plan.Plan, documents map[string]document) (files []File) {
	for _, o := range p.Outputs {
		files = append(files, File{ID: o.ID, Path: o.Path, Data: documents[o.ID].data, Executable: o.Executable, Section: isSection(documents[o.ID].data)})
	}
	return files
}

// A verdict is what a judge says of one document.
type verdict struct {
	id    string
	found []finding
	err   error // there is no verdict
}

// judge asks all judges at once, for they are most of a run's time, and returns their verdicts in the outputs' order.
func judge(p *plan.Plan, documents map[string]document) []verdict {
	all := rows()
	verdicts := make([]verdict, len(all))
	atOnce(len(all), func(i int) {
		r, v := all[i], &verdicts[i]
		v.id = r.id
		if _, ok := documents[r.id]; ok && r.judge != nil {
			v.found, v.err = r.judge(p, documents)
		}
	})
	return verdicts
}

// Header is the first line of every generated file that takes comments with "#". spec is the name of the spec.
func Header(spec string) string { return "# " + headerText(spec) }

func headerText(spec string) string {
	name := path.Base(filepath.ToSlash(spec))
	if !plainName.MatchString(name) { // it could break out of a comment
		name = schema.DefaultFile
	}
	return fmt.Sprintf("Code generated by devgen from %s; DO NOT EDIT.", name)
}

// SpecOf is the name of the spec in a header, or "".
func SpecOf(header string) string {
	before, after, _ := strings.Cut(Header("devcontainer.cue"), "devcontainer.cue")
	name, begins := strings.CutPrefix(header, before)
	name, ends := strings.CutSuffix(name, after)
	if !begins || !ends || !plainName.MatchString(name) {
		return ""
	}
	return name
}

// IsGenerated reports whether a file carries the header: on its first line, or on the second below a shebang or the
// brace of strict JSON, which has no comments.
func IsGenerated(data []byte) bool {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	second, _, _ := bytes.Cut(rest, []byte("\n"))
	mark := []byte("Code generated by devgen from ")
	switch {
	case bytes.HasPrefix(first, []byte("#!")):
		return bytes.Contains(first, mark) || bytes.Contains(second, mark)
	case string(bytes.TrimSpace(first)) == "{":
		return bytes.HasPrefix(bytes.TrimSpace(second), append([]byte(`"generated": "`), mark...))
	}
	return bytes.Contains(first, mark)
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func header(p *plan.Plan) string { return Header(p.Spec.File) + "\n" }

// mark is a comment's beginning in a script of templates: the name of the block that it opens.
var mark = regexp.MustCompile(`^\s*# \[([A-Z][A-Z-]*)\] `)

// script is a script of templates with the header below its first line, and with trace tags for its marks.
func script(id, name string) func(*plan.Plan) document {
	return func(p *plan.Plan) document {
		text := templates.Script(name)
		var b bytes.Buffer
		b.Grow(len(text) + 1<<10) // the header and the tags
		if strings.HasPrefix(text, "#!") {
			first, rest, _ := strings.Cut(text, "\n")
			b.WriteString(first + "\n")
			text = rest
		}
		b.WriteString(header(p))
		for line := range strings.Lines(text) {
			if before, _, ok := strings.Cut(line, "["); ok && strings.HasSuffix(before, "# ") {
				if m := mark.FindStringSubmatch(line); m != nil {
					line = before + p.Mark(id, m[1]) + line[len(m[0]):]
				}
			}
			b.WriteString(line)
		}
		return document{data: b.Bytes()}
	}
}
