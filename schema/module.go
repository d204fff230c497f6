package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/load"
	"cuelang.org/go/cue/parser"
)

// This file finds what belongs to a CUE spec: the files of its package, its module, and the language that it imports.

// cueSyntax loads the file, or the files of its package. The embedded language stands in for the import, so
// that an outdated copy in cue.mod never decides; nothing is ever fetched.
func cueSyntax(file string, tags []string) (*build.Instance, error) {
	files, err := packageFiles(file)
	if err != nil {
		return nil, err
	}
	for _, f := range files[1:] { // the first has been read
		data, _ := os.ReadFile(f) // CUE says what is wrong with a file that cannot be opened
		if err := unreadable(f, data); err != nil {
			return nil, err
		}
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
		if ps := badConditions(files); ps != nil {
			return nil, ps
		}
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
		if err := checkModule(filepath.Join(root, filepath.FromSlash(ModulePath))); err != nil {
			return "", nil, err
		}
	} else {
		root = dir
		overlay[filepath.Join(root, filepath.FromSlash(ModulePath))] = load.FromString(Module)
	}
	overlay[filepath.Join(root, filepath.FromSlash(CopyPath))] = load.FromBytes(source)
	return root, overlay, nil
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
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(ModulePath))); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
