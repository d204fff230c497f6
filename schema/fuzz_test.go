package schema

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/encoding/json"
	"github.com/google/go-cmp/cmp"
)

// These targets hold what a file of any content may do: become a Spec, or problems that a person can read. It never
// ends the program and never keeps it busy.

// patience is far more than any input of the size limit takes.
const patience = 20 * time.Second

// sizeLimit keeps inputs so small that their time is the reader's matter.
const sizeLimit = 4 << 10

// hostileFiles are what a file can do to its reader, in all forms: each reader gets them all.
var hostileFiles = []string{
	"", " ", "\n", "\r\n", "\t", "\x00", "\xff", "\ufeff", "\ufeff{}", "{", "}", "[", "]", `"`, "'", "null", "true", "3", `"x"`, "[]", "{}", "[[]]",
	`{"name": "a", "name": "b"}`, `{"name": "a", "name": "a"}`, "name: a\nname: b\n",
	"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nname: *e\n",
	"a: &a {b: *a}\n", "a: &a\n  <<: *a\n", "<<: {name: x}\n", "? [a, b]\n: c\n", "? {a: b}\n: c\n", "- a\n- b\n", "a: !!binary aGk=\n", "a: !x y\n", "--- {}\n---\n{}\n", "%YAML 1.1\n---\n",
	"name: 1e999999999\n", "name: 0x" + strings.Repeat("f", 400) + "\n", `{"name": 1e99999}`, `{"name": ` + strings.Repeat("9", 1000) + "}", "user: uid: 1e1000000000\n", "user: {uid: 99999999999999999999}\n",
	"objectives: hitRate: 1/0\n", "name: \"\\(name)\"\n", "name: name\n", "a: b\nb: a\n", "#A: {a: #A}\nx: #A\n", minimal + "user: {uid: gid + 1, gid: uid - 1}\n", minimal + "user: uid: user.gid + 1\nuser: gid: user.uid - 1\n", "x: {x}\n", "name: [for a in name {a}]\n", "for a in [1] {name: a}\n", "if true {name: 3}\n",
	"name: #Name\n", "#Spec: {name: 3}\n#Spec\n", "_|_", "name: _|_\n", "name: _\n", "name: string\n", "name: =~\"(\"\n", "name: error(\"x\")\n",
	"import \"tool/exec\"\n", "import \"example.com/x\"\n", "package a\npackage b\n", "@if(x)\n", "name: string @tag(name)\n", "name: \"\"\"\n", "name: #\"a\"\n", "name: 'a'\n", "name: \"\\uD800\"\n", `{"name": "\ud800"}`, `{"name": "\u0000"}`,
	"name: \"a\nb\"\n", "name: a\r\nimage:\r\n  base: x\r\n", "name: a\rimage: b\r", "image:\n\tbase: x\n", "\"\\n\": 3\n", `{"\n": 3}`, `{"\u001b[2J": 3}`, `{"": 3}`, "\"\": 3\n", "name?: 3\n", "name!: \"x\"\n", "[string]: 3\n", "...\n", "volumes: a: {...}\n",
	`{"volumes": {"a": {"target": "~/a", "persistence": "cach"}}}`, `{"workflow": {"schedules": [{"cron": "* *"}]}}`, `{"platforms": {"linux/amd64": {"runner": []}}}`, `{"devcontainer": {"a": 1e400, "b": -0, "c": 1E+2}}`,
	"devcontainer: {a: 1_000, b: 0x10, c: 1Ki, d: 0b1, e: .5, f: 1., g: 'x'}\n", "devcontainer: a: b: c: \"x\"\n", "services: db: {image: \"x\"} & {image: \"y\"}\n", "image: base: \"a\"\nimage: base: \"b\"\n",
	"@if()\n", "@if(a &&)\nname: 3\n", "@if(a b)\npackage x\n", "@if(3)\n", "@if(a)\n@if(b)\n", "@ignore()\nname: 3\n", "@if(", "name: 3 @tag(", "name: 3 @tag(x,short=a|b)\n", "@extern(embed)\n\npackage x\n\nname: _ @embed(file=x)\n", "@experiment(try)\n", "@x(\"\\(",
	"name: [for a in naNe {a}]\n", "[for a in b {a}]\n", "for a in [1] let x = q {name: x}\n", "for a, b in {c: d} if a {(b): e}\n", "name: [if x {y}, for a in [z] {a}, ...]\n", "volumes: {for k in [\"a\"] {(k): {target: x}}}\n", "for", "[for a in",
	"name: \"\\(", "name: \"\\(a", "name: \"\"\"\n  a\\(", "name: \"\"\"\n\ta\n  \"\"\"\n", "name: #\"\\#(x)\"#\n", "\"\\(x)\": {y: 3}\n", "name: \"\\(name)\\(x)\"\n", "name: '''\n", "name: \"\\u\"\n",
	"import", "import (", "import \"", "import \"\"\n", "import x \"strings\"\nname: x.ToUpper(3)\n", "import \"strings\"\n", "import \"a.b/c:d e\"\n", "package\n", "package _\nname: 3\n",
	"let x = y\nname: x\n", "let x = x\n", "let x = {a: x}\nx\n", "X=name: X\n", "name: X={a: X}\n", "volumes: [X=string]: target: X\n", "[X=string]: {y: X}\n", "[=~\"a\"]: 3\n", "(x): 1\n", "(\"name\"): 1\n", "volumes: {(name): {}}\n", "(name): 3\nname: \"name\"\n",
	"name: [...3]\n", "[...3]", "volumes: {...\n...}\n", "volumes: #V: {a: {b!: 1}}\nvolumes: a: #V\n", "#D: {a!: int}\n#D & {b: 3}\n", "close({name: \"a\"})\n", "close({}) & {a!: 3}\n", "_a: {b: c}\nname: _a.b\n", "{[string]: 3} & {name: \"a\"}\n",
	"name: {a: 1}.b\n", "name: [1][2]\n", "name: \"a\"[0:9]\n", "if x {a: 3}\nif x {a: 4}\n", "name: a.b.c\na: {b: {}}\n", "name: __x\n", "name: and([])\nimage: or([])\n", "name: len(name)\n", "name: 3 &\n", "name: !\n", "a: {\nb: c!",
	"let" + strings.Repeat("\x11", 3000), strings.Repeat("a:\x01,", 800), strings.Repeat("\x00", 3000), strings.Repeat("a=1\n", 800), strings.Repeat("a b\n", 800), "name: \"x\"\n\nname: {\n\n\n", strings.Repeat("{\n", 100),
	"image: target: error(\"\")\n", "name: error(name)\n", "buildkit: <=('b')\n", "objectives: !~(\"a\")\n", "image: len(image)\n", "name: \"\\(image)\"\n", "services: image =~ \"x\"\n", "name: \"#Login\"\n",
	"services: {services: _|_, base: error(\"x\")} | \"a\"\n", minimal + "services: {a: _|_, b: error(\"x\")} | 3\n",
	"[X=string]* {y: X}", "name: *\"a\" | *\"b\"\n", "name: (\"a\"|\"b\")\n", "image: null\n", "image: [1]\n", "volumes: [{}]\n", "tags: 3\n", "user: name: \"root\" & \"dev\"\n",
}

// deep is a value in n others.
func deep(open, inner, end string, n int) string {
	return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
}

func seed(f *testing.F, more ...string) {
	f.Helper()
	for _, text := range append(append(more, hostileFiles...), minimal, formText,
		deep("[", "", "]", 500), deep(`{"a":`, "1", "}", 300), deep("a: ", "1", "", 300), deep("(", "1", ")", 500), deep("- ", "a", "", 500), `{"devcontainer": `+deep(`{"a":`, "1", "}", 300)+"}") {
		f.Add([]byte(text))
	}
}

// FuzzSpecCUE, FuzzSpecYAML and FuzzSpecJSON read a file of each form.
func FuzzSpecCUE(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) { read(t, "spec.cue", data) })
}

func FuzzSpecYAML(f *testing.F) {
	seed(f, formYAML)
	f.Fuzz(func(t *testing.T, data []byte) { read(t, "spec.yaml", data) })
}

// What is accepted as JSON is the same Spec in CUE.
func FuzzSpecJSON(f *testing.F) {
	seed(f, formJSON)
	f.Fuzz(func(t *testing.T, data []byte) {
		spec := read(t, "spec.json", data)
		if spec == nil {
			return
		}
		x, err := json.Extract("spec.json", bytes.TrimPrefix(data, mark))
		if err != nil {
			t.Fatal(err)
		}
		text, err := format.Node(&ast.File{Decls: []ast.Decl{&ast.EmbedDecl{Expr: x}}})
		if err != nil {
			t.Fatal(err)
		}
		again := read(t, "spec.cue", text)
		if again == nil {
			t.Fatalf("is not accepted as CUE: %q", text)
		}
		if diff := cmp.Diff(spec, again, same()); diff != "" {
			t.Errorf("JSON and CUE differ (-JSON +CUE):\n%s", diff)
		}
	})
}

// read loads a file and checks what is told of it. It is nil if the file is refused.
func read(t *testing.T, name string, data []byte) *Spec {
	t.Helper()
	if len(data) > sizeLimit {
		t.Skip()
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	slow := time.AfterFunc(patience, func() { panic("it takes too long") })
	spec, problems, err := Load(file, nil)
	slow.Stop()
	var usage *UsageError
	switch {
	case errors.As(err, &usage):
	case err != nil:
		t.Errorf("an error that is no problem: %v", err)
	case (spec == nil) == (len(problems) == 0):
		t.Errorf("%d problems, Spec %v", len(problems), spec)
	}
	for _, p := range problems {
		if why := unfit(p, file, data); why != "" {
			t.Errorf("%q %s", p.String(), why)
		}
	}
	return spec
}

// unfit says why a problem does not help a person, or "".
func unfit(p Problem, file string, data []byte) string {
	lines := bytes.Split(data, []byte("\n"))
	text := strings.TrimPrefix(p.String(), file)
	switch {
	case p.Pos.File != file:
		return "is not in the file"
	case p.Pos.Line < 1 || p.Pos.Line > len(lines):
		return "is outside the file"
	case p.Pos.Col < 1 || p.Pos.Col > len(lines[p.Pos.Line-1])+1:
		return "is outside the line"
	case p.Text == "":
		return "says nothing"
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "cannot be shown in one line"
	case strings.Contains(text, "devgen:schema.cue"), strings.Contains(text, "adt."):
		return "shows how devgen is made"
	}
	for _, m := range definitions {
		if strings.Contains(text, string(m[1])) && !bytes.Contains(data, m[1]) {
			return "shows " + string(m[1]) + " of the schema"
		}
	}
	return ""
}

var definitions = regexp.MustCompile(`(?m)^(#\w+): `).FindAllSubmatch(source, -1)
