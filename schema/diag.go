package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/token"
)

// A reporter explains CUE's errors in the user's terms: one line for each mistake, at the user's place, without
// a word of the schema's insides.
type reporter struct {
	language
	user   cue.Value // what the user wrote
	value  cue.Value // unified with #Spec
	places *places
}

// A finding is a Problem with the place of the field at fault. missing says that the fault is an absence.
type finding struct {
	Problem
	path    []string
	meant   string // of an unknown field: what was probably meant
	at      token.Position
	missing bool
}

// findings explains everything that is wrong with the value. What is unknown or missing is found in what the user
// wrote, all of it at once: CUE stops at the first kind of mistake.
func (r reporter) findings() []finding {
	if k := r.user.IncompleteKind(); k != cue.StructKind && r.user.Err() == nil {
		text := fmt.Sprintf("the spec is a %s; want fields such as name, image and platforms", k)
		return []finding{{Problem: Problem{Pos: r.start(), Text: text}}}
	}
	err := r.user.Err()
	if err == nil {
		err = r.value.Validate(cue.Concrete(true))
	}
	if err == nil {
		return nil
	}
	unknown := r.unknown()
	all := slices.Clone(unknown)
	for _, f := range r.missing() {
		if !mistyped(unknown, f) {
			all = append(all, f)
		}
	}
	for _, group := range byPath(errors.Errors(err)) {
		if f, ok := r.explain(group); ok && !covered(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// covered reports whether f is about a field that is known to be unknown or to lack something.
func covered(all []finding, f finding) bool {
	return slices.ContainsFunc(all, func(g finding) bool {
		return g.Path == f.Path || !g.missing && strings.HasPrefix(f.Path, g.Path+".")
	})
}

// mistyped reports whether the field that is missing is there under a name that was taken for it.
func mistyped(unknown []finding, f finding) bool {
	return slices.ContainsFunc(unknown, func(u finding) bool {
		return pathString(u.path[:len(u.path)-1]) == f.Path && strings.Contains(f.Text, strconv.Quote(u.meant))
	})
}

// byPath puts the errors of one field together: CUE reports a failed choice once for each alternative.
func byPath(errs []errors.Error) (groups [][]errors.Error) {
	index := map[string]int{}
	for _, e := range errs {
		k := key(e.Path())
		if len(e.Path()) == 0 {
			k = e.Position().String() + e.Error()
		}
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], e)
	}
	return groups
}

// A clue is what one of CUE's messages says. The formats are CUE v0.17's and are held by the tests.
type clue struct {
	said    string   // a whole sentence, of the schema's error() or of CUE
	kinds   []string // kinds that would have been accepted
	allowed []string // values that would have been accepted
}

// explain turns the errors of one field into one finding. It reports false for what only follows from another
// mistake.
func (r reporter) explain(group []errors.Error) (finding, bool) {
	path := plain(group[0].Path())
	f := finding{Problem: Problem{Path: pathString(path)}, path: path}
	f.Pos, f.at = r.place(path, group)
	var c clue
	for _, e := range group {
		format, args := e.Msg()
		switch {
		case strings.HasPrefix(format, "%d errors in empty disjunction"), format == "invalid interpolation":
			// a heading, and a consequence
		case format == "field not allowed":
			return r.unknownField(path), true
		case format == "field is required but not present":
			return r.missingField(path), true
		case strings.HasPrefix(format, "incomplete value"):
			// A field of the schema that is built from this one is not the user's matter.
			_, written := r.places.raw[key(path)]
			f.Text, f.missing = "has no value yet; give it one, or with -t if it has an @tag", true
			return f, written
		case format == "reference %q not found":
			f.Text = fmt.Sprintf("reference %q not found", args[0])
			f.Hint = Nearest(fmt.Sprint(args[0]), r.names())
			f.missing = true // the reference stays when its target was taken out
			return f, true
		case strings.HasPrefix(format, "conflicting values %s and %s"):
			if ps := r.userPositions(e); len(ps) > 1 {
				f.Text = fmt.Sprintf("conflicting values %s and %s; say it once, the other one is at %s", args[0], args[1], r.places.pos(ps[1]))
				return f, true
			}
			r.conflict(&c, path, format, args)
		case format == "incompatible list lengths (%d and %d)":
			c.said = "the list is empty; want at least one element"
		case format == "%s":
			c.said = fmt.Sprint(args...)
		default:
			c.said = strings.TrimSpace(errors.StringWithConfig(e, &errors.Config{OmitPath: true}))
		}
	}
	f.Text, f.Hint = r.sentence(c, path)
	return f, f.Text != ""
}

// conflict notes the schema's side of a conflict: a value that would be accepted, or the kind of one.
func (r reporter) conflict(c *clue, path []string, format string, args []any) {
	other := 0
	if got := fmt.Sprint(args[0]); got == r.written(path) || got == fmt.Sprint(r.user.LookupPath(selectors(path))) {
		other = 1
	}
	if strings.Contains(format, "mismatched types") {
		c.kinds = appendNew(c.kinds, fmt.Sprint(args[2+other]))
		return
	}
	c.allowed = appendNew(c.allowed, fmt.Sprint(args[other]))
}

func (r reporter) sentence(c clue, path []string) (text, hint string) {
	got := r.written(path)
	if got == "" {
		got = "this value"
	}
	switch {
	case c.said != "" && strings.HasPrefix(c.said, "want "):
		return fmt.Sprintf("%s is not allowed; %s", got, c.said), ""
	case c.said != "":
		return c.said, ""
	case len(c.allowed) > 0:
		slices.Sort(c.allowed)
		hint = Nearest(got, c.allowed)
		return fmt.Sprintf("%s is not allowed%s", got, want(c.allowed, hint)), hint
	case len(c.kinds) > 0:
		return fmt.Sprintf("%s is not allowed; want a value of type %s", got, or(c.kinds)), ""
	}
	return "", ""
}

// written is what the user wrote at path, shortened to one line, or "".
func (r reporter) written(path []string) string {
	x, ok := r.places.exprs[key(path)]
	if !ok {
		return ""
	}
	source, err := format.Node(x)
	if err != nil {
		return ""
	}
	text := strings.Join(strings.Fields(string(source)), " ")
	if len(text) > 60 {
		text = text[:57] + "..."
	}
	return text
}

// missingField explains a required field that is not there, at the struct that lacks it.
func (r reporter) missingField(path []string) finding {
	parent, name := path[:len(path)-1], path[len(path)-1]
	text := fmt.Sprintf("missing required field %q", name)
	if doc := r.doc(path); doc != "" {
		text += ", " + strings.ToLower(doc[:1]) + doc[1:]
	}
	at := r.places.find(parent)
	if !at.IsValid() {
		at = r.start()
	}
	return finding{Problem: Problem{Pos: at, Path: pathString(parent), Text: text}, path: parent, missing: true}
}

// start is the beginning of the spec, where the place of an absent top-level field is.
func (r reporter) start() Pos {
	return Pos{File: r.places.first, Line: 1, Col: 1}
}

// unknownField explains a field that the language does not have, or a key of another form than it wants.
func (r reporter) unknownField(path []string) finding {
	path = r.firstUnknown(path)
	parent, name := path[:len(path)-1], path[len(path)-1]
	f := finding{Problem: Problem{Path: pathString(path)}, path: path}
	f.Pos, f.at = r.place(path, nil)
	if want := r.keyForm(parent); want != "" {
		f.Text = fmt.Sprintf("%q cannot be a name here; %s", name, want)
		return f
	}
	siblings := r.fieldNames(parent)
	f.Text, f.Hint = fmt.Sprintf("unknown field %q", name), Nearest(name, siblings)
	f.meant = strings.TrimSuffix(strings.TrimPrefix(f.Hint, "did you mean "), "?")
	if f.Hint == "" {
		f.Text += want(siblings, "")
	}
	return f
}

// firstUnknown is the shortest part of path that the language does not have: CUE reports the fields below a bad
// key, and the key is the mistake.
func (r reporter) firstUnknown(path []string) []string {
	node := r.definition(r.root)
	for i, name := range path {
		next, ok := r.child(node, name)
		if !ok {
			return path[:i+1]
		}
		node = next
	}
	return path
}

// unknown finds each field that the user wrote and the language does not have.
func (r reporter) unknown() (all []finding) {
	for _, path := range r.places.paths {
		parent := path[:len(path)-1]
		if node, ok := r.node(parent); ok && node != nil {
			if _, ok := r.child(node, path[len(path)-1]); !ok {
				all = append(all, r.unknownField(path))
			}
		}
	}
	return all
}

// missing finds each required field that a struct of the user lacks.
func (r reporter) missing() (all []finding) {
	for _, path := range append([][]string{{}}, r.places.paths...) {
		node, ok := r.node(path)
		if !ok {
			continue
		}
		r.fields(node, func(f *ast.Field) bool {
			field := append(path[:len(path):len(path)], labelOf(f))
			if f.Constraint == token.NOT && !r.user.LookupPath(selectors(field)).Exists() {
				all = append(all, r.missingField(field))
			}
			return true
		})
	}
	return all
}

// place is where the user wrote the field: at its own place, at the place that CUE names, or around it.
func (r reporter) place(path []string, group []errors.Error) (Pos, token.Position) {
	if at, ok := r.places.raw[key(path)]; ok {
		return r.places.pos(at), at
	}
	for _, e := range group {
		if ps := r.userPositions(e); len(ps) > 0 {
			return r.places.pos(ps[0]), ps[0]
		}
	}
	at := r.places.find(path)
	if !at.IsValid() {
		at = r.start()
	}
	return at, token.Position{}
}

func (r reporter) userPositions(e errors.Error) (ps []token.Position) {
	for _, p := range errors.Positions(e) {
		if at := p.Position(); at.IsValid() && r.places.files[at.Filename] && !slices.Contains(ps, at) {
			ps = append(ps, at)
		}
	}
	return ps
}

// names are what a reference could have meant.
func (r reporter) names() (names []string) {
	for _, path := range r.places.paths {
		if len(path) == 1 {
			names = append(names, path[0])
		}
	}
	return names
}

// plain is path without the quotes that CUE puts around labels.
func plain(path []string) []string {
	names := make([]string, len(path))
	for i, p := range path {
		names[i] = p
		if s, err := strconv.Unquote(p); err == nil {
			names[i] = s
		}
	}
	return names
}

func selectors(path []string) cue.Path {
	sels := make([]cue.Selector, len(path))
	for i, p := range path {
		if n, err := strconv.Atoi(p); err == nil {
			sels[i] = cue.Index(n)
			continue
		}
		sels[i] = cue.Str(p)
	}
	return cue.MakePath(sels...)
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// want lists what is allowed, unless the list is long and a hint says enough.
func want(words []string, hint string) string {
	if len(words) == 0 || len(words) > 6 && hint != "" {
		return ""
	}
	return "; want " + or(words)
}

// or joins alternatives: a, b or c.
func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
