package schema

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	cueerrors "cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/load"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/encoding/json"
	"cuelang.org/go/encoding/yaml"
	"golang.org/x/mod/semver"
)

//go:embed schema.cue
var source []byte

// ImportPath is how a spec in the import form names the language: import "…" and then schema.#Spec & {…}.
const ImportPath = "github.com/devgen/devgen/schema"

// A UsageError says that the spec was not named in a way that devgen can use.
type UsageError struct{ Text string }

func (e *UsageError) Error() string { return e.Text }

// Load reads the spec in file (CUE, YAML or JSON), checks it against the language and fills in the defaults.
// tags are values for the @tag fields of a CUE file, as key=value. A CUE file with a package clause stands for
// all files of its package in its folder.
//
// Everything wrong with the spec is in problems, and then the Spec is nil. The error is a *UsageError, or says
// that a file could not be read.
func Load(file string, tags []string) (spec *Spec, problems []Problem, err error) {
	instance, err := syntax(file, tags)
	if err != nil {
		if ps := syntaxProblems(err); ps != nil {
			return nil, ps, nil
		}
		return nil, nil, err
	}
	value, found := newLanguage("schema.cue", source, "#Spec").check(instance, label(file))
	if len(found) > 0 {
		return nil, problemsOf(found), nil
	}
	spec, err = decoder{value, findPlaces(instance.Files, label)}.decode()
	spec.File = label(file)
	var kind *kindError
	if errors.As(err, &kind) {
		return nil, []Problem{spec.Problem(kind.Error(), fieldPath(kind.v)...)}, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	if spec.Tags != nil {
		spec.Tags.Order = spec.places.order(spec.Tags.Order, "tags")
	}
	return spec, nil, nil
}

// A language is a CUE file that says what a value may be: the definition root of it.
type language struct {
	ctx    *cue.Context
	file   *ast.File
	schema cue.Value
	root   string // #Spec
}

func newLanguage(name string, source []byte, root string) language {
	// Without this option CUE_DEBUG in the user's environment could switch off the check for unknown fields.
	ctx := cuecontext.New(cuecontext.CUE_DEBUG(""))
	// No user's file has a name like this one.
	file, err := parser.ParseFile("devgen:"+name, source, parser.ParseComments)
	if err != nil {
		panic(err) // embedded and tested
	}
	value := ctx.BuildFile(file)
	if err := value.Err(); err != nil {
		panic(err)
	}
	return language{ctx: ctx, file: file, schema: value, root: root}
}

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
		return nil, &UsageError{fmt.Sprintf("%s is a folder; name the file: --spec %s", file, filepath.Join(file, "devcontainer.cue"))}
	}
	if ps := conflicts(file); ps != nil {
		return nil, ps
	}
	ext := filepath.Ext(file)
	if ext == ".cue" {
		return cueSyntax(file, tags)
	}
	if len(tags) > 0 {
		return nil, &UsageError{fmt.Sprintf("-t sets @tag fields of a CUE file; %s is not one", file)}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, readError(file, err)
	}
	instance := build.NewContext().NewInstance(".", nil)
	switch ext {
	case ".yaml", ".yml":
		f, err := yaml.Extract(file, data)
		if err != nil {
			return nil, yamlError(file, data, err)
		}
		ast.Walk(f, plainNumber, nil)
		return instance, instance.AddSyntax(f)
	case ".json":
		x, err := json.Extract(file, data)
		if err != nil {
			return nil, err
		}
		return instance, instance.AddSyntax(&ast.File{Filename: file, Decls: []ast.Decl{&ast.EmbedDecl{Expr: x}}})
	}
	return nil, &UsageError{fmt.Sprintf("%s: a spec ends in .cue, .yaml, .yml or .json", file)}
}

func readError(file string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: no such file; write it, or name another one with --spec", file)
	}
	return err
}

// cueSyntax loads the file, or the files of its package. The embedded language stands in for the import, so
// that an outdated copy in cue.mod never decides; nothing is ever fetched.
func cueSyntax(file string, tags []string) (*build.Instance, error) {
	files, err := packageFiles(file)
	if err != nil {
		return nil, err
	}
	root, overlay, err := importOverlay(files)
	if err != nil {
		return nil, err
	}
	instance := load.Instances(files, &load.Config{
		Tags:       tags,
		ModuleRoot: root,
		Overlay:    overlay,
		Env:        append(os.Environ(), "CUE_REGISTRY=none", "CUE_EXPERIMENT=", "CUE_DEBUG="),
	})[0]
	if instance.Err != nil {
		return nil, tagError(tags, instance.Err)
	}
	return instance, nil
}

// tagError tells what is wrong with a -t as a mistake in the command line. CUE quotes the tag's name.
func tagError(tags []string, err error) error {
	for _, t := range tags {
		name, _, valued := strings.Cut(t, "=")
		switch text := err.Error(); {
		case text == fmt.Sprintf("no tag for %q", name) && valued:
			return &UsageError{fmt.Sprintf("-t %s: no field of the spec has @tag(%s)", t, name)}
		case strings.Contains(text, strconv.Quote(name)) && strings.Contains(text, "tag"):
			return &UsageError{fmt.Sprintf("-t %s: %s; want -t name=value", t, text)}
		}
	}
	return err
}

// packageFiles is file and, if it has a package clause, its neighbours with the same one.
func packageFiles(file string) ([]string, error) {
	name, err := packageName(file)
	if err != nil || name == "" {
		return []string{file}, err
	}
	neighbours, err := filepath.Glob(filepath.Join(escapeGlob(filepath.Dir(file)), "*.cue"))
	if err != nil {
		return nil, err
	}
	files := []string{file}
	for _, n := range neighbours {
		if filepath.Clean(n) == filepath.Clean(file) || strings.HasSuffix(n, "_test.cue") || strings.HasSuffix(n, "_tool.cue") {
			continue
		}
		// A neighbour that cannot be parsed may belong to the package: let CUE say what is wrong with it.
		if other, err := packageName(n); err != nil || other == name {
			files = append(files, n)
		}
	}
	return files, nil
}

func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func packageName(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	f, err := parser.ParseFile(file, data, parser.PackageClauseOnly)
	if err != nil {
		return "", nil // the whole parse reports it
	}
	return f.PackageName(), nil
}

// importOverlay puts the language where an import of it is looked up, if one of the files imports a package that is
// not CUE's own.
func importOverlay(files []string) (root string, overlay map[string]load.Source, err error) {
	if !slices.ContainsFunc(files, importsPackage) {
		return "", nil, nil
	}
	dir, err := filepath.Abs(filepath.Dir(files[0]))
	if err != nil {
		return "", nil, err
	}
	overlay = map[string]load.Source{}
	if root = moduleRoot(dir); root != "" {
		if err := checkModule(filepath.Join(root, "cue.mod", "module.cue")); err != nil {
			return "", nil, err
		}
	} else {
		root = dir
		overlay[filepath.Join(root, "cue.mod", "module.cue")] = load.FromString(
			"module: \"devgen.local/spec@v0\"\nlanguage: version: \"v0.17.0\"\n")
	}
	overlay[filepath.Join(root, "cue.mod", "pkg", filepath.FromSlash(ImportPath), "schema.cue")] = load.FromBytes(source)
	return root, overlay, nil
}

// oldestLanguage is the version of CUE from which on the language of the spec can be read: it has error().
const oldestLanguage = "v0.14.0"

// checkModule refuses a module of an older CUE, which would be told in the schema's words.
func checkModule(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	v := cuecontext.New(cuecontext.CUE_DEBUG("")).CompileBytes(data, cue.Filename(file)).LookupPath(cue.ParsePath("language.version"))
	version, err := v.String()
	if err != nil || !semver.IsValid(version) || semver.Compare(version, oldestLanguage) >= 0 {
		return nil // what else is wrong with it CUE says
	}
	at := v.Pos().Position()
	return Problem{
		Pos:  Pos{label(file), at.Line, at.Column},
		Path: "language.version",
		Text: fmt.Sprintf("%s is too old for the language of the spec; want %s or newer", version, oldestLanguage),
	}
}

func importsPackage(file string) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	f, err := parser.ParseFile(file, data, parser.ImportsOnly)
	if err != nil {
		return false
	}
	for spec := range f.ImportSpecs() {
		if first, _, _ := strings.Cut(spec.Path.Value, "/"); strings.Contains(first, ".") {
			return true
		}
	}
	return false
}

// moduleRoot is the closest folder at or above dir that holds a CUE module, or "".
func moduleRoot(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, "cue.mod", "module.cue")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// label names a file as the user would: relative to the working folder where that is shorter.
func label(file string) string {
	if !filepath.IsAbs(file) {
		return filepath.ToSlash(file)
	}
	cwd, err := os.Getwd()
	if err != nil {
		return file
	}
	if rel, err := filepath.Rel(cwd, file); err == nil && len(rel) < len(file) {
		file = rel
	}
	return filepath.ToSlash(file)
}

var (
	missingPackage = regexp.MustCompile(`cannot find package ("[^"]*")`)
	jsonPrefix     = regexp.MustCompile(`^invalid JSON for file "[^"]*"`)
)

// syntaxText is what CUE says of a file that it cannot take, in plain words.
func syntaxText(e cueerrors.Error) string {
	text := strings.TrimSpace(cueerrors.StringWithConfig(e, &cueerrors.Config{OmitPath: true}))
	if m := missingPackage.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("there is no package %s; want %q or one of cue.mod, nothing is fetched", m[1], ImportPath)
	}
	return jsonPrefix.ReplaceAllString(text, "invalid JSON")
}

// A problemList is several problems as one error.
type problemList []Problem

func (l problemList) Error() string { return l[0].String() }

// conflicts finds what git left in the file when a merge did not go through; as CUE it would be told three times.
func conflicts(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return readError(file, err)
	}
	var ps problemList
	for i, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "<<<<<<< ") {
			ps = append(ps, Problem{Pos: Pos{label(file), i + 1, 1}, Text: "has conflict markers; resolve them first"})
		}
	}
	if ps == nil {
		return nil
	}
	return ps
}

// plainNumber mends what CUE's YAML reader makes of an integer of more than 64 bits: "number & 123…" as one literal.
func plainNumber(n ast.Node) bool {
	if lit, ok := n.(*ast.BasicLit); ok {
		lit.Value = strings.TrimPrefix(lit.Value, "number & ")
	}
	return true
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
	if lines := strings.Split(string(data), "\n"); p.Pos.Line <= len(lines) {
		line := lines[p.Pos.Line-1]
		indentation := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if at := strings.Index(indentation, "\t"); at >= 0 {
			p.Pos.Col, p.Text = at+1, p.Text+"; YAML is indented with blanks, never with tabs"
		}
	}
	return p
}

// syntaxProblems explains what CUE, YAML or JSON could not parse, or nil if err is of another kind.
func syntaxProblems(err error) []Problem {
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
	for _, e := range cueerrors.Errors(err) {
		p := Problem{Text: syntaxText(e)}
		if at := e.Position(); at.IsValid() {
			p.Pos = (&places{label: label}).pos(at.Position())
		}
		ps = append(ps, p)
	}
	return SortProblems(ps)
}
