package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/devgen/devgen/measure"
	"github.com/devgen/devgen/schema"
	"github.com/fatih/color"
	"github.com/spf13/cobra"
)

// formatMarkdown is a format of report alone.
const formatMarkdown = "markdown"

// print prints the report, and returns what is left to tell.
func (w *worth) print(c *cobra.Command, o options, err error) error {
	end := &exit{code: exitOK}
	if errors.As(err, &end); end.code == exitUsage {
		return err
	}
	switch formatOf(c, o) {
	case formatJSON:
		w.json(c.OutOrStdout(), end)
	case formatGitHub:
		w.github(c.OutOrStdout(), c.ErrOrStderr(), end)
	case formatMarkdown:
		io.WriteString(c.OutOrStdout(), w.markdown(end, math.MaxInt))
		return err
	default:
		stdout := newScreen(o.color, c.OutOrStdout())
		for _, b := range w.builds {
			stdout.build(b, w.least())
		}
		w.text(stdout, newScreen(o.color, c.ErrOrStderr()))
		return err
	}
	if err == nil {
		return nil
	}
	return &exit{end.code, nil}
}

// share is "8 of 9 steps cached (88.8 %)".
func share(cached, steps int) string {
	text := fmt.Sprintf("%d of %s cached", cached, count(steps, "step"))
	if percent, ok := measure.Rate(cached, steps); ok {
		text += " (" + percentage(percent) + ")"
	}
	return text
}

// percentage is rounded down: 94.99 % are not 95.
func percentage(percent float64) string { return fmt.Sprintf("%g %%", math.Floor(percent*10)/10) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// saved is what the caches saved, or what of it is not known.
func (b weighed) saved() string {
	if percent, ok := b.saving.Percent(); ok {
		return fmt.Sprintf("%s of %s (%s)", seconds(b.saving.Saved), seconds(b.saving.Whole), percentage(percent))
	}
	return fmt.Sprintf("not known: what a step takes without a cache is told for %d of %d", b.saving.Known, b.saving.Steps)
}

// brief is a name as a person reads it: in one line, which is not too long.
func brief(name string) string {
	const most = 100
	text := []rune(schema.OneLine(name))
	if len(text) > most {
		return string(text[:most-1]) + "…"
	}
	return string(text)
}

// build prints a build.
func (s *screen) build(b weighed, least int) {
	head := brief(b.name) + ": "
	percent, ok := b.Rate()
	if s.source && ok {
		paint := color.FgGreen
		if percent < float64(least) {
			paint = color.FgRed
		}
		head += s.paint(bar(percent/100, 20, "░"), paint) + " "
	}
	s.line(head + share(b.Cached(), len(b.Steps)) + ", " + seconds(b.Took))
	if b.saving.Known > 0 {
		s.line("  saved: " + b.saved())
	}
	missed := b.Missed()
	var longest time.Duration
	for _, step := range missed {
		longest = max(longest, step.Took)
	}
	for i, step := range missed {
		label := "  missed:       "
		if i == 0 {
			label = "  first missed: "
		}
		s.missed(label, step, longest, b.places[step.Name])
	}
}

// missed prints a step that ran, with its part of the longest one's time, and where it is written.
func (s *screen) missed(label string, step measure.Step, longest time.Duration, at schema.Pos) {
	line := label + fmt.Sprintf("%8s  ", seconds(step.Took))
	if s.source && longest > 0 {
		line += s.paint(bar(float64(step.Took)/float64(longest), 10, " "), color.FgYellow) + "  "
	}
	line += brief(step.Name)
	if at.IsValid() {
		line += " (" + place(at) + ")"
	}
	s.line(line)
}

// place is a file and a line.
func place(at schema.Pos) string {
	if !at.IsValid() {
		return ""
	}
	return schema.OneLine(fmt.Sprintf("%s:%d", at.File, at.Line))
}

// bar is a part of a whole as so many characters.
func bar(part float64, width int, empty string) string {
	full := min(width, int(part*float64(width)+0.5))
	return strings.Repeat("█", full) + strings.Repeat(empty, width-full)
}

// github prints the report as commands to the runner, and appends it to the summary of the step.
func (w *worth) github(stdout, stderr io.Writer, end *exit) {
	log := workflowLog{stdout, repositoryRoot()}
	more := log.annotations(w.annotations(end))
	for _, b := range w.builds {
		var text strings.Builder
		(&screen{w: &text}).build(b, w.least())
		for line := range strings.Lines(text.String()) {
			log.plain(strings.TrimSuffix(line, "\n"))
		}
	}
	log.end(more, w.last(end))
	summarize(stderr, func(limit int) string { return w.markdown(end, limit) })
}

// markdown is the report as a section of a job's summary, of at most so many bytes.
func (w *worth) markdown(end *exit, limit int) string {
	builds := table{head: "| build | steps cached | share | time | saved |\n|---|---:|---:|---:|---:|\n"}
	missed := table{head: "| build | missed, as it ran | time | line |\n|---|---|---:|---|\n"}
	for _, b := range w.builds {
		share, saved := "", ""
		if percent, ok := b.Rate(); ok {
			share = percentage(percent)
		}
		if percent, ok := b.saving.Percent(); ok {
			saved = percentage(percent)
		}
		name := escapeMarkdown(brief(b.name))
		builds.row(name, fmt.Sprintf("%d of %d", b.Cached(), len(b.Steps)), share, seconds(b.Took), saved)
		for _, step := range b.Missed() {
			missed.row(name, escapeMarkdown(brief(step.Name)), seconds(step.Took), escapeMarkdown(place(b.places[step.Name])))
		}
	}
	return markdown("devgen report", w.last(end), limit, builds, missed, findingsTable(w.annotations(end)))
}

// A reportDocument is the report as JSON. docs/formats.md tells the shape.
type reportDocument struct {
	Version    int                `json:"version"`
	Command    string             `json:"command"`
	Spec       string             `json:"spec"`
	ExitCode   int                `json:"exitCode"`
	Enforced   bool               `json:"enforced"`
	Objectives documentObjectives `json:"objectives"`
	Builds     []documentBuild    `json:"builds"`
	Problems   []documentProblem  `json:"problems"`
	Summary    string             `json:"summary"`
	Errors     []string           `json:"errors"`
}

type documentObjectives struct {
	HitRate      int `json:"hitRate"`
	HitRateFloor int `json:"hitRateFloor"`
	WarmSeconds  int `json:"warmSeconds"`
}

type documentBuild struct {
	Name         string               `json:"name"`
	State        string               `json:"state"`
	Failure      string               `json:"failure"`
	Seconds      float64              `json:"seconds"`
	Steps        int                  `json:"steps"`
	Cached       int                  `json:"cached"`
	HitRate      *float64             `json:"hitRate"`
	Saved        documentSaving       `json:"saved"`
	Missed       []documentStep       `json:"missed"`
	ImportErrors []documentCacheError `json:"importErrors"`
	ExportErrors []documentCacheError `json:"exportErrors"`
}

type documentSaving struct {
	Percent *float64 `json:"percent"`
	Seconds float64  `json:"seconds"`
	Of      float64  `json:"of"`
	Known   int      `json:"known"`
}

type documentStep struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	File    string  `json:"file"`
	Line    int     `json:"line"`
}

type documentCacheError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// json prints the report as one document.
func (w *worth) json(out io.Writer, end *exit) {
	d := reportDocument{
		Version: jsonVersion, Command: "report", Spec: w.spec, ExitCode: end.code, Enforced: w.enforced,
		Objectives: documentObjectives{w.objectives.HitRate, w.objectives.HitRateFloor, w.objectives.WarmSeconds},
		Builds:     []documentBuild{}, Problems: []documentProblem{}, Summary: w.last(end), Errors: append([]string{}, failure(end)...),
	}
	for _, b := range w.builds {
		d.Builds = append(d.Builds, b.document())
	}
	for _, p := range w.problems {
		d.Problems = append(d.Problems, jsonOf(p))
	}
	writeJSON(out, d)
}

func (b weighed) document() documentBuild {
	d := documentBuild{
		Name: b.name, State: b.state(), Failure: b.Failure, Seconds: b.Took.Seconds(), Steps: len(b.Steps), Cached: b.Cached(),
		HitRate: known(b.Rate()),
		Saved:   documentSaving{known(b.saving.Percent()), b.saving.Saved.Seconds(), b.saving.Whole.Seconds(), b.saving.Known},
		Missed:  []documentStep{}, ImportErrors: cacheErrors(b.ImportErrors), ExportErrors: cacheErrors(b.ExportErrors),
	}
	for _, s := range b.Missed() {
		at := b.places[s.Name]
		d.Missed = append(d.Missed, documentStep{s.Name, s.Took.Seconds(), at.File, at.Line})
	}
	return d
}

// state is how the build ended.
func (b weighed) state() string {
	switch {
	case b.Failure != "":
		return "failed"
	case b.Unfinished:
		return "unfinished"
	}
	return "finished"
}

// known is a number of which it is known whether there is one.
func known(number float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &number
}

func cacheErrors(all []measure.CacheError) []documentCacheError {
	documents := []documentCacheError{}
	for _, e := range all {
		documents = append(documents, documentCacheError{e.Name, e.Text})
	}
	return documents
}
