package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/devgen/devgen/schema"
)

// annotationLimit is how many annotations of one kind GitHub shows of a step, and summaryLimit the bytes that it takes of
// a step's summary.
// Source: actions/toolkit, docs/problem-matchers.md, "Limitations"; GitHub, "Workflow commands", "Step isolation and limits".
const (
	annotationLimit = 10
	summaryLimit    = 1 << 20
)

// An annotation is one problem or objection as GitHub shows it.
type annotation struct {
	kind  string // error, warning or notice
	at    schema.Pos
	title string
	text  string
}

// line is the annotation in the log.
func (a annotation) line() string {
	if a.at.IsValid() {
		return schema.OneLine(a.at.String() + ": " + a.text)
	}
	return schema.OneLine(a.text)
}

// annotations are the result's problems, its objections and why the command failed.
func (r *result) annotations(end *exit) (all []annotation) {
	kinds := map[schema.Severity]string{schema.Error: "error", schema.Warning: "warning", schema.Info: "notice"}
	for _, p := range r.problems {
		all = append(all, annotation{kinds[p.Severity], p.Pos, strings.TrimSpace("devgen " + p.Rule), p.Words()})
	}
	for _, t := range r.objections() {
		all = append(all, annotation{"error", schema.Pos{File: t.path}, "devgen", t.message})
	}
	for _, line := range failure(end) {
		all = append(all, annotation{"error", schema.Pos{}, "devgen", line})
	}
	return all
}

// A workflowLog is the log of a step in a GitHub workflow.
type workflowLog struct {
	w    io.Writer
	root string // of the repository
}

// github prints the result as commands to the runner, and appends it to the summary of the step.
func (r *result) github(stdout, stderr io.Writer, command string, end *exit) {
	log := workflowLog{stdout, repositoryRoot()}
	all := r.annotations(end)
	shown, more := map[string]int{}, map[string]int{}
	for _, a := range all {
		if shown[a.kind] == annotationLimit {
			more[a.kind]++
			log.plain(a.kind + ": " + a.line())
			continue
		}
		shown[a.kind]++
		log.annotate(a)
	}
	for _, t := range r.files {
		if t.line != "" {
			log.plain(t.line)
		}
	}
	if len(more) > 0 {
		log.plain(fmt.Sprintf("GitHub shows %d annotations of a kind; in this log alone: %s", annotationLimit, tally(more)))
	}
	if last := r.last(end); last != "" {
		log.plain(last)
	}
	if file := os.Getenv("GITHUB_STEP_SUMMARY"); file != "" {
		if err := appendSummary(file, "devgen "+command, r.last(end), all); err != nil {
			fmt.Fprintln(stderr, "devgen: the step's summary:", err)
		}
	}
}

// tally is "3 errors, 1 warning".
func tally(n map[string]int) string {
	var parts []string
	for _, kind := range []string{"error", "warning", "notice"} {
		if n[kind] > 0 {
			parts = append(parts, count(n[kind], kind))
		}
	}
	return strings.Join(parts, ", ")
}

// The escapes of a workflow command.
// Source: actions/runner, src/Runner.Common/ActionCommand.cs.
var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotate prints an annotation.
func (l workflowLog) annotate(a annotation) {
	var properties []string
	set := func(name, value string) { properties = append(properties, name+"="+commandProperty.Replace(value)) }
	if a.at.IsValid() {
		set("file", l.inRepository(a.at.File))
	}
	if a.at.Line > 0 {
		set("line", fmt.Sprint(a.at.Line))
		set("col", fmt.Sprint(a.at.Col))
	}
	set("title", a.title)
	fmt.Fprintf(l.w, "::%s %s::%s\n", a.kind, strings.Join(properties, ","), commandData.Replace(a.line()))
}

// plain prints a line that the runner takes for no command: one begins with :: or has ##[ anywhere.
func (l workflowLog) plain(text string) {
	text = strings.ReplaceAll(schema.OneLine(text), "##[", "## [")
	if strings.HasPrefix(strings.TrimSpace(text), "::") {
		text = "." + text
	}
	fmt.Fprintln(l.w, text)
}

// inRepository names a file from the root of the repository, which -C and the working folder of a step may lie below.
func (l workflowLog) inRepository(file string) string {
	way, err := schema.From(l.root, file)
	if err != nil || !filepath.IsLocal(filepath.FromSlash(way)) {
		return file
	}
	return way
}

// repositoryRoot is the closest folder at or above the working folder that git has made one, the workspace of the job,
// or the working folder.
func repositoryRoot() string {
	root, err := os.Getwd()
	if err != nil {
		return ""
	}
	if workspace := os.Getenv("GITHUB_WORKSPACE"); workspace != "" {
		root = workspace
	}
	dir, _ := os.Getwd()
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			root = dir
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return root
}

// appendSummary adds a section to the summary of the step, as much of it as GitHub takes.
func appendSummary(file, title, last string, all []annotation) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, markdown(title, last, all, summaryLimit-int(info.Size())))
	return err
}

// markdown is the section: the last line of the result, and a table of what was found. It has at most so many bytes.
func markdown(title, last string, all []annotation, limit int) string {
	const rest = "\n%d more are in the log.\n"
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s\n\n", title, escapeMarkdown(last))
	if len(all) > 0 {
		b.WriteString("| | place | finding |\n|---|---|---|\n")
	}
	for i, a := range all {
		place := ""
		if a.at.IsValid() {
			place = a.at.String()
		}
		row := fmt.Sprintf("| %s | %s | %s |\n", a.kind, escapeMarkdown(place), escapeMarkdown(a.text))
		if b.Len()+len(row)+len(rest)+10 > limit {
			fmt.Fprintf(&b, rest, len(all)-i)
			break
		}
		b.WriteString(row)
	}
	if b.Len() > limit {
		return ""
	}
	return b.String() + "\n"
}

// escapeMarkdown shows text as it stands: every mark becomes a character reference, which has no meaning in Markdown,
// in a table or in HTML.
func escapeMarkdown(text string) string {
	var b strings.Builder
	for _, r := range schema.OneLine(text) {
		if r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "&#%d;", r)
	}
	return b.String()
}
