package main

import (
	"encoding/json"
	"io"

	"github.com/devgen/devgen/schema"
)

// jsonVersion is raised when a field goes or changes its meaning, not when one comes. docs/formats.md tells the shape.
const jsonVersion = 1

type document struct {
	Version  int               `json:"version"`
	Command  string            `json:"command"`
	Spec     string            `json:"spec"`
	ExitCode int               `json:"exitCode"`
	Problems []documentProblem `json:"problems"`
	Files    []documentFile    `json:"files"`
	Summary  string            `json:"summary"`
	Errors   []string          `json:"errors"`
}

type documentProblem struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Path     string `json:"path"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
}

type documentFile struct {
	Path     string `json:"path"`
	ID       string `json:"id"`
	State    string `json:"state"`
	Action   string `json:"action"`
	Message  string `json:"message"`
	Original string `json:"original"`
}

// json prints the result as one document.
func (r *result) json(w io.Writer, command, spec string, end *exit) {
	d := document{
		Version: jsonVersion, Command: command, Spec: spec, ExitCode: end.code,
		Problems: []documentProblem{}, Files: []documentFile{}, Summary: r.last(end), Errors: append([]string{}, failure(end)...),
	}
	for _, p := range r.problems {
		d.Problems = append(d.Problems, jsonOf(p))
	}
	for _, t := range r.files {
		d.Files = append(d.Files, documentFile{t.path, t.id, t.state.String(), t.action, t.message, t.original})
	}
	writeJSON(w, d)
}

func writeJSON(w io.Writer, document any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	e.Encode(document) // execute sees what cannot be written
}

func jsonOf(p schema.Problem) documentProblem {
	return documentProblem{p.Pos.File, p.Pos.Line, p.Pos.Col, p.Path, p.Text, p.Hint, p.Rule, p.Severity.String()}
}
