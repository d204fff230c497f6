package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/schema"
	"github.com/spf13/cobra"
)

func newInit(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Write a first spec, with the Dockerfile and the CUE module that it needs; overwrites nothing",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return begin(c, *o) },
	}
}

// begin writes a first spec and what it needs, all of it or nothing.
func begin(c *cobra.Command, o options) error {
	spec := path.Clean(filepath.ToSlash(o.spec))
	if err := checkFirst(o.spec, spec); err != nil {
		return &exit{exitUsage, err}
	}
	start, local, err := startHere(c.Context())
	if err != nil {
		return &exit{exitFailed, err}
	}
	unlock, alone := lock(c.Context(), c.ErrOrStderr())
	defer unlock()
	s, err := takeFirst(generators.First(start, spec))
	if err != nil {
		return &exit{exitFailed, err}
	}
	defer s.root.Close()
	problems, err := schema.CheckModule()
	if err != nil {
		return &exit{exitFailed, err}
	}
	newScreen(o.color, c.ErrOrStderr()).problems(problems)
	taken := s.refuse(c.ErrOrStderr())
	if len(problems) > 0 || taken {
		return &exit{exitDrift, errors.New("nothing was written")}
	}
	if !beginWriting(c.Context()) {
		return &exit{exitFailed, nil}
	}
	s.sweep(alone)
	if err := s.create(func() bool { return c.Context().Err() != nil }); err != nil {
		return &exit{exitFailed, err}
	}
	s.begun(c.OutOrStdout(), start, local, o)
	tellYours(c.OutOrStdout(), o)
	return nil
}

// checkFirst refuses a place where no spec can be begun.
func checkFirst(given, spec string) error {
	switch {
	case path.Ext(spec) != ".cue":
		return fmt.Errorf("--spec %s: init writes CUE; want a .cue file", cmp.Or(given, `""`))
	case !filepath.IsLocal(given):
		return fmt.Errorf("--spec %s: init writes inside the working folder; want a path in it, and -C for another folder", given)
	case strings.HasPrefix(spec, path.Dir(schema.ModulePath)+"/"):
		return fmt.Errorf("--spec %s: that folder is CUE's own; want another place", given)
	}
	return nil
}

// takeFirst surveys the places of the files. One that may stay as it is counts as fresh.
func takeFirst(files []generators.File) (*survey, error) {
	root, err := os.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	s := &survey{root: root}
	var errs []error
	for i := range files {
		f := surveyedFile{path: files[i].Path, want: &files[i]}
		if info, err := root.Stat(f.path); err != nil || !info.Mode().IsRegular() || !stays(f.want) {
			f.have, err = read(root, f.path)
			errs = append(errs, err)
			if f.state = stateOf(f.have, f.want.Data); f.state == crlf {
				f.state = fresh // a copy of the language is as good with CRLF
			}
		}
		s.files = append(s.files, f)
	}
	if err := distinct(errs); err != nil {
		root.Close()
		return nil, err
	}
	return s, nil
}

// stays reports whether a file of the user's serves as well as the one that init would write.
func stays(f *generators.File) bool {
	return f.Path == generators.FirstDockerfile || f.Path == schema.ModulePath
}

// refuse tells the files that are there and must not be, and reports whether there are any.
func (s *survey) refuse(w io.Writer) (any bool) {
	for _, f := range s.files {
		advice := "edit it, or begin another one with --spec FILE"
		if f.path == schema.CopyPath {
			advice = "it is another version of the language; run devgen, which refreshes what it wrote, or move it away"
		}
		if f.state == stale || f.have != nil && f.want.ID == "spec" {
			fmt.Fprintf(w, "%s: there already; %s\n", f.path, advice)
			any = true
		}
	}
	return any
}

// create writes the files that are missing, and overwrites none that came meanwhile. When it cannot finish it takes back
// what it wrote.
func (s *survey) create(stopped func() bool) (err error) {
	w := &writer{root: s.root}
	defer func() { w.cleanUp(err != nil) }()
	var whole []string
	missing := s.changed()
	for _, f := range missing {
		t, err := w.stage(f.want)
		if err != nil {
			return fmt.Errorf("%w; nothing was written", err)
		}
		whole = append(whole, t.temporary)
	}
	for i, f := range missing {
		err := w.place(stopped, f.want, whole[i])
		if err == nil {
			continue
		}
		if left := s.takeBack(missing[:i]); len(left) > 0 {
			return fmt.Errorf("%w; what changed since init wrote it was left: %s", err, strings.Join(left, ", "))
		}
		return fmt.Errorf("%w; nothing was written", err)
	}
	return nil
}

// place brings a staged file to its place, unless the user has had enough or something stands there.
func (w *writer) place(stopped func() bool, f *generators.File, whole string) error {
	if stopped() {
		return fmt.Errorf("interrupted before %s", f.Path)
	}
	err := w.occupy(f.Path, whole, f.Data, permissionsOf(f))
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: was made while devgen ran", f.Path)
	}
	if err != nil {
		return outside(f.Path, err)
	}
	return nil
}

// takeBack removes files that init wrote, but for those that somebody has changed since: they are left.
func (s *survey) takeBack(files []surveyedFile) (left []string) {
	for _, f := range files {
		now, err := read(s.root, f.path)
		switch {
		case err == nil && now == nil: // somebody was faster
		case err != nil || !same(now, f.want.Data) || s.root.Remove(f.path) != nil:
			left = append(left, f.path)
		}
	}
	return left
}

// begun tells what was written and what comes next. local is why there is no workflow.
func (s *survey) begun(w io.Writer, start generators.Start, local string, o options) {
	kept := 0
	for _, f := range s.files {
		verb, hint := "wrote", ""
		if f.state == fresh {
			verb = "kept"
			kept++
			if f.path == generators.FirstDockerfile {
				hint = " (let it make the target of each volume for the user)"
			}
		}
		fmt.Fprintf(w, "%-10s %s%s\n", verb, f.path, hint)
	}
	if local != "" {
		fmt.Fprintf(w, "%s, so the image stays on this machine; the spec tells how to prebuild it.\n", local)
	} else {
		fmt.Fprintf(w, "The workflow is for %s and its branch %s.\n", start.Repository, start.Branch)
		if start.Version == "" {
			fmt.Fprintln(w, "This devgen is no release that CI could run, so drift is a comment in the spec: put a version in.")
		}
	}
	fmt.Fprintf(w, "%s: %d wrote, %d kept; edit %s, then run %s\n", count(len(s.files), "file"), len(s.files)-kept, kept, o.spec, o.commandLine(""))
}

// tellYours tells of files of the user's in the places of the outputs, and how to adopt devgen over them.
func tellYours(w io.Writer, o options) {
	s, err := look(o, &result{})
	if err != nil {
		return // the next command tells
	}
	defer s.root.Close()
	var paths []string
	for _, f := range s.refused() {
		paths = append(paths, f.path)
	}
	if len(paths) > 0 {
		fmt.Fprintf(w, "Yours and not overwritten: %s; move their keys to devcontainer: and services: of %s until %s shows no loss, then run %s\n",
			strings.Join(paths, ", "), o.spec, o.commandLine(" diff"), o.commandLine(" --force"))
	}
}

// commandLine is devgen for this spec.
func (o options) commandLine(words string) string {
	if o.spec != schema.DefaultFile {
		words += " --spec " + o.spec
	}
	return "devgen" + words
}

// startHere finds what there is to know of the working folder. local is why it does not know where to prebuild: GitHub
// runs workflows of the root of a repository only.
func startHere(ctx context.Context) (start generators.Start, local string, err error) {
	here, err := os.Getwd()
	if err != nil {
		return start, "", err
	}
	start.Name = nameOf(filepath.Base(here), "devcontainer")
	start.Image = start.Name + "-devcontainer"
	if git(ctx, "rev-parse", "--show-prefix") != "" {
		return start, "This folder is not the root of its repository", nil
	}
	m := gitHubURL.FindStringSubmatch(git(ctx, "remote", "get-url", "origin"))
	if m == nil || !schema.Fits("#GitHubRepository", m[1]+"/"+m[2]) {
		return start, "There is no remote origin on GitHub", nil
	}
	start.Repository, start.Branch, start.Version = m[1]+"/"+m[2], defaultBranch(ctx), release()
	start.Image = strings.ToLower(m[1]) + "/" + nameOf(m[2], start.Name) + "-devcontainer"
	return start, "", nil
}

// defaultBranch is the one of origin as the clone knows it, or the only one that there is, or main.
func defaultBranch(ctx context.Context) string {
	branch, ok := strings.CutPrefix(git(ctx, "symbolic-ref", "--short", "refs/remotes/origin/HEAD"), "origin/")
	if !ok {
		branch = git(ctx, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads") // several are no name of one
	}
	if !schema.Fits("#BranchName", branch) {
		return "main"
	}
	return branch
}

// git is what git prints; "" where it fails or is not there.
func git(ctx context.Context, args ...string) string {
	out, _ := exec.CommandContext(ctx, "git", args...).Output()
	return strings.TrimSpace(string(out))
}

// gitHubURL is a remote on GitHub, owner and name, in any form that git takes: https, ssh, ssh over the port of https,
// git@host:path.
var gitHubURL = regexp.MustCompile(`^(?:[a-z+]+://)?(?:[^@/]+@)?(?:ssh\.|www\.)?github\.com(?::[0-9]+)?[:/]/?([^/]+)/([^/]+?)(?:\.git)?/?$`)

// notInName is what a name cannot hold, and what would not do in the name of an image.
var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// nameOf makes text fit for a name, also of an image, or is other where nothing is left.
func nameOf(text, other string) string {
	name := notInName.ReplaceAllStringFunc(strings.ToLower(text), func(run string) string {
		if run == "." || run == "_" {
			return run
		}
		return "-"
	})
	name = strings.Trim(name[:min(len(name), 63)], "-._")
	return cmp.Or(name, other)
}
