package schema

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
)

// A reporter explains CUE's errors in the user's terms: one line for each mistake, at the user's place, without
// a word of the schema's insides.
type reporter struct {
	language
	file   string    // the one that was named
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
	other   token.Position // of a conflict: the second place
	missing bool
	closed  bool       // a definition of the user is at fault, for all that it lacks
	refers  string     // of a reference that is not found: its name
	unused  string     // of a let clause that nothing refers to: its name
	made    [][]string // the paths that the value at fault is made of
}

// findings explains everything that is wrong with the value. What is unknown or missing is found in what the user
// wrote, all of it at once: CUE stops at the first kind of mistake.
func (r reporter) findings() []finding {
	if k := r.user.IncompleteKind(); k&cue.StructKind == 0 && r.user.Err() == nil {
		text := fmt.Sprintf("the spec is a %s; want fields such as name, image and platforms", k)
		return []finding{{Problem: Problem{Pos: r.start(), Text: text}}}
	}
	err := r.user.Validate() // everything, of which Err is the first
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
	var explained []finding
	closed := map[token.Position]bool{}
	tagged := r.places.tagged()
	for _, group := range byPath(errors.Errors(err)) {
		f, ok := r.explain(group)
		if g, untagged := r.untagged(f, group, tagged); untagged {
			all = append(all, g)
		} else if ok && !covered(all, f) && !closed[f.at] {
			explained = append(explained, f)
			closed[f.at] = closed[f.at] || f.closed
		}
	}
	for _, f := range explained {
		if !slices.ContainsFunc(explained, func(g finding) bool { return below(g.Path, f.Path) }) {
			all = append(all, r.caused(f)) // of a list and its element, the element is at fault
		}
	}
	if len(all) == 0 {
		all = append(all, r.untold(err))
	}
	for i := range all {
		all[i] = r.tellable(all[i])
	}
	return all
}

// untold is an error that follows from nothing else, in CUE's words.
func (r reporter) untold(err error) finding {
	first := errors.Errors(err)[0]
	path := plain(first.Path())
	f := finding{Problem: Problem{Path: PathString(path)}, path: path}
	f.Pos, f.at = r.place(path, []errors.Error{first})
	text := strings.TrimSpace(errors.StringWithConfig(first, &errors.Config{OmitPath: true}))
	f.Text = strings.TrimPrefix(text, "invalid interpolation: ")
	if format, args := first.Msg(); strings.HasPrefix(format, "incomplete value") {
		f.Text = "has no value yet; " + r.form(path, args)
	}
	return f
}

// below reports whether path lies below the other one.
func below(path, other string) bool {
	return other != "" && (strings.HasPrefix(path, other+".") || strings.HasPrefix(path, other+"["))
}

// covered reports whether f is about a field that is known to be unknown or to lack something.
func covered(all []finding, f finding) bool {
	return slices.ContainsFunc(all, func(g finding) bool {
		return g.Path == f.Path || !g.missing && below(f.Path, g.Path)
	})
}

// mistyped reports whether the field that is missing is there under a name that was taken for it.
func mistyped(unknown []finding, f finding) bool {
	return slices.ContainsFunc(unknown, func(u finding) bool {
		return PathString(u.path[:len(u.path)-1]) == f.Path && strings.Contains(f.Text, strconv.Quote(u.meant))
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
	words   bool     // it is the schema's, which says it best
	kinds   []string // kinds that would have been accepted
	allowed []string // values that would have been accepted
}

// explain turns the errors of one field into one finding. It reports false for what only follows from another
// mistake.
func (r reporter) explain(group []errors.Error) (finding, bool) {
	path := plain(group[0].Path())
	f := finding{Problem: Problem{Path: PathString(path)}, path: path}
	f.Pos, f.at = r.place(path, group)
	var c clue
	for _, e := range group {
		if told, settled := r.settle(f, group, e, c); settled {
			return told, told.Text != ""
		}
		r.collect(&c, path, e)
	}
	f.Text, f.Hint = r.sentence(c, path)
	return f, f.Text != ""
}

// settle makes a finding of an error that alone says what is wrong with the field of f. One without a text is no matter of
// the user's.
func (r reporter) settle(f finding, group []errors.Error, e errors.Error, c clue) (told finding, settled bool) {
	format, args := e.Msg()
	switch {
	case format == "field not allowed" && len(f.path) > 0:
		if _, known := r.node(f.path); known || own(f.path) {
			return r.closedField(f.path, group), true
		}
		return r.unknownField(f.path), true
	case format == "field is required but not present" && len(f.path) > 0:
		return r.missingField(f.path), true
	case strings.HasPrefix(format, "incomplete value"):
		// A field of the schema that is built from this one is not the user's matter.
		if _, written := r.places.raw[key(f.path)]; written {
			f.Text, f.missing = "has no value yet; "+r.form(f.path, args), true
		}
	case format == "undefined field: %s" && len(f.path) == 0:
		f.refers = fmt.Sprint(args[0])
		f.Text = "undefined field: " + f.refers
	case format == "reference %q not found":
		f.refers = fmt.Sprint(args[0])
		f.Text = fmt.Sprintf("reference %q not found", f.refers)
		f.Pos, f.at = r.innermost(f, e)
		f.Hint = Nearest(f.refers, r.names())
	case strings.HasPrefix(format, "conflicting values %s and %s"):
		other, ok := r.places.twice[key(f.path)]
		if !ok || !r.userConflict(f.path) {
			return f, false
		}
		f.other = other
		here, there := fmt.Sprint(args[0]), fmt.Sprint(args[1])
		if there == r.source(r.places.exprs[key(f.path)]) {
			here, there = there, here
		}
		f.Text = fmt.Sprintf("conflicting values %s and %s; say it once, the other one is at %s", here, there, r.places.pos(other))
	case format == "unreferenced alias or let clause %s":
		f.unused = fmt.Sprint(args[0])
		f.Text = "unreferenced alias or let clause " + f.unused
	case format == "cannot call non-function %s (type %s)" && !c.words:
		f.Text = fmt.Sprintf("there is no function %s", args[0])
	default:
		return f, false
	}
	return f, true
}

// collect notes what one of several errors says of the field at path.
func (r reporter) collect(c *clue, path []string, e errors.Error) {
	format, args := e.Msg()
	switch {
	case strings.HasPrefix(format, "%d errors in empty disjunction"), format == "invalid interpolation":
		// a heading, and a consequence
	case strings.HasPrefix(format, "conflicting values %s and %s"):
		if own(path) { // of which the language says nothing
			c.said = fmt.Sprintf("conflicting values %s and %s; keep one of them", args[0], args[1])
			return
		}
		if c.said = r.contradiction(path, fmt.Sprint(args[0]), fmt.Sprint(args[1])); c.said == "" {
			r.conflict(c, path, format, args)
		}
	case c.words:
	case format == "incompatible list lengths (%d and %d)":
		c.said = lengths(args)
	case format == "invalid value %v (out of bound %s)":
		c.said = "want " + fmt.Sprint(args[1])
	case format == "%s":
		c.said, c.words = fmt.Sprint(args...), true
	default:
		c.said = strings.TrimSpace(errors.StringWithConfig(e, &errors.Config{OmitPath: true}))
	}
}

// contradiction tells of one expression that contradicts itself, in the order in which it does, or "".
func (r reporter) contradiction(path []string, a, b string) string {
	source := r.source(r.places.exprs[key(path)])
	first, second := strings.Index(source, a), strings.Index(source, b)
	switch {
	case first < 0 || second < 0:
		return ""
	case second < first:
		a, b = b, a
	}
	return fmt.Sprintf("conflicting values %s and %s; keep one of them", a, b)
}

// lengths tells of two lists that cannot be one. Of the two the language gives only the shortest that it takes.
func lengths(args []any) string {
	if slices.Contains(args, any(0)) {
		return "the list is empty; want at least one element"
	}
	return fmt.Sprintf("lists of %d and of %d elements conflict; keep one of them", args...)
}

// userConflict reports whether the user's value contradicts itself.
func (r reporter) userConflict(path []string) bool {
	return r.user.LookupPath(selectors(path)).Err() != nil || r.user.Err() != nil
}

// conflict notes the schema's side of a conflict: a value that would be accepted, or the kind of one.
func (r reporter) conflict(c *clue, path []string, format string, args []any) {
	got := r.written(path)
	other := 0
	if fmt.Sprint(args[0]) == got {
		other = 1
	}
	mismatch := strings.Contains(format, "mismatched types")
	if mismatch && r.kindOf(path) == fmt.Sprint(args[2]) {
		other = 1
	}
	value := fmt.Sprint(args[other])
	if mismatch && !plainValue.MatchString(value) {
		c.kinds = appendNew(c.kinds, fmt.Sprint(args[2+other]))
		return
	}
	c.allowed = appendNew(c.allowed, value)
}

// plainValue is one that a user could write, and no type.
var plainValue = regexp.MustCompile(`^(".*"|true|false|-?[0-9.]+)$`)

// kindOf is the kind of what the user wrote at path, in CUE's words, or "".
func (r reporter) kindOf(path []string) string {
	switch x := r.places.exprs[key(path)].(type) {
	case *ast.StructLit:
		return "struct"
	case *ast.ListLit:
		return "list"
	case *ast.BasicLit:
		return map[token.Token]string{token.STRING: "string", token.INT: "int", token.FLOAT: "float", token.TRUE: "bool", token.FALSE: "bool", token.NULL: "null"}[x.Kind]
	}
	return ""
}

// kindNames says what kinds look like.
func kindNames(kinds []string) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k
		if name, ok := map[string]string{"struct": "a group of fields", "bool": "true or false", "list": "a list", "string": "a string", "int": "a whole number", "number": "a number"}[k]; ok {
			names[i] = name
		}
	}
	return or(names)
}

// form says what a value that is not there yet should look like.
func (r reporter) form(path []string, args []any) string {
	if x, ok := r.node(path); ok {
		if id, ok := x.(*ast.Ident); ok {
			x = r.definition(id.Name)
		}
		if text := r.errorText(x); text != "" {
			return text
		}
	}
	return fmt.Sprintf("give one (%s)", fmt.Sprint(args...))
}

func (r reporter) sentence(c clue, path []string) (text, hint string) {
	got := r.written(path)
	if got == "" {
		got = "this value"
	}
	switch {
	case isBytes(r.places.exprs[key(path)]):
		return got + " is not allowed; strings take double quotes", ""
	case c.said != "" && strings.HasPrefix(c.said, "want "):
		return fmt.Sprintf("%s is not allowed; %s", got, r.wanted(c.said, got, path)), ""
	case c.said != "":
		return c.said, ""
	case len(c.kinds) > 0:
		return fmt.Sprintf("%s is not allowed; want %s", got, kindNames(c.kinds)), ""
	case len(c.allowed) > 0:
		slices.Sort(c.allowed)
		hint = Nearest(got, c.allowed)
		return fmt.Sprintf("%s is not allowed%s", got, want(c.allowed, hint)), hint
	}
	return "", ""
}

// written is what the user wrote at path, shortened to one line, or "".
func (r reporter) written(path []string) string {
	x := r.places.exprs[key(path)]
	text := r.source(x)
	// What an expression comes to says more than the expression.
	if _, plain := x.(*ast.BasicLit); !plain {
		if v := r.user.LookupPath(selectors(path)); v.Err() == nil && v.IsConcrete() && v.IncompleteKind()&(cue.StructKind|cue.ListKind) == 0 {
			text = fmt.Sprint(v)
		}
	}
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:57]) + "..."
	}
	return text
}

// source is an expression as it was written, in one line and without comments; "" for none.
func (r reporter) source(x ast.Expr) string {
	if x == nil {
		return ""
	}
	switch x := x.(type) {
	case *ast.BasicLit:
		if s, err := literal.Unquote(x.Value); err == nil && !isBytes(x) { // it may go over several lines
			return strconv.Quote(s)
		}
	case *ast.Comprehension, *ast.Ellipsis: // in a list; alone they are no expressions
		return ""
	}
	ast.Walk(x, func(n ast.Node) bool {
		ast.SetComments(n, nil)
		return true
	}, nil)
	source, err := format.Node(x)
	if err != nil {
		return ""
	}
	text := strings.Join(strings.Fields(string(source)), " ")
	if inner, ok := strings.CutPrefix(text, "[ "); ok { // a list over several lines
		text = "[" + strings.TrimSuffix(strings.TrimSuffix(inner, "]"), ", ") + "]"
	}
	return text
}

// wanted is what the schema wants, with what its words leave out for what was written.
func (r reporter) wanted(said, got string, path []string) string {
	node, _ := r.node(path)
	lit, plain := r.places.exprs[key(path)].(*ast.BasicLit)
	plain = plain && lit.Kind != token.STRING && lit.Kind != token.NULL
	for _, x := range alternatives(node) {
		switch x := x.(type) {
		case *ast.BasicLit:
			said, plain = strings.Replace(said, "want ", "want "+x.Value+" or ", 1), false
		case *ast.Ident:
			switch {
			case !plain || !strings.HasPrefix(x.Name, "#") || !r.takes(x.Name, lit.Value):
			case x.Name == "#Text":
				return "want a string in quotes: " + strconv.Quote(lit.Value)
			default:
				said += ", in quotes"
			}
		}
	}
	if got == `""` {
		said += ", not empty"
	}
	return said
}

// isBytes reports whether x stands between single quotes.
func isBytes(x ast.Expr) bool {
	lit, ok := x.(*ast.BasicLit)
	return ok && lit.Kind == token.STRING && strings.HasPrefix(strings.TrimLeft(lit.Value, "#"), "'")
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
	return finding{Problem: Problem{Pos: at, Path: PathString(parent), Text: text}, path: path, missing: true}
}

// start is the beginning of the spec, where the place of an absent top-level field is.
func (r reporter) start() Pos {
	return Pos{File: r.file, Line: 1, Col: 1}
}

// unknownField explains a field that the language does not have, or a key of another form than it wants.
func (r reporter) unknownField(path []string) finding {
	path = r.firstUnknown(path)
	parent, name := path[:len(path)-1], path[len(path)-1]
	f := finding{Problem: Problem{Path: PathString(path)}, path: path}
	f.Pos, f.at = r.place(path, nil)
	if at, ok := r.places.named[key(path)]; ok {
		f.Pos, f.at = r.places.pos(at), at
	}
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
		node, ok := r.node(path[:len(path)-1])
		if !ok || node == nil || r.misplaced(path) {
			continue
		}
		if _, ok := r.child(node, path[len(path)-1]); !ok {
			all = append(all, r.unknownField(path))
		}
	}
	return all
}

// misplaced reports whether path leads through a list where the language has none: the list is the mistake.
func (r reporter) misplaced(path []string) bool {
	for n := 1; n < len(path); n++ {
		if _, ok := r.places.exprs[key(path[:n])].(*ast.ListLit); !ok {
			continue
		}
		if node, ok := r.node(path[:n]); ok && node != nil {
			if _, ok := node.(*ast.ListLit); !ok {
				return true
			}
		}
	}
	return false
}

// missing finds each required field that a struct of the user lacks.
func (r reporter) missing() (all []finding) {
	for _, path := range append([][]string{{}}, r.places.paths...) {
		node, ok := r.node(path)
		if x, written := r.places.exprs[key(path)]; !ok || written && !isStruct(x) || r.misplaced(path) {
			continue
		}
		r.fields(node, func(f *ast.Field) bool {
			field := append(path[:len(path):len(path)], labelOf(f))
			if f.Constraint == token.NOT && !r.present(field) {
				all = append(all, r.missingField(field))
			}
			return true
		})
	}
	return all
}

// isStruct reports whether x may be a struct: only a literal of another kind is surely none.
func isStruct(x ast.Expr) bool {
	switch x.(type) {
	case *ast.BasicLit, *ast.ListLit, *ast.Interpolation, *ast.UnaryExpr:
		return false
	}
	return true
}

// present reports whether the user gave the field, in so many words or through an expression. While the value
// cannot be evaluated nobody knows what an expression gives, and a later round does.
func (r reporter) present(path []string) bool {
	if _, written := r.places.raw[key(path)]; written {
		return true
	}
	if r.user.Err() != nil {
		return !r.places.literal(path[:len(path)-1])
	}
	return r.user.LookupPath(selectors(path)).Exists()
}

// place is where the user wrote the field: at its own place, at the place that CUE names, or around it.
func (r reporter) place(path []string, group []errors.Error) (Pos, token.Position) {
	if at, ok := r.places.raw[key(path)]; ok {
		return r.places.pos(at), at
	}
	for _, e := range group {
		if ps := r.userPositions(e); len(ps) > 0 { // the last is the innermost
			at := slices.MaxFunc(ps, func(a, b token.Position) int { return cmp.Compare(a.Offset, b.Offset) })
			return r.places.pos(at), at
		}
	}
	at := r.places.find(path)
	if !at.IsValid() {
		at = r.start()
	}
	return at, token.Position{}
}

// innermost is the place of the error itself where the field at fault has none, or is a list of which an element is.
func (r reporter) innermost(f finding, e errors.Error) (Pos, token.Position) {
	x, written := r.places.exprs[key(f.path)]
	_, list := x.(*ast.ListLit)
	if at := e.Position().Position(); at.IsValid() && r.places.files[at.Filename] && (list || !written || len(f.path) < len(e.Path())) {
		return r.places.pos(at), at
	}
	return f.Pos, f.at
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

// plain is path without the quotes that CUE puts around labels, and without its words for what is no field: let[], for[],
// if[], and ? for a computed name.
func plain(path []string) []string {
	names := make([]string, 0, len(path))
	for _, p := range path {
		switch s, err := strconv.Unquote(p); {
		case err == nil:
			names = append(names, s)
		case p == "let[]" || p == "?":
			return names
		case !strings.HasSuffix(p, "[]"):
			names = append(names, p)
		}
	}
	return names
}

func selectors(path []string) cue.Path {
	sels := make([]cue.Selector, len(path))
	for i, p := range path {
		if n, ok := index(p); ok {
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
