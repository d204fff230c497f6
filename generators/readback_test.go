package generators

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/devgen/devgen/schema"
	"github.com/devgen/devgen/templates"
	"github.com/pelletier/go-toml/v2"
	"github.com/rhysd/actionlint"
	"github.com/tailscale/hujson"
	"gopkg.in/yaml.v3"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// This file reads the outputs back: every string that stands in them, with its place.

// A leaf is one string of a document. Beside the path through the document it has one for what a consumer makes of the
// string: "|" is a line of it, ", KEY" an option of one that is CSV (cache options, tags), "$" a text inside an
// expression of GitHub, "json" what it holds as JSON, "@" the path from the root that it comes to, "#" a comment,
// "~" the name of a field.
type leaf struct {
	path []string
	text string
}

// A reading is every leaf of one document.
type reading struct {
	id          string
	leaves      []leaf
	expressions int // of GitHub, in comments too
	errs        []string
}

func (r *reading) errorf(format string, args ...any) {
	r.errs = append(r.errs, r.id+": "+fmt.Sprintf(format, args...))
}

func (r *reading) add(text string, at []string, more ...string) {
	r.leaves = append(r.leaves, leaf{append(at[:len(at):len(at)], more...), text})
}

// readBack reads a file. Scripts that are the same for every spec have no leaves.
func readBack(f File) *reading {
	r := &reading{id: f.ID}
	switch f.ID {
	case "workflow", "drift", "compose", "volumes", "cache-override":
		var root yaml.Node
		if err := yaml.Unmarshal(f.Data, &root); err != nil {
			r.errorf("%v", err)
			return r
		}
		r.yaml(&root, nil)
		r.derive(path.Dir(f.Path))
	case "traceability":
		r.value(fromJSON(string(f.Data)), nil)
	case "devcontainer":
		data, err := hujson.Standardize(bytes.Clone(f.Data))
		if err != nil {
			r.errorf("%v", err)
			return r
		}
		r.value(fromJSON(string(data)), nil)
		r.hashes(f.Data, "//")
	case "buildkitd":
		var root map[string]any
		if err := toml.Unmarshal(f.Data, &root); err != nil {
			r.errorf("%v", err)
		}
		r.any(root, nil)
		r.hashes(f.Data, "#")
	case "facts":
		r.facts(f.Data)
		r.hashes(f.Data, "#")
	}
	return r
}

// hashes are the comments above a file's content.
func (r *reading) hashes(data []byte, mark string) {
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, mark+" "); ok {
			r.add(strings.TrimSuffix(text, "\n"), nil, "#")
		}
	}
}

// taken11 are plain scalars that YAML 1.1 takes for something other than a string, as yaml.org/type and PyYAML's
// resolver have them.
var taken11 = []*regexp.Regexp{
	regexp.MustCompile(`^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`),
	regexp.MustCompile(`^(~|null|Null|NULL|)$`),
	regexp.MustCompile(`^([-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+)$`),
	regexp.MustCompile(`^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|[-+]?\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`),
	regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?(([ \t]*)Z|[-+][0-9]{1,2}(:[0-9]{2})?)?)$`),
	regexp.MustCompile(`^(<<|=)$`),
	regexp.MustCompile(`^([-+]?[0-9]+[eE][-+]?[0-9]+|0o[0-7]+)$`), // 1.2 only
}

// scalar checks that a string is one for every parser: in YAML 1.1 a plain yes is none.
func (r *reading) scalar(n *yaml.Node, at []string) {
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 || n.ShortTag() != "!!str" {
		return
	}
	if (r.id == "workflow" || r.id == "drift") && n.Value == "on" && len(at) == 1 {
		return // every consumer of a workflow takes it for a string
	}
	for _, taken := range taken11 {
		if taken.MatchString(n.Value) {
			r.errorf("line %d: %q is not quoted, and no string in YAML 1.1", n.Line, n.Value)
		}
	}
}

func (r *reading) yaml(n *yaml.Node, at []string) {
	r.expressions += strings.Count(n.Value+n.HeadComment+n.LineComment+n.FootComment, "${{")
	for _, comment := range []string{n.HeadComment, n.LineComment, n.FootComment} {
		for line := range strings.Lines(comment) {
			if text := strings.TrimSpace(strings.TrimPrefix(line, "#")); text != "" {
				r.add(text, at, "#")
			}
		}
	}
	below := func(name string) []string { return append(at[:len(at):len(at)], name) }
	switch n.Kind {
	case yaml.DocumentNode:
		r.yaml(n.Content[0], at)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			r.scalar(key, below(key.Value))
			r.add(key.Value, below("~"))
			r.expressions += strings.Count(key.Value, "${{")
			comment := yaml.Node{HeadComment: key.HeadComment, LineComment: key.LineComment, FootComment: key.FootComment}
			if len(at) == 0 { // the file's own comment stands above its first key
				r.yaml(&comment, nil)
			}
			r.yaml(&comment, below(key.Value))
			r.yaml(n.Content[i+1], below(key.Value))
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			r.yaml(item, below(strconv.Itoa(i)))
		}
	case yaml.ScalarNode:
		r.scalar(n, at)
		r.add(n.Value, at)
	case yaml.AliasNode:
		r.errorf("line %d: an alias", n.Line)
	}
}

// value are the leaves of a native value.
func (r *reading) value(v schema.Value, at []string) {
	for _, s := range allSaid(v, at...) {
		if s.name {
			s.path = append(s.path[:len(s.path)-1:len(s.path)-1], "~")
		}
		r.add(s.text, s.path)
	}
}

func (r *reading) any(v any, at []string) {
	below := func(name string) []string { return append(at[:len(at):len(at)], name) }
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			r.add(name, below("~"))
			r.any(x, below(name))
		}
	case []any:
		for i, x := range v {
			r.any(x, below(strconv.Itoa(i)))
		}
	case string:
		r.add(v, at)
	}
}

// facts evaluates a script that may hold assignments of literal words only.
func (r *reading) facts(data []byte) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(data), "")
	if err != nil {
		r.errorf("%v", err)
		return
	}
	word := func(w *syntax.Word, at ...string) {
		text, err := expand.Literal(&expand.Config{}, w)
		if err != nil {
			r.errorf("%s: %v", at, err)
		}
		r.add(text, at)
	}
	for _, s := range file.Stmts {
		call, ok := s.Cmd.(*syntax.CallExpr)
		if !ok || len(call.Args) > 0 || len(s.Redirs) > 0 || len(call.Assigns) != 1 {
			r.errorf("line %d runs something", s.Pos().Line())
			continue
		}
		a := call.Assigns[0]
		if a.Array == nil {
			word(a.Value, a.Name.Value)
			continue
		}
		for i, e := range a.Array.Elems {
			word(e.Value, a.Name.Value, strconv.Itoa(i))
		}
	}
}

// derive adds what consumers make of strings. Paths of the compose files count from dir.
func (r *reading) derive(dir string) {
	contexts := map[string]string{}
	for _, l := range slices.Clone(r.leaves) {
		last := ""
		if len(l.path) > 0 {
			last = l.path[len(l.path)-1]
		}
		if last == "#" || last == "~" {
			continue
		}
		for line := range strings.Lines(l.text) {
			if line = strings.TrimSuffix(line, "\n"); strings.Contains(l.text, "\n") {
				r.add(line, l.path, "|")
			}
			r.options(line, l.path)
			r.literals(line, l.path)
		}
		switch {
		case strings.HasPrefix(l.text, "[\n"):
			r.value(fromJSON(l.text), append(l.path[:len(l.path):len(l.path)], "json"))
		case match([]string{"services", "*", "tmpfs", "*"}, l.path):
			target, _, _ := strings.Cut(l.text, ":")
			r.add(target, l.path, "target")
		case last == "context":
			contexts["dockerfile"] = path.Join(dir, l.text)
			r.add(contexts["dockerfile"], l.path, "@")
		case last == "dockerfile":
			r.add(path.Join(contexts["dockerfile"], l.text), l.path, "@")
		}
	}
}

// options are those of a list such as type=registry,ref=x, as buildx and metadata-action split it.
func (r *reading) options(line string, at []string) {
	if !strings.HasPrefix(line, "type=") {
		return
	}
	c := csv.NewReader(strings.NewReader(line))
	fields, err := c.Read()
	if err != nil {
		r.errorf("%q is no list of options: %v", line, err)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		r.add(value, at, ",", name)
		r.add(value, at, "|", ",", name)
	}
	if _, err := c.Read(); err != io.EOF {
		r.errorf("%q is more than one list of options", line)
	}
}

// literals are the texts inside the expressions of a line.
func (r *reading) literals(line string, at []string) {
	for {
		_, rest, found := strings.Cut(line, "${{")
		if !found {
			return
		}
		x, err := actionlint.NewExprParser().Parse(actionlint.NewExprLexer(rest))
		if err != nil {
			r.errorf("%q: %v", line, err)
			return
		}
		n := 0
		actionlint.VisitExprNode(x, func(node, _ actionlint.ExprNode, entering bool) {
			if s, ok := node.(*actionlint.StringNode); ok && entering {
				for _, at := range [][]string{at, append(at[:len(at):len(at)], "|")} {
					r.add(s.Value, at, "$", strconv.Itoa(n))
					if strings.HasPrefix(s.Value, "type=") {
						r.options(s.Value, append(at[:len(at):len(at)], "$", strconv.Itoa(n)))
					}
				}
				n++
			}
		})
		_, line, _ = strings.Cut(rest, "}}")
	}
}

// fill puts the user's string into the text of a row. The wildcard is a byte that no document has.
func fill(text, user string) string {
	secret := "secrets." + user
	if user == "GITHUB_TOKEN" {
		secret = "github.token"
	}
	glob := strings.ReplaceAll(strings.ReplaceAll(regexp.QuoteMeta(user), `\*\*`, ".*"), `\*`, "[^/]*")
	return strings.NewReplacer("…", "\x00", "{}", user, "{path}", strings.TrimPrefix(user, "~/"), "{glob}", glob,
		"{secret}", "${{ "+secret+" }}", "{secretname}", secret).Replace(text)
}

// fits reports whether a text is the wanted one; \x00 there stands for anything.
func fits(want, text string) bool {
	parts := strings.Split(want, "\x00")
	if len(parts) == 1 {
		return text == want
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(text, first) || len(text) < len(first)+len(last) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// comesOut reports whether the user's string stands where the row says; in a document that is not made it need not.
func comesOut(readings map[string]*reading, row, user string) bool {
	made := false
	for alternative := range strings.SplitSeq(row, " or ") {
		id, rest, _ := strings.Cut(alternative, ": ")
		at, text, _ := strings.Cut(rest, " = ")
		r := readings[id]
		if r == nil {
			continue
		}
		made = true
		pattern, want := strings.Fields(at), fill(text, user)
		if slices.ContainsFunc(r.leaves, func(l leaf) bool { return match(pattern, l.path) && fits(want, l.text) }) {
			return true
		}
	}
	return !made
}

// fromJSON is a JSON text as a tree in its order.
func fromJSON(text string) schema.Value {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var read func() (schema.Value, bool)
	read = func() (v schema.Value, end bool) {
		token, err := d.Token()
		if err != nil {
			panic(fmt.Sprintf("%v in %s", err, text))
		}
		switch token := token.(type) {
		case json.Delim:
			if token == ']' || token == '}' {
				return v, true
			}
			v.Kind = schema.List
			if token == '{' {
				v.Kind = schema.Object
			}
			for {
				item, end := read()
				if end {
					return v, false
				}
				if v.Kind == schema.List {
					v.Items = append(v.Items, item)
					continue
				}
				field, _ := read()
				v.Fields = append(v.Fields, schema.Field{Name: item.Scalar, Value: field})
			}
		case string:
			return schema.StringValue(token), false
		case json.Number:
			return schema.Value{Kind: schema.Number, Scalar: token.String()}, false
		case bool:
			return schema.Value{Kind: schema.Bool, Scalar: strconv.FormatBool(token)}, false
		}
		return schema.Value{}, false
	}
	v, _ := read()
	return v
}

// fromYAML is a node as a tree.
func fromYAML(n *yaml.Node) (v schema.Value) {
	switch n.Kind {
	case yaml.MappingNode:
		v.Kind = schema.Object
		for i := 0; i+1 < len(n.Content); i += 2 {
			v.Fields = append(v.Fields, schema.Field{Name: n.Content[i].Value, Value: fromYAML(n.Content[i+1])})
		}
	case yaml.SequenceNode:
		v.Kind = schema.List
		for _, item := range n.Content {
			v.Items = append(v.Items, fromYAML(item))
		}
	default:
		v.Scalar = n.Value
		v.Kind = map[string]schema.Kind{"!!str": schema.String, "!!int": schema.Number, "!!float": schema.Number, "!!bool": schema.Bool}[n.ShortTag()]
		if v.Kind == schema.Null {
			v.Scalar = ""
		}
	}
	return v
}

// nativeErrors are the native values that did not come out as they were written.
func nativeErrors(spec *schema.Spec, files map[string]File) (errs []string) {
	differ := func(where string, want, got any) {
		if w, g := fmt.Sprintf("%#v", want), fmt.Sprintf("%#v", got); w != g {
			errs = append(errs, where+" is "+g+", want "+w)
		}
	}
	if f, ok := files["devcontainer"]; ok {
		data, _ := hujson.Standardize(bytes.Clone(f.Data))
		root := fromJSON(string(data))
		for _, field := range spec.Devcontainer.Fields {
			if field.Name != "initializeCommand" {
				differ("devcontainer.json "+field.Name, &field.Value, root.Get(field.Name))
			} else if own := root.Get(field.Name); field.Value.Kind == schema.String && own.Get("initialize") != nil {
				differ("devcontainer.json "+field.Name, &field.Value, own.Get("initialize"))
			}
		}
	}
	if f, ok := files["compose"]; ok {
		services := rootOf(f).Get("services")
		for _, s := range spec.Services {
			got := services.Get(s.Name)
			if s.Name != "dev" {
				differ("services."+s.Name, &s.Keys, got)
				continue
			}
			for _, field := range s.Keys.Fields {
				mine, theirs := field.Value, got.Get(field.Name)
				switch {
				case mine.Kind == schema.Object:
					for _, x := range mine.Fields {
						differ("services.dev."+field.Name+"."+x.Name, &x.Value, theirs.Get(x.Name))
					}
				case mine.Kind != schema.List:
					differ("services.dev."+field.Name, &mine, theirs)
				case field.Name != "environment" && len(theirs.Items) >= len(mine.Items):
					differ("services.dev."+field.Name, mine.Items, theirs.Items[len(theirs.Items)-len(mine.Items):])
				}
			}
		}
	}
	if f, ok := files["workflow"]; ok && spec.Workflow != nil {
		for _, job := range []string{"verify", "build"} {
			steps := *rootOf(f).Get("jobs").Get(job).Get("steps")
			for which, want := range map[string][]schema.Value{"before": spec.Workflow.Before, "after": spec.Workflow.After} {
				if i := indexSteps(steps.Items, want); i < 0 {
					errs = append(errs, fmt.Sprintf("workflow: job %s has not the steps %s %v", job, which, want))
				}
			}
		}
		if job := rootOf(f).Get("jobs").Get("verify-cache"); job != nil && indexSteps(job.Get("steps").Items, spec.Workflow.Before) < 0 {
			errs = append(errs, fmt.Sprintf("workflow: job verify-cache has not the steps %v", spec.Workflow.Before))
		}
	}
	if f, ok := files["drift"]; ok && indexSteps(rootOf(f).Get("jobs").Get("drift").Get("steps").Items, spec.Drift.Before) < 0 {
		errs = append(errs, fmt.Sprintf("drift: has not the steps %v", spec.Drift.Before))
	}
	return errs
}

func rootOf(f File) schema.Value {
	var root yaml.Node
	if err := yaml.Unmarshal(f.Data, &root); err != nil {
		panic(err) // readBack has said so
	}
	return fromYAML(root.Content[0])
}

// indexSteps is where the wanted steps stand one after the other.
func indexSteps(steps, want []schema.Value) int {
	for i := 0; i+len(want) <= len(steps); i++ {
		if fmt.Sprintf("%#v", steps[i:i+len(want)]) == fmt.Sprintf("%#v", append([]schema.Value{}, want...)) {
			return i
		}
	}
	return -1
}

// scriptErrors: what runs in a workflow besides the user's steps is a file of templates or one command of plain words;
// and an expression stands in no comment, where GitHub evaluates it too.
func scriptErrors(spec *schema.Spec, files map[string]File) (errs []string) {
	if f, ok := files["workflow"]; ok {
		errs = append(errs, runErrors(f, slices.Concat(spec.Workflow.Before, spec.Workflow.After))...)
	}
	if f, ok := files["drift"]; ok {
		errs = append(errs, runErrors(f, spec.Drift.Before)...)
	}
	return errs
}

// plainCommand reports whether a script is one command whose words are nothing but words.
func plainCommand(script string) bool {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
	if err != nil || len(file.Stmts) != 1 {
		return false
	}
	s := file.Stmts[0]
	call, ok := s.Cmd.(*syntax.CallExpr)
	return ok && len(call.Assigns) == 0 && len(s.Redirs) == 0 && !s.Background && !s.Negated &&
		!slices.ContainsFunc(call.Args, func(w *syntax.Word) bool { return w.Lit() == "" || strings.ContainsAny(w.Lit(), "*?[\\~") })
}

// runErrors looks at one workflow, in which own are the user's steps.
func runErrors(f File, own []schema.Value) (errs []string) {
	var allowed []string
	for _, name := range []string{"plan", "merge", "digest", "report", "compose", "verify-cache"} {
		allowed = append(allowed, templates.Step(name))
	}
	for _, own := range own {
		if run := own.Get("run"); run != nil {
			allowed = append(allowed, run.Scalar)
		}
	}
	for _, job := range rootOf(f).Get("jobs").Fields {
		for _, step := range job.Value.Get("steps").Items {
			if run := step.Get("run"); run != nil && !slices.Contains(allowed, run.Scalar) && !plainCommand(run.Scalar) {
				errs = append(errs, fmt.Sprintf("%s: job %s runs %q, which is no file of templates", f.ID, job.Name, run.Scalar))
			}
		}
	}
	for _, l := range readBack(f).leaves {
		if l.path[len(l.path)-1] == "#" && strings.Contains(l.text, "${{") {
			errs = append(errs, fmt.Sprintf("%s: an expression in the comment %q", f.ID, l.text))
		}
	}
	return errs
}

// ownExpressions are the expressions of GitHub in the workflow of whole that devgen wrote itself; the user's steps stand
// in both jobs that build, and those before the build also where the cache is verified.
func ownExpressions(r *reading, spec *schema.Spec) int {
	n := r.expressions
	for _, step := range slices.Concat(spec.Workflow.Before, spec.Workflow.Before, spec.Workflow.Before, spec.Workflow.After, spec.Workflow.After) {
		for _, s := range allSaid(step) {
			n -= strings.Count(s.text, "${{")
		}
	}
	return n
}

// wholeExpressions are those in the workflow of whole.
var wholeExpressions = sync.OnceValue(func() int {
	c, err := compileWhole()
	if err != nil {
		panic(err)
	}
	i := slices.IndexFunc(c.files, func(f File) bool { return f.ID == "workflow" })
	return ownExpressions(readBack(c.files[i]), c.spec)
})

// checkFiles holds the files of an accepted spec against what the spec says. isWhole says that the spec is whole with
// other strings: only then all rows hold, and the workflow has the expressions of whole.
func checkFiles(t *testing.T, said schema.Value, spec *schema.Spec, made []File, isWhole bool) {
	t.Helper()
	files, readings := map[string]File{}, map[string]*reading{"files": {}}
	for _, f := range made {
		files[f.ID], readings[f.ID] = f, readBack(f)
		readings["files"].add(f.Path, []string{f.ID})
		for _, e := range readings[f.ID].errs {
			t.Error(e)
		}
	}
	if t.Failed() {
		return // what cannot be read has nothing in it
	}
	for _, e := range append(nativeErrors(spec, files), scriptErrors(spec, files)...) {
		t.Error(e)
	}
	if r := readings["workflow"]; isWhole {
		if got, want := ownExpressions(r, spec), wholeExpressions(); got != want {
			t.Errorf("the workflow has %d expressions besides the user's, want %d", got, want)
		}
	}
	for _, s := range allSaid(said) {
		p := placeOf(s.path, s.name)
		if p == nil {
			continue
		}
		if p.form != passes && strings.Contains(s.text, "${{") {
			t.Errorf("%s: the expression %q is accepted", strings.Join(s.path, "."), s.text)
		}
		for _, row := range p.out {
			row, only := strings.CutPrefix(row, "?")
			if (isWhole || !only) && !comesOut(readings, row, s.text) {
				t.Errorf("%s: %q does not come out as %s", strings.Join(s.path, "."), s.text, row)
			}
		}
	}
}
