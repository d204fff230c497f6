package generators

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// This file holds the promise: an accepted spec gives accepted files, and every string of the user comes out of them as
// it was said.

// A compiled spec has files or problems.
type compiled struct {
	spec     *schema.Spec
	files    []File
	problems []schema.Problem
}

// compile compiles a file. The error is devgen's own.
func compile(file string) (c compiled, err error) {
	if c.spec, c.problems, err = schema.Load(file, nil); err != nil || len(c.problems) > 0 {
		return c, err
	}
	c.spec.File = filepath.Base(file) // as devgen is run in the root
	p, problems := plan.New(c.spec)
	if len(problems) > 0 {
		return compiled{c.spec, nil, problems}, nil
	}
	c.files, c.problems, err = Generate(p)
	if len(c.problems) > 0 || err != nil {
		c.files = nil
	}
	return c, err
}

// compileText compiles the text of a spec in JSON and checks what is told of it. devgen's own errors fail the test: a spec
// is either good or has problems.
func compileText(t *testing.T, text []byte) compiled {
	t.Helper()
	file := filepath.Join(t.TempDir(), "devcontainer.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := compile(file)
	if err != nil {
		t.Errorf("%v of\n%s", err, text)
	}
	lines := strings.Split(string(text), "\n")
	for _, problem := range c.problems {
		if why := badProblem(problem, file, lines); why != "" {
			t.Errorf("%q %s", problem, why)
		}
	}
	return c
}

// compileWhole compiles whole.
func compileWhole() (c compiled, err error) {
	dir, err := os.MkdirTemp("", "whole")
	if err != nil {
		return c, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "devcontainer.json")
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
		return c, err
	}
	return compile(file)
}

// badProblem says what is wrong with what a person is told, or "".
func badProblem(p schema.Problem, file string, lines []string) string {
	line := strings.TrimPrefix(p.String(), p.Pos.File)
	switch {
	case filepath.Base(p.Pos.File) != filepath.Base(file):
		return "is in another file"
	case p.Pos.Line < 1 || p.Pos.Line > len(lines):
		return "is outside the file"
	case p.Pos.Col < 1 || p.Pos.Col > len(lines[p.Pos.Line-1])+1:
		return "is outside its line"
	case strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) || !utf8.ValidString(line):
		return "cannot be shown in one line"
	case strings.Contains(line, "devgen:schema.cue"):
		return "shows the inside of the schema"
	}
	for form := range forms() {
		if strings.Contains(line, form) && !strings.Contains(strings.Join(lines, "\n"), form) {
			return "shows a definition of the schema"
		}
	}
	return ""
}

// specText is a spec as JSON. Bytes that are no UTF-8 stay what they are.
func specText(v schema.Value) []byte {
	var b bytes.Buffer
	var write func(v schema.Value, indent string)
	text := func(s string) {
		b.WriteByte('"')
		for _, c := range []byte(s) {
			switch {
			case c == '"' || c == '\\':
				b.Write([]byte{'\\', c})
			case c < ' ' || c == 0x7f:
				fmt.Fprintf(&b, "\\u%04x", c)
			default:
				b.WriteByte(c)
			}
		}
		b.WriteByte('"')
	}
	write = func(v schema.Value, indent string) {
		switch v.Kind {
		case schema.Object:
			b.WriteString("{\n")
			for i, f := range v.Fields {
				b.WriteString(indent)
				text(f.Name)
				b.WriteString(": ")
				write(f.Value, indent+"  ")
				b.WriteString(when(i < len(v.Fields)-1, ",") + "\n")
			}
			b.WriteString(indent + "}")
		case schema.List:
			b.WriteString("[\n")
			for i, item := range v.Items {
				b.WriteString(indent)
				write(item, indent+"  ")
				b.WriteString(when(i < len(v.Items)-1, ",") + "\n")
			}
			b.WriteString(indent + "]")
		case schema.String:
			text(v.Scalar)
		case schema.Null:
			b.WriteString("null")
		default:
			b.WriteString(v.Scalar)
		}
	}
	write(v, "  ")
	return b.Bytes()
}

// checkSpec compiles a spec, and if it is accepted reads its files back.
func checkSpec(t *testing.T, said schema.Value, isWhole bool) compiled {
	t.Helper()
	c := compileText(t, specText(said))
	if c.files != nil {
		checkFiles(t, said, c.spec, c.files, isWhole)
	}
	return c
}

// TestWhole: the specs that the strings are put into are good.
func TestWhole(t *testing.T) {
	for _, text := range []string{whole, ready} {
		if c := checkSpec(t, fromJSON(text), text == whole); len(c.problems) > 0 {
			t.Error(c.problems)
		}
	}
}

// FuzzAccepted puts one string into one place of a spec that says everything.
func FuzzAccepted(f *testing.F) {
	for i, p := range places {
		if i%4 == 0 { // TestHostile sees all of them
			f.Add(uint8(i), p.first().text)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, text string) {
		t.Parallel()
		p := places[int(i)%len(places)]
		checkSpec(t, put(p.spec(), p.first(), text), p.path != "image base")
	})
}
