package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The rows of the comparison.
const (
	floor     = "a Go program that does nothing"
	vet       = "`cue vet -c`"
	export    = "`cue export`"
	validate  = "`devgen validate`"
	check     = "`devgen check`"
	unchanged = "`devgen`, nothing to write"
	written   = "`devgen`, every file to write"
	synth     = "projen: `node .projenrc.js`"
	npx       = "projen: `npx projen`"
)

// compare measures devgen and its peers on the shipped spec.
func (l lab) compare(rounds int) ([]sample, error) {
	for _, tree := range []string{"shipped", "written"} {
		if err := l.plant(tree); err != nil {
			return nil, err
		}
	}
	if err := l.plantImport(); err != nil {
		return nil, err
	}
	if err := l.do(l.path("shipped"), l.bin("devgen")); err != nil {
		return nil, err
	}
	offline := []string{"CUE_REGISTRY=none"}
	shipped, imported := l.path("shipped"), l.path("import")
	subjects := []subject{
		{name: floor, args: []string{l.bin("floor")}},
		{name: vet, dir: imported, env: offline, args: []string{l.bin("cue"), "vet", "-c", "."}},
		{name: export, dir: imported, env: offline, args: []string{l.bin("cue"), "export", "."}},
		{name: validate, dir: shipped, args: []string{l.bin("devgen"), "validate"}},
		{name: check, dir: shipped, args: []string{l.bin("devgen"), "check"}},
		{name: unchanged, dir: shipped, args: []string{l.bin("devgen")}},
		{name: written, dir: l.path("written"), args: []string{l.bin("devgen")}, before: func() error { return l.plant("written") }},
	}
	peers, err := l.projen()
	if err != nil {
		return nil, err
	}
	return interleave(rounds, append(subjects, peers...))
}

// plant makes a tree that holds the shipped spec and nothing else.
func (l lab) plant(tree string) error {
	spec, err := os.ReadFile(filepath.Join(l.root, "devcontainer.cue"))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(l.path(tree)); err != nil {
		return err
	}
	return l.write(spec, tree, "devcontainer.cue")
}

// plantImport makes the tree that cue reads: the shipped spec in the import form and the language in cue.mod.
func (l lab) plantImport() error {
	spec, err := os.ReadFile(filepath.Join(l.root, "devcontainer.cue"))
	if err != nil {
		return err
	}
	language, err := os.ReadFile(filepath.Join(l.root, "schema", "schema.cue"))
	if err != nil {
		return err
	}
	text, err := importForm(string(spec))
	if err != nil {
		return err
	}
	if err := l.write([]byte(text), "import", "devcontainer.cue"); err != nil {
		return err
	}
	module := "module: \"devgen.local/spec@v0\"\nlanguage: version: \"v0.17.0\"\n"
	if err := l.write([]byte(module), "import", "cue.mod", "module.cue"); err != nil {
		return err
	}
	return l.write(language, "import", "cue.mod", "pkg", "github.com", "devgen", "devgen", "schema", "schema.cue")
}

// importForm is a spec in the plain form as one that imports the language.
func importForm(spec string) (string, error) {
	before, fields, ok := strings.Cut(spec, "\npackage devcontainer\n")
	if !ok {
		return "", fmt.Errorf("the shipped spec has no package clause")
	}
	const head = "\npackage devcontainer\n\nimport \"github.com/devgen/devgen/schema\"\n\nschema.#Spec & {\n"
	return before + head + fields + "}\n", nil
}

// write puts data into a file of the lab.
func (l lab) write(data []byte, name ...string) error {
	file := l.path(name...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// projen is the peer with the same files to write, or none if npm is not there.
func (l lab) projen() ([]subject, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		fmt.Fprintln(l.log, "# npm is not installed: the rows of projen are missing")
		return nil, nil
	}
	dir := l.path("projen")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(l.root, "golden", "bench", "peer"))); err != nil {
		return nil, err
	}
	outputs, err := peerOutputs(l.path("shipped"))
	if err != nil {
		return nil, err
	}
	if err := l.write(outputs, "projen", "outputs.json"); err != nil {
		return nil, err
	}
	if err := l.do(dir, "npm", "ci", "--no-audit", "--no-fund"); err != nil {
		return nil, err
	}
	if err := l.do(dir, "node", ".projenrc.js"); err != nil {
		return nil, err
	}
	return []subject{
		{name: synth, dir: dir, args: []string{"node", ".projenrc.js"}},
		{name: npx, dir: dir, args: []string{"npx", "projen"}},
	}, l.sameFiles("shipped", "projen")
}

// sameFiles wants every file of one tree in the other, so that nobody wins by doing less.
func (l lab) sameFiles(one, other string) error {
	files, err := generated(l.path(one))
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := os.ReadFile(l.path(other, f))
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(data)) == 0 {
			return fmt.Errorf("%s: projen wrote nothing into it", f)
		}
	}
	return nil
}
