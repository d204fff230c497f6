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
	more := log.annotations(all)
	for _, t := range r.files {
		if t.line != "" {
			log.plain(t.line)
		}
	}
	log.end(more, r.last(end))
	summarize(stderr, func(limit int) string {
		return markdown("devgen "+command, r.last(end), limit, findingsTable(all))
	})
}

// annotations prints as many annotations of each kind as GitHub shows, and the others as lines of the log. It returns how many
// these are.
func (l workflowLog) annotations(all []annotation) (more map[string]int) {
	shown, more := map[string]int{}, map[string]int{}
	for _, a := range all {
		if shown[a.kind] == annotationLimit {
			more[a.kind]++
			l.plain(a.kind + ": " + a.line())
			continue
		}
		shown[a.kind]++
		l.annotate(a)
	}
	return more
}

// end prints what ends the log: how many annotations it alone has, and the last line.
func (l workflowLog) end(more map[string]int, last string) {
	if len(more) > 0 {
		l.plain(fmt.Sprintf("GitHub shows %d annotations of a kind; in this log alone: %s", annotationLimit, tally(more)))
	}
	if last != "" {
		l.plain(last)
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

// summarize appends a section to the summary of the step, if there is one. section makes it, of at most so many bytes.
func summarize(stderr io.Writer, section func(limit int) string) {
	file := os.Getenv("GITHUB_STEP_SUMMARY")
	if file == "" {
		return
	}
	if err := appendSummary(file, section); err != nil {
		fmt.Fprintln(stderr, "devgen: the step's summary:", err)
	}
}

// appendSummary adds as much of a section as GitHub takes.
func appendSummary(file string, section func(limit int) string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, section(summaryLimit-int(info.Size())))
	return err
}

// A table of Markdown: its head, and a line for each row.
type table struct {
	head string
	rows []string
}

// row adds a row. The cells mean nothing to Markdown any more.
func (t *table) row(cells ...string) {
	t.rows = append(t.rows, "| "+strings.Join(cells, " | ")+" |\n")
}

// findingsTable is what was found.
func findingsTable(all []annotation) table {
	t := table{head: "| | place | finding |\n|---|---|---|\n"}
	for _, a := range all {
		place := ""
		if a.at.IsValid() {
			place = a.at.String()
		}
		t.row(a.kind, escapeMarkdown(place), escapeMarkdown(a.text))
	}
	return t
}

// markdown is a section of a summary: the last line of a result, and tables. It has at most so many bytes.
func markdown(title, last string, limit int, tables ...table) string {
	const rest = "\n%d more are in the log.\n\n"
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s\n\n", title, escapeMarkdown(last))
	left := 0
	for _, t := range tables {
		left += len(t.rows)
	}
	for _, t := range tables {
		for i, row := range t.rows {
			if i == 0 {
				row = t.head + row
			}
			if b.Len()+len(row)+len(rest)+10 > limit {
				fmt.Fprintf(&b, rest, left)
				return within(limit, b.String())
			}
			b.WriteString(row)
			left--
		}
		if len(t.rows) > 0 {
			b.WriteString("\n")
		}
	}
	return within(limit, b.String())
}

// within is text, or nothing if it is too long.
func within(limit int, text string) string {
	if len(text) > limit {
		return ""
	}
	return text
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
