package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/measure"
	"github.com/devgen/devgen/schema"
	"github.com/spf13/cobra"
)

// A reporter is report with its flags.
type reporter struct {
	options
	history
	cold       []string
	dockerfile string
	enforce    bool
}

func newReport(o *options) *cobra.Command {
	var r reporter
	format := choice{among: []string{formatText, formatJSON, formatMarkdown, formatGitHub}}
	c := &cobra.Command{
		Use:   "report [FILE...]",
		Short: "Tell what the caches were worth to a build, by BuildKit's own record of it",
		Long: `Tells how many steps of a build came from the caches, which did not, and what that cost. A step is an instruction of the
Dockerfile that makes a layer: RUN, COPY, ADD or WORKDIR.

  docker buildx build --progress rawjson . 2>build.json
  devgen report build.json              the record of a build; - is stdin
  devgen report                         the newest build in the history of the builder
  devgen report --build REF             a build of the history; docker buildx history ls tells them
  devgen report --cold cold.json a.json weighs the steps by what they took without a cache

It exits with 1 if a build failed, or took less from the caches than objectives.hitRateFloor; with --enforce, if it misses
objectives.hitRate or objectives.warmBuild. Without a spec the objectives are those of a spec that says none.`,
		RunE: func(c *cobra.Command, files []string) error {
			r.options = *o
			r.options.format = format
			if err := r.check(files); err != nil {
				return usage(c, err)
			}
			var w worth
			return w.print(c, r.options, guard(c.ErrOrStderr(), func() error { return r.weigh(c, files, &w) }))
		},
	}
	flags := c.Flags()
	flags.StringArrayVar(&r.builds, "build", nil, "a build of the builder's history, by its reference")
	flags.StringVar(&r.builder, "builder", "", "the builder whose history is meant; docker's own choice unless given")
	flags.StringArrayVar(&r.cold, "cold", nil, "the record of a build without a cache, which tells what the steps take")
	flags.StringVar(&r.dockerfile, "dockerfile", "", "the file that was built; image.dockerfile of the spec unless given")
	flags.BoolVar(&r.enforce, "enforce", false, "want the objectives of a warm build, not only the floor")
	flags.Var(&format, "format", "text, json, markdown or github; in a GitHub workflow github, otherwise text, unless said")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(format.among, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// check refuses flags and files that do not go together.
func (r reporter) check(files []string) error {
	stdin := 0
	for _, file := range slices.Concat(files, r.cold) {
		if file == "-" {
			stdin++
		}
	}
	switch {
	case stdin > 1:
		return errors.New("- is stdin, which can be read once")
	case slices.Contains(r.builds, ""):
		return errors.New("--build is empty; want the reference of a build")
	case r.builder != "" && len(files) > 0 && len(r.builds) == 0:
		return errors.New("--builder is for builds of its history, but the records are files; want --build as well, or no files")
	}
	return nil
}

// A worth is what report has to tell: what the caches were worth to each build.
type worth struct {
	result     // what is wrong with the builds, or with the spec
	objectives plan.Objectives
	spec       string // the spec that says them; "" if they are the defaults
	enforced   bool
	builds     []weighed
}

// A weighed build is a build with what the tree and other builds tell of it.
type weighed struct {
	name string
	*measure.Build
	saving measure.Saving
	places map[string]schema.Pos // where its missed steps are written, as far as that is known
}

// weigh reads the records and compares the builds with the objectives.
func (r reporter) weigh(c *cobra.Command, files []string, w *worth) error {
	w.enforced = r.enforce
	p, err := r.objectives(c, w)
	if err != nil {
		return err
	}
	w.asked = true // what is wrong with the builds, unlike with the spec
	file, err := r.readDockerfile(p)
	if err != nil {
		return &exit{exitFailed, err}
	}
	sources := slices.Concat(recordFiles(c.InOrStdin(), files), r.history.sources(len(files) == 0))
	records, err := readAll(c.Context(), sources)
	cold, coldErr := readAll(c.Context(), recordFiles(c.InOrStdin(), r.cold))
	if err := errors.Join(err, coldErr); err != nil {
		return &exit{exitFailed, err}
	}
	durations := measure.Cold(append(cold, records...)...)
	for i, b := range records {
		w.builds = append(w.builds, weighed{sources[i].name, b, b.Saving(durations), file.places(b)})
	}
	return w.judge(r.options)
}

// objectives sets those of the spec, or of one that says none. The plan is nil if there is no spec and none was named.
func (r reporter) objectives(c *cobra.Command, w *worth) (*plan.Plan, error) {
	if _, err := os.Lstat(r.spec); errors.Is(err, fs.ErrNotExist) && !c.Flags().Changed("spec") {
		w.objectives = plan.DefaultObjectives()
		return nil, nil
	}
	w.spec = r.spec
	p, err := resolve(r.options, &w.result)
	if err != nil {
		return nil, err
	}
	w.objectives = p.Objectives()
	return p, nil
}

// A builtFile is a Dockerfile that may be what was built.
type builtFile struct {
	*measure.Dockerfile
	name  string
	named bool // by the user: it is what was built
}

// readDockerfile reads the one that --dockerfile names, or the spec. That of the spec may be missing or broken: a report
// without lines is better than none.
func (r reporter) readDockerfile(p *plan.Plan) (builtFile, error) {
	b := builtFile{name: r.dockerfile, named: r.dockerfile != ""}
	if !b.named && p != nil && p.Image.Built() {
		b.name = p.Image.Dockerfile
	}
	if b.name == "" {
		return b, nil
	}
	f, err := os.Open(b.name)
	if err == nil {
		defer f.Close()
		b.Dockerfile, err = measure.ParseDockerfile(f)
	}
	if err != nil && b.named {
		return b, fmt.Errorf("%s: %w", b.name, reason(err))
	}
	return b, nil
}

// places are where the missed steps of a build are written. BuildKit tells the name of the file that it built; another one
// says nothing of it.
func (f builtFile) places(b *measure.Build) map[string]schema.Pos {
	if f.Dockerfile == nil || !f.named && path.Base(f.name) != path.Base(b.Dockerfile) {
		return nil
	}
	places := map[string]schema.Pos{}
	for _, s := range b.Missed() {
		if line := f.Line(s.Name); line > 0 {
			places[s.Name] = schema.Pos{File: f.name, Line: line, Col: 1}
		}
	}
	return places
}

// judge finds what is wrong with the builds, and ends as a command does that found something.
func (w *worth) judge(o options) error {
	short, steps, cached := 0, 0, 0
	for _, b := range w.builds {
		found := w.findings(b)
		if slices.ContainsFunc(found, isError) {
			short++
		}
		w.problems = append(w.problems, found...)
		steps += len(b.Steps)
		cached += b.Cached()
	}
	w.summary = fmt.Sprintf("%s: %s; %s", count(len(w.builds), "build"), share(cached, steps), w.wanted())
	if short > 0 {
		w.summary += fmt.Sprintf("; %d fell short", short)
		return &exit{exitDrift, nil}
	}
	return o.strictly(&w.result)
}

func isError(p schema.Problem) bool { return p.Severity == schema.Error }

// wanted is what each build is held to.
func (w *worth) wanted() string {
	text := fmt.Sprintf("want at least %d %%", w.least())
	if w.enforced {
		text += fmt.Sprintf(" in at most %d s", w.objectives.WarmSeconds)
	}
	if w.spec == "" {
		text += ", the default where no " + schema.DefaultFile + " says otherwise"
	}
	return text
}

// least is the smallest share that passes, in percent.
func (w *worth) least() int {
	if w.enforced {
		return w.objectives.HitRate
	}
	return w.objectives.HitRateFloor
}

// findings are what is wrong with a build. What a build that did not end has taken from the caches says nothing.
func (w *worth) findings(b weighed) (all []schema.Problem) {
	tell := func(severity schema.Severity, at schema.Pos, format string, args ...any) {
		all = append(all, schema.Problem{Pos: at, Severity: severity, Text: b.name + ": " + fmt.Sprintf(format, args...)})
	}
	for _, e := range slices.Concat(b.ImportErrors, b.ExportErrors) {
		tell(schema.Warning, schema.Pos{}, "%s: %s", e.Name, e.Text)
	}
	percent, ok := b.Rate()
	switch {
	case b.Failure != "":
		tell(schema.Error, b.places[b.FailedAt], "the build failed: %s", b.Failure)
		return all
	case b.Unfinished:
		tell(schema.Error, schema.Pos{}, "the record ends before the build does")
		return all
	case !ok && w.enforced:
		tell(schema.Error, schema.Pos{}, "the build has no step, so there is no share of them; want at least %d %%", w.least())
	case ok && percent < float64(w.least()):
		tell(schema.Error, b.places[b.FirstMissed().Name], "%s; want at least %d %%", share(b.Cached(), len(b.Steps)), w.least())
	}
	if w.enforced && b.Took > time.Duration(w.objectives.WarmSeconds)*time.Second {
		tell(schema.Error, schema.Pos{}, "the build took %s; want at most %d s", seconds(b.Took), w.objectives.WarmSeconds)
	}
	return all
}
