package generators

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// A traceabilityFile is traceability.json: which requirement asks for what, where the spec says so, and where the
// blocks stand that answer it. For people there is devgen trace.
type traceabilityFile struct {
	Generated    string              `json:"generated"` // the header: strict JSON has no comments
	Format       int                 `json:"format"`
	Spec         string              `json:"spec"`
	Requirements []tracedRequirement `json:"requirements"` // in the user's order
}

// A tracedRequirement is one requirement and where it is answered.
type tracedRequirement struct {
	ID        string      `json:"id"`
	Tag       string      `json:"tag"`
	Title     string      `json:"title"`
	Priority  string      `json:"priority,omitempty"`
	Sprint    *int        `json:"sprint,omitempty"`
	Effort    string      `json:"effort,omitempty"`
	Owner     string      `json:"owner,omitempty"`
	Debt      string      `json:"debt,omitempty"`
	Reference string      `json:"reference,omitempty"`
	Spec      string      `json:"spec"` // file:line:col
	Covers    []string    `json:"covers"`
	Missing   []string    `json:"missing,omitempty"` // covered, and without a tag
	Tags      []tracedTag `json:"tags"`              // in the order of the outputs
}

type tracedTag struct {
	Tag    string   `json:"tag"`
	Places []string `json:"places"` // file:line
}

// traceability is where the requirements of the plan are answered in the other documents.
func traceability(p *plan.Plan, documents map[string]document) document {
	t := newTrace(p, documents)
	file := traceabilityFile{Generated: headerText(p.Spec.File), Format: 1, Spec: p.Spec.FileName()}
	for _, r := range p.Spec.Requirements {
		traced := tracedRequirement{
			ID:        r.ID,
			Tag:       "TAG-" + r.ID,
			Title:     r.Title,
			Priority:  r.Priority,
			Sprint:    r.Sprint,
			Effort:    r.Effort,
			Owner:     r.Owner,
			Debt:      r.Debt,
			Reference: r.Reference,
			Spec:      p.Spec.Place("requirements", r.ID).String(),
			Covers:    append([]string{}, r.Covers...),
			Tags:      tagsOf(t.BlocksOf(r.ID)),
		}
		for _, m := range t.Missing(r) {
			traced.Missing = append(traced.Missing, m.ID)
		}
		file.Requirements = append(file.Requirements, traced)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(file); err != nil {
		panic(err) // plain strings and numbers
	}
	return document{data: b.Bytes()}
}

// tagsOf joins the blocks of one tag.
func tagsOf(blocks []Block) []tracedTag {
	tags, at := []tracedTag{}, map[string]int{}
	for _, b := range blocks {
		i, ok := at[b.Tag]
		if !ok {
			i = len(tags)
			at[b.Tag], tags = i, append(tags, tracedTag{Tag: b.Tag})
		}
		tags[i].Places = append(tags[i].Places, b.Place())
	}
	return tags
}

// judgeTraceability reads traceability.json strictly: each place that it names carries the tag, and each comment with
// the tag of a requirement is named.
func judgeTraceability(p *plan.Plan, documents map[string]document) ([]finding, error) {
	d := json.NewDecoder(bytes.NewReader(documents["traceability"].data))
	d.DisallowUnknownFields()
	var file traceabilityFile
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the object")
	}
	named := map[string]int{}
	for _, r := range file.Requirements {
		for _, t := range r.Tags {
			for _, place := range t.Places {
				named[place+" "+t.Tag]++
			}
		}
	}
	var errs []error
	for _, standing := range standingTags(p, documents) {
		if named[standing]--; named[standing] < 0 {
			errs = append(errs, fmt.Errorf("%s is not named", standing))
		}
	}
	for _, place := range slices.Sorted(maps.Keys(named)) {
		if named[place] > 0 {
			errs = append(errs, fmt.Errorf("%s does not stand there", place))
		}
	}
	return nil, errors.Join(errs...)
}

// standingTags are the tags of the spec's requirements that the documents carry, each with its place.
func standingTags(p *plan.Plan, documents map[string]document) (standing []string) {
	for _, o := range p.Outputs {
		n := 0
		for line := range strings.Lines(string(documents[o.ID].data)) {
			n++
			for _, name := range leadingTags(strings.TrimLeft(line, " ")) {
				if slices.ContainsFunc(p.Spec.Requirements, func(r schema.Requirement) bool { return strings.HasPrefix(name, "TAG-"+r.ID+"-") }) {
					standing = append(standing, Span{o.Path, n, n}.Place()+" "+name)
				}
			}
		}
	}
	return standing
}

// leadingTags are the tags that a comment begins with.
func leadingTags(line string) (names []string) {
	text, ok := strings.CutPrefix(line, "# ")
	if !ok {
		text, ok = strings.CutPrefix(line, "// ")
	}
	for ok {
		var name string
		if name, text, ok = strings.Cut(text, "]"); !ok || !strings.HasPrefix(name, "[") || tag.FindString(name) != name[1:] {
			break
		}
		names = append(names, name[1:])
		text = strings.TrimPrefix(text, " ")
	}
	return names
}
