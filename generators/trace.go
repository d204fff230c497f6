package generators

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// A Trace says what lies where: the blocks that answer a requirement, and the field of the spec that each line comes
// from. It needs no tree: it is made of the documents before anybody writes them.
type Trace struct {
	plan      *plan.Plan
	documents map[string]document
	lines     map[string][]string // of each document
	blocks    []Block
}

// A Block is a part of an output that carries the tag of a requirement.
type Block struct {
	Tag         string // TAG-PERF-006-BUILDX
	Requirement string // PERF-006
	Span
}

// A Span is some lines of an output, from First to Last.
type Span struct {
	Path        string
	First, Last int
}

// Place is where the span begins, as file:line.
func (s Span) Place() string { return fmt.Sprintf("%s:%d", s.Path, s.First) }

// NewTrace traces a plan. Nobody judges the documents: one that is refused can be traced too.
func NewTrace(p *plan.Plan) *Trace { return newTrace(p, renderAll(p)) }

func newTrace(p *plan.Plan, documents map[string]document) *Trace {
	t := &Trace{plan: p, documents: documents, lines: map[string][]string{}}
	for _, o := range p.Outputs {
		d, ok := documents[o.ID]
		if !ok {
			continue
		}
		t.lines[o.Path] = strings.Split(strings.TrimSuffix(string(d.data), "\n"), "\n")
		t.blocks = append(t.blocks, t.blocksOf(o.Path)...)
	}
	return t
}

var (
	// comment is a line that begins with tags: one for each requirement that covers the output.
	comment = regexp.MustCompile(`^( *)(?:#|//) ((?:\[TAG-[A-Z][A-Z0-9]*-[0-9]{3}-[A-Z0-9-]+\] ?)+)`)
	tag     = regexp.MustCompile(`TAG-([A-Z][A-Z0-9]*-[0-9]{3})-[A-Z0-9-]+`)
)

// blocksOf are the blocks of one output. The tag of a requirement that the spec does not have is a text of the user.
func (t *Trace) blocksOf(path string) (blocks []Block) {
	lines := t.lines[path]
	for i, line := range lines {
		if !strings.Contains(line, "[TAG-") { // quicker than the expression, and most lines
			continue
		}
		m := comment.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for _, name := range tag.FindAllStringSubmatch(m[2], -1) {
			if t.Requirement(name[1]) != nil {
				blocks = append(blocks, Block{name[0], name[1], Span{path, i + 1, lastOf(lines, i, m[1])}})
			}
		}
	}
	return blocks
}

// lastOf is the last line of the block whose tag stands on line i (from 0): the one before the next tag. One that is
// indented ends sooner, where a line stands further out, or where a comment below a blank line opens another part.
func lastOf(lines []string, i int, indent string) int {
	last := i + 1
	for j := i + 1; j < len(lines); j++ {
		line := lines[j]
		if strings.Contains(line, "[TAG-") && comment.MatchString(line) {
			break
		}
		if line == "" {
			continue
		}
		if indent != "" && (!strings.HasPrefix(line, indent) || strings.HasPrefix(line, indent+"# ") && lines[j-1] == "") {
			break
		}
		last = j + 1
	}
	return last
}

// Requirements are those of the spec, in the user's order.
func (t *Trace) Requirements() []schema.Requirement { return t.plan.Spec.Requirements }

// Requirement is the one called id, or nil.
func (t *Trace) Requirement(id string) *schema.Requirement {
	all := t.plan.Spec.Requirements
	if i := slices.IndexFunc(all, func(r schema.Requirement) bool { return r.ID == id }); i >= 0 {
		return &all[i]
	}
	return nil
}

// Blocks are all blocks, in the order of the outputs.
func (t *Trace) Blocks() []Block { return t.blocks }

// BlocksOf are the blocks that carry a tag of the requirement, or the tag itself.
func (t *Trace) BlocksOf(name string) (blocks []Block) {
	for _, b := range t.blocks {
		if b.Tag == name || b.Requirement == name {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// A Test is a line of a script that verifies a requirement.
type Test struct {
	ID          string // TEST-PERF-006-A
	Requirement string // PERF-006
	Span
}

var testID = regexp.MustCompile(`\bTEST-([A-Z][A-Z0-9]*-[0-9]{3})-[A-Z]\b`)

// TestsOf are the tests of the requirement, or the one called name, each where its script first names it.
func (t *Trace) TestsOf(name string) (tests []Test) {
	for _, o := range t.plan.Scripts() {
		known := map[string]bool{}
		for i, line := range t.lines[o.Path] {
			m := testID.FindStringSubmatch(line)
			if m == nil || known[m[0]] || t.Requirement(m[1]) == nil || name != m[0] && name != m[1] {
				continue
			}
			known[m[0]] = true
			tests = append(tests, Test{m[0], m[1], Span{o.Path, i + 1, i + 1}})
		}
	}
	return tests
}

// Missing are the outputs that the requirement covers and that carry no tag of it, with the reason.
func (t *Trace) Missing(r schema.Requirement) []plan.Absence {
	missing := t.plan.Absent(r)
	for _, id := range r.Covers {
		o := t.plan.Output(id)
		if o != nil && !slices.ContainsFunc(t.BlocksOf(r.ID), func(b Block) bool { return b.Path == o.Path }) {
			missing = append(missing, plan.Absence{ID: id, Why: o.Path + " carries no tag"})
		}
	}
	return missing
}

// Paths are those of the outputs, in their order.
func (t *Trace) Paths() (paths []string) {
	for _, o := range t.plan.Outputs {
		paths = append(paths, o.Path)
	}
	return paths
}

// Line is the text of a line of an output; it is not ok if there is none.
func (t *Trace) Line(path string, line int) (text string, ok bool) {
	if line < 1 || line > len(t.lines[path]) {
		return "", false
	}
	return t.lines[path][line-1], true
}

// Count is the number of lines of an output.
func (t *Trace) Count(path string) int { return len(t.lines[path]) }

// BlocksAt are the blocks around a line: the innermost ones, or those of the whole file.
func (t *Trace) BlocksAt(path string, line int) (blocks []Block) {
	for _, b := range t.blocks {
		if b.Path != path || b.First > line || b.Last < line && !t.wholeFile(b) {
			continue
		}
		if len(blocks) > 0 && blocks[0].First < b.First {
			blocks = nil
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// wholeFile reports whether the tag of a block stands in the comment at the head of its file.
func (t *Trace) wholeFile(b Block) bool {
	for _, line := range t.lines[b.Path][:b.First] {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "//") {
			return false
		}
	}
	return true
}

// Field is the field of the spec that a line of an output comes from; nil is none.
func (t *Trace) Field(path string, line int) []string {
	for _, o := range t.plan.Outputs {
		if d := t.documents[o.ID]; o.Path == path && d.from != nil {
			return d.from(line).path
		}
	}
	return nil
}

// Lines are the spans of the outputs that come from the field at path or from fields below it.
func (t *Trace) Lines(path ...string) (spans []Span) {
	for _, file := range t.Paths() {
		for line := range t.lines[file] {
			field := t.Field(file, line+1)
			if len(field) < len(path) || !slices.Equal(field[:len(path)], path) {
				continue
			}
			if n := len(spans) - 1; n >= 0 && spans[n].Path == file && spans[n].Last == line {
				spans[n].Last++
				continue
			}
			spans = append(spans, Span{file, line + 1, line + 1})
		}
	}
	return spans
}

// deriving are the fields on whose values those of others hang, or words of devgen's own. * is any name.
var deriving = [][]string{
	{"name"}, {"workspace"}, {"user"}, {"image", "registry"}, {"image", "repository"}, {"image", "context"}, {"platforms"}, {"caches"},
	{"workflow", "defaultBranch"}, {"outputs"},
	{"volumes", "*", "persistence"}, {"volumes", "*", "backing"}, {"volumes", "*", "scope"}, {"volumes", "*", "size"},
}

// Derived reports whether lines may be derived from the field at path, or from fields below it, that Lines does not tell:
// a line has one field, although others may have a part in its words.
func (t *Trace) Derived(path ...string) bool {
	return slices.ContainsFunc(deriving, func(d []string) bool {
		if slices.Contains(d, "*") && len(path) < len(d) {
			return false // the lines of the whole volume are told
		}
		n := min(len(d), len(path))
		return slices.EqualFunc(d[:n], path[:n], func(want, have string) bool { return want == "*" || want == have })
	})
}

// FieldsOf are the fields that the lines of a span come from, in the order of the lines, without those inside of one
// that was told already.
func (t *Trace) FieldsOf(s Span) (fields [][]string) {
	told := map[string]bool{}
	for line := s.First; line <= s.Last; line++ {
		field := t.Field(s.Path, line)
		inside := field == nil
		for n := range field {
			inside = inside || told[schema.PathString(field[:n+1])]
		}
		if !inside {
			told[schema.PathString(field)] = true
			fields = append(fields, field)
		}
	}
	return fields
}

// Fields are all fields that can be traced: those that the user wrote, those that lines come from, and those around
// them.
func (t *Trace) Fields() [][]string {
	fields := t.plan.Spec.Fields()
	known := map[string]bool{}
	for _, f := range fields {
		known[schema.PathString(f)] = true
	}
	for _, path := range t.Paths() {
		for line := range t.lines[path] {
			field := t.Field(path, line+1)
			for n := range field {
				if name := schema.PathString(field[:n+1]); !known[name] {
					known[name] = true
					fields = append(fields, field[:n+1])
				}
			}
		}
	}
	return fields
}
