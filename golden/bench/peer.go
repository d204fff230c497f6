package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A peerOutput is a file of devgen as peer/.projenrc.js wants it: one of the last four fields holds the content.
type peerOutput struct {
	File       string   `json:"file"`
	Executable bool     `json:"executable"`
	Workflow   any      `json:"workflow,omitempty"`
	YAML       any      `json:"yaml,omitempty"`
	JSON       any      `json:"json,omitempty"`
	Lines      []string `json:"lines,omitempty"`
}

// peerOutputs is the content of outputs.json: every file that devgen made in the tree.
func peerOutputs(tree string) ([]byte, error) {
	files, err := generated(tree)
	if err != nil {
		return nil, err
	}
	var outputs []peerOutput
	for _, f := range files {
		o, err := peerOutputOf(tree, f)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, o)
	}
	return json.Marshal(outputs)
}

func peerOutputOf(tree, file string) (peerOutput, error) {
	o := peerOutput{File: file}
	name := filepath.Join(tree, file)
	info, err := os.Stat(name)
	if err != nil {
		return o, err
	}
	o.Executable = info.Mode()&0o100 != 0
	data, err := os.ReadFile(name)
	if err != nil {
		return o, err
	}
	switch {
	case strings.HasPrefix(file, ".github/workflows/"):
		err = yaml.Unmarshal(data, &o.Workflow)
	case strings.HasSuffix(file, ".yml"):
		err = yaml.Unmarshal(data, &o.YAML)
	case strings.HasSuffix(file, ".json"):
		err = yaml.Unmarshal(withoutComments(data), &o.JSON) // JSON is YAML
	default:
		o.Lines = strings.Split(string(data), "\n")
	}
	return o, err
}

// withoutComments takes the lines away that are comments in devcontainer.json.
func withoutComments(data []byte) (rest []byte) {
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			rest = append(rest, line...)
		}
	}
	return rest
}

// generated are the files that devgen made in a tree of its own, without the manifest. The peer has an inventory of
// its own too, and writes .gitattributes itself.
func generated(tree string) (files []string, err error) {
	foreign := []string{"devcontainer.cue", ".gitattributes", ".devcontainer/devgen.manifest"}
	err = filepath.WalkDir(tree, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tree, name)
		if err != nil {
			return err
		}
		for _, f := range foreign {
			if filepath.ToSlash(rel) == f {
				return nil
			}
		}
		files = append(files, filepath.ToSlash(rel))
		return nil
	})
	return files, err
}
