package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
)

// A state is how a file of the tree stands to what devgen would write.
type state int

const (
	fresh       state = iota
	missing           // not there
	stale             // devgen's own, of another spec
	mode              // the right bytes, the wrong executable bit
	crlf              // devgen's own, checked out with CRLF line endings, with which bash runs no script
	edited            // devgen's own, changed by hand
	foreign           // not devgen's
	conflicting       // holds git's conflict markers
	orphaned          // devgen's own, and no output any more
	leftover          // an orphan that was changed by hand
	damaged           // a section whose markers are not a pair any more
)

func (s state) String() string {
	return [...]string{"fresh", "missing", "stale", "wrong mode", "has CRLF line endings", "edited by hand", "not devgen's", "conflict", "orphaned", "orphaned and edited by hand", "damaged"}[s]
}

// advice is what to do about a file in its state.
func (f surveyedFile) advice() string {
	kept := "run devgen --force, which keeps it in " + f.path + ".orig"
	if f.section {
		kept = "run devgen --force, which keeps the file in " + f.path + ".orig"
	}
	switch f.state {
	case missing, stale, mode, crlf, orphaned:
		return "run devgen"
	case edited:
		if f.section {
			return "put the change below them, or " + kept
		}
		return "put the change into the spec, or " + kept
	case foreign:
		return "see devgen diff, then " + kept
	case conflicting:
		return "resolve the spec, then " + kept
	case leftover:
		if f.section {
			return "delete them, or " + kept
		}
		return "delete it, or " + kept
	case damaged:
		return "repair them, or " + kept
	}
	return ""
}

// refused states are those whose file holds something that only the user can give up.
func (s state) refused() bool {
	return slices.Contains([]state{edited, foreign, conflicting, leftover, damaged}, s)
}

// A surveyedFile is one file of the tree, and what is to stand in its place.
type surveyedFile struct {
	path  string
	state state
	want  *generators.File // what is to stand there; nil if nothing
	have  []byte           // nil if it is not there
	own   []byte           // what of it is devgen's: all, or the section
	line  manifestLine     // of an orphan, what the manifest says of it

	section  bool   // only a section is devgen's
	damage   error  // what is wrong with the section's markers
	original string // where --force kept the user's version
}

// A survey is the tree held against what devgen would write.
type survey struct {
	root     *os.Root
	files    []surveyedFile // the outputs in their order, then the orphans
	manifest surveyedFile
	next     manifest
	damage   error // why the manifest on disk could not be believed
}

// take reads the manifest and every file that it or files name. The error says everything that could not be read.
// Another devgen may be writing: it replaces the manifest before and after everything else, so what was seen under one
// manifest fits together, and otherwise it is looked at again.
func take(root *os.Root, files []generators.File, header string) (*survey, error) {
	for n := 1; ; n++ {
		settled := watchManifest(root)
		s, err := takeOnce(root, files, header)
		if settled() || n == 10 {
			return s, err
		}
	}
}

// watchManifest returns what reports whether nobody has replaced the manifest since. The file is held open meanwhile, so
// that no later one can have its identity: two runs may have come and gone, and left the same bytes.
func watchManifest(root *os.Root) (settled func() bool) {
	before, err := root.Lstat(plan.ManifestPath)
	if err != nil || !before.Mode().IsRegular() {
		return func() bool {
			now, err := root.Lstat(plan.ManifestPath)
			return err != nil || !now.Mode().IsRegular()
		}
	}
	held, err := root.Open(plan.ManifestPath)
	if err != nil {
		return func() bool { return true } // takeOnce tells
	}
	return func() bool {
		defer held.Close()
		was, errWas := held.Stat()
		now, errNow := root.Lstat(plan.ManifestPath)
		return errWas == nil && errNow == nil && os.SameFile(was, now)
	}
}

func takeOnce(root *os.Root, files []generators.File, header string) (*survey, error) {
	s := &survey{root: root, next: manifestOf(files)}
	var errs []error
	last, err := s.readManifest(header)
	errs = append(errs, err)
	for i := range files {
		f, err := examine(root, &files[i], last.lineOf(root, files[i].Path))
		errs = append(errs, err)
		s.files = append(s.files, f)
	}
	s.forgiveModes()
	for _, line := range last {
		f, err := s.examineOrphan(line)
		errs = append(errs, err)
		if f != nil {
			s.files = append(s.files, *f)
		}
	}
	return s, distinct(errs)
}

// distinct joins errors and leaves out repetitions: one folder may stand in the way of many files.
func distinct(errs []error) error {
	seen := map[string]bool{}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		again := err == nil || seen[err.Error()]
		if err != nil {
			seen[err.Error()] = true
		}
		return again
	})...)
}

// readManifest is the manifest on disk, as far as it can be believed.
func (s *survey) readManifest(header string) (last manifest, err error) {
	want := &generators.File{ID: "manifest", Path: plan.ManifestPath, Data: s.next.format(header)}
	have, err := read(s.root, plan.ManifestPath)
	s.manifest = surveyedFile{path: plan.ManifestPath, state: stateOf(have, want.Data), want: want, have: have}
	if have != nil {
		if last, s.damage = parseManifest(have); s.damage != nil {
			s.manifest.state = foreign
		}
	}
	return last, err
}

// heedOther does not believe a manifest that lists the files of another spec than the one at path: a run for this one would
// remove them. If the other one is gone it was renamed.
func (s *survey) heedOther(path string) {
	first, _, _ := bytes.Cut(s.manifest.have, []byte("\n"))
	other := generators.SpecOf(strings.TrimSuffix(string(first), "\r"))
	if s.damage != nil || other == "" || other == generators.SpecOf(generators.Header(path)) {
		return
	}
	this, err := os.Stat(path)
	if err != nil {
		return
	}
	for _, dir := range []string{".", filepath.Dir(path)} {
		info, err := os.Stat(filepath.Join(dir, other))
		if err == nil && info.Mode().IsRegular() && !os.SameFile(info, this) {
			s.manifest.state = foreign
			s.damage = fmt.Errorf("lists the files of %s, which is still there; give each spec a folder of its own (-C), or", other)
			return
		}
	}
}

// examineOrphan finds the state of a file that is no output any more. A file without the mark of a generated one is
// not devgen's, whatever the manifest says: anybody can write one.
func (s *survey) examineOrphan(line manifestLine) (*surveyedFile, error) {
	if s.next.lineOf(s.root, line.path) != nil {
		return nil, nil
	}
	if line.kind == kindSection {
		return examineOrphanSection(s.root, line)
	}
	have, err := readOrphan(s.root, line.path)
	if have == nil || !generators.IsGenerated(have) {
		return nil, err
	}
	f := &surveyedFile{path: line.path, state: leftover, have: have, own: have, line: line}
	if line.knows(have) {
		f.state = orphaned
	}
	return f, err
}

func stateOf(have, want []byte) state {
	switch {
	case have == nil:
		return missing
	case bytes.Equal(have, want):
		return fresh
	case bytes.Equal(withLF(have), want):
		return crlf
	}
	return stale
}

// whose tells, of a file that is not the wanted one, whether its bytes are devgen's. l is what the manifest says of it, or
// nil.
func (l *manifestLine) whose(have []byte) state {
	switch {
	case schema.HasConflict(have):
		return conflicting
	case l == nil:
		return foreign
	case slices.Contains(l.hashes, hash(have)):
		return stale
	case l.knows(have):
		return crlf
	}
	return edited
}

// examine finds the state of one output. line is what the manifest says of it, or nil.
func examine(root *os.Root, want *generators.File, line *manifestLine) (surveyedFile, error) {
	if want.Section {
		return examineSection(root, want, line)
	}
	f := surveyedFile{path: want.Path, want: want}
	var err error
	if f.have, err = read(root, want.Path); err != nil {
		return f, err
	}
	f.own = f.have
	if f.state = stateOf(f.have, want.Data); f.state == stale {
		f.state = line.whose(f.have)
	}
	if f.state == fresh && !rightMode(root, want) {
		f.state = mode
	}
	return f, nil
}

// rightMode reports whether the executable bit is as it should be. Windows has none.
func rightMode(root *os.Root, want *generators.File) bool {
	return runtime.GOOS == "windows" || isExecutable(root, want.Path) == want.Executable
}

// forgiveModes takes the wrong modes for right where git says that the file system tells none, as on NTFS below WSL or a
// network share: there no run could set them right. Git finds that out when it clones (git-config, core.fileMode).
func (s *survey) forgiveModes() {
	wrong := func(f surveyedFile) bool { return f.state == mode }
	if !slices.ContainsFunc(s.files, wrong) {
		return
	}
	// Git knows the owner of a bind mount in a container for somebody else; to read a setting does no harm.
	if git(context.Background(), "-c", "safe.directory=*", "config", "--type=bool", "core.fileMode") != "false" {
		return
	}
	for i, f := range s.files {
		if wrong(f) {
			s.files[i].state = fresh
		}
	}
}

func isExecutable(root *os.Root, path string) bool {
	info, err := root.Lstat(path)
	return err == nil && info.Mode()&0o100 != 0
}

// read is the content of a regular file below root, or nil if there is none. Whatever else stands there, or leads
// out of the root, is an error: devgen neither reads nor writes through it.
func read(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, blocked(root, name)
	case err != nil:
		if err := blocked(root, name); err != nil {
			return nil, err
		}
		return nil, outside(name, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s: is a symbolic link; devgen writes files only, remove it", name)
	case info.IsDir():
		return nil, fmt.Errorf("%s: is a folder; devgen would write a file there, move it", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is not a regular file; remove it", name)
	}
	data, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) { // it went between the two looks
		return nil, nil
	}
	if err != nil {
		return nil, outside(name, err)
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// readOrphan is read for a path where no file is wanted: whatever else stands there or in the way by now is not devgen's,
// and none of its business.
func readOrphan(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, outside(name, err)
	case err != nil || !info.Mode().IsRegular():
		return nil, nil
	}
	return read(root, name)
}

// lineOf is the line of the file that is at path, or nil. That may be one of another path: through a link to its folder,
// or, on a machine that does not tell upper case from lower, renamed in case only.
func (m manifest) lineOf(root *os.Root, path string) *manifestLine {
	if line := m.line(path); line != nil {
		return line
	}
	for i := range m {
		if strings.EqualFold(m[i].path, path) && sameFile(root, m[i].path, path) || throughLink(root, m[i].path, path) {
			return &m[i]
		}
	}
	return nil
}

// sameFile reports whether two names, which differ in case only, are of one file: both are there, but the folders do
// not list both. (os.SameFile does not do: not every such file system gives a file one number.)
func sameFile(root *os.Root, a, b string) bool {
	there := func(name string) bool { _, err := root.Lstat(name); return err == nil }
	return there(a) && there(b) && !(listed(root, a) && listed(root, b))
}

// throughLink reports whether two names are of one file because the folder of one is a link to that of the other.
func throughLink(root *os.Root, a, b string) bool {
	if path.Base(a) != path.Base(b) {
		return false
	}
	one, err := root.Stat(path.Dir(a))
	other, otherErr := root.Stat(path.Dir(b))
	return err == nil && otherErr == nil && os.SameFile(one, other)
}

// listed reports whether a file and the folders around it are called exactly so.
func listed(root *os.Root, name string) bool {
	for ; name != "."; name = path.Dir(name) {
		entries, _ := fs.ReadDir(root.FS(), path.Dir(name))
		if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == path.Base(name) }) {
			return false
		}
	}
	return true
}

// same reports whether two reads found the same.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// blocked is why no file can come to a path that is empty: a folder around it is something else.
func blocked(root *os.Root, name string) error {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		info, err := root.Stat(dir)
		if err == nil && info.IsDir() {
			return nil
		}
		link, lerr := root.Lstat(dir)
		switch {
		case lerr != nil:
			continue // not there either
		case link.IsDir():
			return nil // it was just made
		case link.Mode()&fs.ModeSymlink != 0 && errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: is a symbolic link to nothing; remove it", dir)
		case link.Mode()&fs.ModeSymlink != 0:
			return outside(dir, err)
		default:
			return fmt.Errorf("%s: is a file; devgen needs a folder there, move it", dir)
		}
	}
	return nil
}

// outside tells an error of os.Root in plain words.
func outside(path string, err error) error {
	var linkErr *os.LinkError
	if errors.As(err, &linkErr) {
		return fmt.Errorf("%s: %w", path, linkErr.Err)
	}
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if pathErr.Err.Error() == "path escapes from parent" { // os.Root has no error value for it
		return fmt.Errorf("%s: leads out of the repository through a symbolic link; devgen works inside only", path)
	}
	return fmt.Errorf("%s: %w", path, pathErr.Err)
}

// refused are the files that only --force overwrites or deletes.
func (s *survey) refused() []surveyedFile {
	return slices.DeleteFunc(s.changed(), func(f surveyedFile) bool { return !f.state.refused() })
}

// changed are the files that are not as they should be, the manifest last.
func (s *survey) changed() []surveyedFile {
	return slices.DeleteFunc(append(slices.Clone(s.files), s.manifest), func(f surveyedFile) bool { return f.state == fresh })
}

// reported are the files that a person is told of: the outputs and the orphans, and the manifest where it is damaged or all
// that changes.
func (s *survey) reported() []surveyedFile {
	if s.damage != nil || len(s.changed()) == 1 && s.manifest.state != fresh {
		return append(slices.Clone(s.files), s.manifest)
	}
	return s.files
}
