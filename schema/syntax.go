package schema

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	cueerrors "cuelang.org/go/cue/errors"
	"cuelang.org/go/encoding/json"
	"cuelang.org/go/encoding/yaml"
	yamlv3 "go.yaml.in/yaml/v3"
)

// This file reads the three forms of a spec, and tells what cannot be parsed.

// syntax reads the files of the spec.
func syntax(file string, tags []string) (*build.Instance, error) {
	if file == "" {
		return nil, &UsageError{"--spec names no file"}
	}
	if info, err := os.Stat(file); err != nil {
		return nil, readError(file, err)
	} else if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &UsageError{fmt.Sprintf("%s is not a regular file", file)}
	} else if info.IsDir() {
		return nil, &UsageError{file + " is a folder; " + insteadOf(file)}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, readError(file, err)
	}
	if ps := conflicts(file, data); ps != nil {
		return nil, ps
	}
	if err := unreadable(file, data); err != nil {
		return nil, err
	}
	ext := filepath.Ext(file)
	if ext == ".cue" {
		return cueSyntax(file, tags)
	}
	if len(tags) > 0 {
		return nil, &UsageError{fmt.Sprintf("-t sets @tag fields of a CUE file; %s is not one", file)}
	}
	instance := build.NewContext().NewInstance(".", nil)
	switch ext {
	case ".yaml", ".yml":
		if err := endless(file, data); err != nil {
			return nil, err
		}
		f, err := yaml.Extract(file, data)
		if err != nil {
			return nil, yamlError(file, data, err)
		}
		ast.Walk(f, plainNumber, nil)
		return instance, instance.AddSyntax(f)
	case ".json":
		x, err := json.Extract(file, bytes.TrimPrefix(data, mark))
		if err != nil {
			return nil, err
		}
		return instance, instance.AddSyntax(&ast.File{Filename: file, Decls: []ast.Decl{&ast.EmbedDecl{Expr: x}}})
	}
	return nil, &UsageError{fmt.Sprintf("%s: a spec ends in .cue, .yaml, .yml or .json", file)}
}

func readError(file string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		if above := specAbove(file); above != "" {
			return fmt.Errorf("%s: no such file here; there is one in %s: devgen -C %s", file, above, above)
		}
		return fmt.Errorf("%s: no such file; begin it with devgen init, or name another one with --spec", file)
	}
	return err
}

var (
	switchedOff    = regexp.MustCompile(`: (@if\(.*\)) did not match`)
	missingPackage = regexp.MustCompile(`cannot find package ("[^"]*")`)
	jsonPrefix     = regexp.MustCompile(`^invalid JSON for file "[^"]*"`)
)

// atTheEnd is how CUE ends its complaint of a file that stops too early.
const atTheEnd = "found the end of the file"

// syntaxText is what CUE says of a file that it cannot take, in plain words.
func syntaxText(e cueerrors.Error) string {
	text := strings.TrimSpace(cueerrors.StringWithConfig(e, &cueerrors.Config{OmitPath: true}))
	if m := missingPackage.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("there is no package %s; want %q or one of cue.mod, nothing is fetched", m[1], ImportPath)
	}
	if m := switchedOff.FindStringSubmatch(text); m != nil {
		return m[1] + " leaves nothing of the spec; want a tag for which it holds, such as -t name"
	}
	text = strings.Replace(strings.Join(strings.Fields(text), " "), "found 'EOF'", atTheEnd, 1)
	return jsonPrefix.ReplaceAllString(text, "invalid JSON")
}

// A problemList is several problems as one error.
type problemList []Problem

func (l problemList) Error() string { return l[0].String() }

// mark is Unicode's byte order mark, which editors of Windows put first.
var mark = []byte("\ufeff")

// unreadable finds the first character that is none: CUE would take bytes that are not UTF-8 for U+FFFD, and refuses a
// byte order mark anywhere but at the start in words that JSON does not have. To YAML a carriage return alone ends a line,
// and then nobody finds the place of anything.
func unreadable(file string, data []byte) error {
	yaml := slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(file))
	if !yaml && utf8.Valid(data) && !bytes.Contains(bytes.TrimPrefix(data, mark), mark) {
		return nil
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		at := Pos{File: label(file), Line: i + 1}
		for rest := line; len(rest) > 0; {
			r, size := utf8.DecodeRune(rest)
			at.Col = len(line) - len(rest) + 1
			switch {
			case r == utf8.RuneError && size == 1:
				return Problem{Pos: at, Text: fmt.Sprintf("byte %#x is not UTF-8; save the file as UTF-8", rest[0])}
			case yaml && r == '\r' && len(rest) > 1:
				return Problem{Pos: at, Text: "a carriage return inside a line; want lines that end in a newline"}
			case !yaml && r == '\ufeff' && (i > 0 || at.Col > 1):
				return Problem{Pos: at, Text: `a byte order mark in the middle of the file; write it as \ufeff`}
			}
			rest = rest[size:]
		}
	}
	return nil
}

// plainNumber mends what CUE's YAML reader makes of an integer of more than 64 bits: "number & 123…" as one literal.
func plainNumber(n ast.Node) bool {
	if lit, ok := n.(*ast.BasicLit); ok {
		lit.Value = strings.TrimPrefix(lit.Value, "number & ")
	}
	return true
}

// specAbove is the closest folder above the working folder that holds the file, or "".
func specAbove(file string) string {
	if filepath.Base(file) != file {
		return ""
	}
	for dir := ".."; len(dir) < 60; dir = filepath.Join(dir, "..") {
		if info, err := os.Stat(filepath.Join(dir, file)); err == nil && info.Mode().IsRegular() {
			return dir
		}
	}
	return ""
}

// endless finds an alias inside of what it stands for: CUE's reader follows one of a merge key (<<: *a) until the
// stack is full. What is not YAML is left to that reader.
func endless(file string, data []byte) error {
	var root yamlv3.Node
	if yamlv3.Unmarshal(data, &root) != nil {
		return nil
	}
	var walk func(n *yamlv3.Node, around []*yamlv3.Node) error
	walk = func(n *yamlv3.Node, around []*yamlv3.Node) error {
		if n.Kind == yamlv3.AliasNode && slices.Contains(around, n.Alias) {
			return Problem{Pos: Pos{label(file), n.Line, n.Column}, Text: fmt.Sprintf("*%s stands inside of what it stands for", n.Value)}
		}
		around = append(around, n)
		for _, c := range n.Content {
			if err := walk(c, around); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(&root, nil)
}

// yamlLine is how the YAML parser names a place: it knows no column.
var yamlLine = regexp.MustCompile(`^.*?:(\d+): (.*)$`)

// yamlError is a mistake in a YAML file with its place. A tab, which YAML takes nowhere in an indentation, is called
// one.
func yamlError(file string, data []byte, err error) error {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return Problem{Pos: Pos{label(file), 1, 1}, Text: strings.TrimPrefix(err.Error(), file+": ")}
	}
	p := Problem{Pos: Pos{File: label(file), Col: 1}, Text: m[2]}
	p.Pos.Line, _ = strconv.Atoi(m[1])
	if strings.HasPrefix(m[2], "did not find expected") {
		p.Pos.Line++ // go-yaml counts the lines of these from 0 (yaml.go, parser.fail)
	}
	lines := strings.Split(string(data), "\n")
	if p.Pos.Line = min(p.Pos.Line, len(lines)); p.Pos.Line > 0 {
		line := lines[p.Pos.Line-1]
		indentation := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if at := strings.Index(indentation, "\t"); at >= 0 {
			p.Pos.Col, p.Text = at+1, p.Text+"; YAML is indented with blanks, never with tabs"
		}
	}
	return p
}

// syntaxProblems explains what CUE, YAML or JSON could not parse of the file, or nil if err is of another kind.
func syntaxProblems(file string, err error) []Problem {
	var p Problem
	if errors.As(err, &p) {
		return []Problem{p}
	}
	var ps problemList
	if errors.As(err, &ps) {
		return ps
	}
	var list cueerrors.Error
	if !errors.As(err, &list) {
		return nil
	}
	files := parsedFiles{}
	for _, e := range cueerrors.Errors(err) {
		p := Problem{Text: syntaxText(e)}
		if at := e.Position().Position(); at.IsValid() {
			f := files.named(at.Filename)
			p.Pos = Pos{f.label, at.Line, at.Column}
			p = f.forNewcomers(p)
		}
		ps = append(ps, p)
	}
	// After a mistake the parser misses what it skipped.
	if rest := slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return strings.HasSuffix(p.Text, atTheEnd) }); len(rest) > 0 {
		ps = rest
	}
	return SortProblems(ps)
}

// insteadOf is what to do about a folder in place of a spec.
func insteadOf(dir string) string {
	inside := filepath.Join(dir, DefaultFile)
	if info, err := os.Stat(inside); err == nil && info.Mode().IsRegular() {
		return "name the file: --spec " + inside
	}
	return "want a file such as " + DefaultFile
}
