package generators

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// devcontainer is devcontainer.json in the compose form: what follows from the spec first, then the user's native
// keys in the user's order.
func devcontainer(p *plan.Plan) document {
	path := p.Output("devcontainer").Path
	var files []string
	for _, o := range p.ComposeFiles() {
		files = append(files, plan.Rel(path, o.Path))
	}
	var fields []schema.Field
	paths := map[string][]string{} // where each comes from
	set := func(name string, v schema.Value, path ...string) {
		fields = append(fields, schema.Field{Name: name, Value: v})
		paths[name] = path
	}
	standard := func(name string, v schema.Value, path ...string) { // the user may say otherwise
		if p.Spec.Devcontainer.Get(name) == nil {
			set(name, v, path...)
		}
	}
	standard("name", schema.StringValue(p.Spec.Name), "name")
	set("dockerComposeFile", schema.StringList(files...))
	set("service", schema.StringValue(plan.Service))
	set("workspaceFolder", schema.StringValue(p.Spec.Workspace), "workspace")
	set("remoteUser", schema.StringValue(p.Spec.User.Name), "user", "name")
	standard("shutdownAction", schema.StringValue("stopCompose"))
	own := p.Spec.Devcontainer.Get("initializeCommand")
	if o := p.Output("init"); o != nil {
		set("initializeCommand", initialize(o.Path, own))
		if own != nil {
			paths["initializeCommand"] = []string{"devcontainer", "initializeCommand"}
		}
	}
	for _, f := range p.Spec.Devcontainer.Fields {
		if f.Name != "initializeCommand" || p.Output("init") == nil {
			set(f.Name, f.Value, "devcontainer", f.Name)
		}
	}
	head := "// " + headerText(p.Spec.File) + "\n"
	if mark := p.Mark("devcontainer", "DEVCONTAINER"); mark != "" {
		head += "// " + mark + "The dev container in the compose form.\n"
	}
	w := jsonWriter{line: strings.Count(head, "\n") + 1, lines: map[int]origin{}}
	w.sequence('{', '}', len(fields), func(i int) { w.field(fields[i], paths[fields[i].Name]) })
	data := append([]byte(head), w.Bytes()...)
	return document{append(data, '\n'), func(line int) origin { return w.lines[line] }}
}

// initialize runs devgen's script on the host, and the user's own command beside it.
func initialize(script string, own *schema.Value) schema.Value {
	ours := schema.StringList("bash", script)
	if own == nil {
		return ours
	}
	commands := []schema.Field{{Name: "devgen", Value: ours}}
	switch own.Kind {
	case schema.Object:
		commands = append(commands, own.Fields...)
	case schema.Number, schema.Bool, schema.Null:
		return *own // no command: the judge says so in the user's terms
	default:
		commands = append(commands, schema.Field{Name: "initialize", Value: *own})
	}
	return schema.Value{Kind: schema.Object, Fields: commands}
}

// A jsonWriter writes native values as indented JSON. encoding/json has no ordered object.
type jsonWriter struct {
	bytes.Buffer
	indent string
	line   int
	lines  map[int]origin
}

func (w *jsonWriter) newline() {
	w.WriteString("\n" + w.indent)
	w.line++
}

// field writes a field that comes from the field of the spec at path; nil is none.
func (w *jsonWriter) field(f schema.Field, path []string) {
	w.text(f.Name)
	w.WriteString(": ")
	w.value(f.Value, path)
}

// below is the path of a part of what stands at path.
func below(path []string, name string) []string {
	if path == nil {
		return nil
	}
	return append(path[:len(path):len(path)], name)
}

func (w *jsonWriter) sequence(open, end byte, n int, item func(int)) {
	w.WriteByte(open)
	outer := w.indent
	w.indent += "  "
	for i := range n {
		if i > 0 {
			w.WriteByte(',')
		}
		w.newline()
		item(i)
	}
	if w.indent = outer; n > 0 {
		w.newline()
	}
	w.WriteByte(end)
}

func (w *jsonWriter) value(v schema.Value, path []string) {
	w.lines[w.line] = origin{path: path}
	switch v.Kind {
	case schema.Object:
		w.sequence('{', '}', len(v.Fields), func(i int) { w.field(v.Fields[i], below(path, v.Fields[i].Name)) })
	case schema.List:
		w.sequence('[', ']', len(v.Items), func(i int) { w.value(v.Items[i], below(path, strconv.Itoa(i))) })
	case schema.String:
		w.text(v.Scalar)
	case schema.Null:
		w.WriteString("null")
	default:
		w.WriteString(v.Scalar)
	}
	w.lines[w.line] = origin{path: path} // of an object or a list, its end
}

// text is a string as JSON; < > & stay readable, because no browser reads this.
func (w *jsonWriter) text(s string) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string has a JSON form
	}
	w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
