package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/generators/plan"
)

// The writing goes in steps, each of which leaves every file whole:
//
//  1. every new file is written beside its place, under a name of its own: a full disk shows here;
//  2. what only the user could give up is kept in FILE.orig;
//  3. the manifest is replaced by one with the old and the new hash of every file;
//  4. every file that is still as it was seen is replaced by renaming, orphans are removed;
//  5. the manifest is replaced by the final one.
//
// Wherever this is cut short, each file is the old or the new one, and the next run knows both for its own. What cannot be
// replaced or removed makes the run put back what it has changed so far. It uses
// os.Root all along, so that no symbolic link leads a write out of the repository. (google/renameio does step 1
// and 4, but does not build on Windows.)

// A staged file is written in full and waits beside its place.
type staged struct {
	temporary string
	path      string
	data      []byte
	known     [][]byte // what it may replace: what the survey saw there, nil if nothing, and what is wanted
}

// apply brings the tree to the survey's wish. Between two steps it asks whether the user has had enough.
func (s *survey) apply(stopped func() bool, header string) (err error) {
	w := &writer{root: s.root}
	defer func() { w.cleanUp(err != nil) }()
	renames, between, final, err := s.stage(w, header)
	if err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	if stopped() {
		return errors.New("interrupted before anything was changed; run devgen again to complete")
	}
	if err := s.keepOriginals(w); err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	err = s.carryOut(w, stopped, append([]staged{between}, renames...), final)
	var stuck *stuckError
	switch {
	case !errors.As(err, &stuck):
		return err
	case w.putBack():
		return fmt.Errorf("%w; nothing was changed", err)
	}
	return fmt.Errorf("%w; other files are changed already, run devgen again once this one can be", err)
}

// carryOut replaces the files and removes the orphans.
func (s *survey) carryOut(w *writer, stopped func() bool, renames []staged, final staged) error {
	for _, t := range renames {
		if err := w.replace(stopped, t); err != nil {
			return err
		}
	}
	for _, f := range s.files {
		if err := w.settle(f); err != nil {
			return err
		}
	}
	return w.replace(stopped, final)
}

// stage writes every new file beside its place. The two manifests come first: they tell a later sweep where to look.
func (s *survey) stage(w *writer, header string) (renames []staged, between, final staged, err error) {
	if final, err = w.stage(s.manifest.want); err != nil {
		return nil, between, final, err
	}
	if between, err = w.stage(&generators.File{Path: plan.ManifestPath, Data: s.during().format(header)}); err != nil {
		return nil, between, final, err
	}
	final.known = append(final.known, between.known...)
	between.known = append(final.known, s.manifest.have)
	for _, f := range s.files {
		if f.state == fresh {
			continue
		}
		if f.want == nil {
			if err := w.probe(f.path); err != nil {
				return nil, between, final, err
			}
			continue
		}
		t, err := w.stage(f.want)
		if err != nil {
			return nil, between, final, err
		}
		t.known = append(t.known, f.have)
		if f.state == mode || f.section && f.have != nil {
			if err := s.onlyExecutable(f, t); err != nil {
				return nil, between, final, err
			}
		}
		renames = append(renames, t)
	}
	return renames, between, final, nil
}

// onlyExecutable gives a staged file the owner and the permissions of the one that it replaces, but for the executable bit.
func (s *survey) onlyExecutable(f surveyedFile, t staged) error {
	info, err := s.root.Lstat(f.path)
	if err != nil {
		return outside(f.path, err)
	}
	permissions := info.Mode().Perm() &^ 0o111
	if f.want.Executable {
		permissions |= permissions >> 2 & 0o111 // who may read may run
	}
	if err := s.root.Chmod(t.temporary, permissions); err != nil {
		return outside(f.path, err)
	}
	chown(s.root, t.temporary, info)
	return nil
}

// leftBehind is the name of a staged file: the process that staged it, a number, and the file that it was to become.
var leftBehind = regexp.MustCompile(`^` + regexp.QuoteMeta(temporaryPrefix) + `(\d+)-\d+-.+$`)

// sweep removes what a run that was killed had staged, in the root, in the folders of the outputs and in those that the
// killed run wanted outputs in, by its own manifest. What cannot be removed is no harm. alone tells that no other devgen
// writes here, so that whatever is staged was left: in containers one process has the number that a dead one had.
func (s *survey) sweep(alone bool) {
	home := path.Dir(plan.ManifestPath)
	dirs := map[string]bool{".": true}
	for _, f := range s.files {
		dirs[path.Dir(f.path)] = true
	}
	for _, name := range s.litter(home, alone) {
		data, _ := s.root.ReadFile(name)
		m, _ := parseManifest(data)
		for _, line := range m {
			dirs[path.Dir(line.path)] = true
		}
	}
	delete(dirs, home)
	for _, dir := range append(slices.Collect(maps.Keys(dirs)), home) { // last the folder that knows the others
		litter := s.litter(dir, alone)
		for _, name := range litter {
			s.root.Remove(name)
		}
		if len(litter) > 0 {
			removeEmpty(s.root, dir)
		}
	}
}

// litter are the staged files in a folder whose process is no more, or all of them if no other process can be at it.
func (s *survey) litter(dir string, alone bool) (names []string) {
	entries, _ := fs.ReadDir(s.root.FS(), dir)
	for _, e := range entries {
		if m := leftBehind.FindStringSubmatch(e.Name()); m != nil && (alone || !alive(m[1])) {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names
}

// alive reports whether a process may still be running. Windows cannot be asked: there a found one is.
func alive(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil || n == os.Getpid() { // this run has staged nothing yet
		return false
	}
	p, err := os.FindProcess(n)
	if err != nil || runtime.GOOS == "windows" {
		return err == nil
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, fs.ErrPermission) // another user's
}

// during is the manifest while the tree is between two states: the hash of what is there, if devgen wrote it, and of
// what will be. What is to be overwritten or removed by force is not devgen's own until then.
func (s *survey) during() manifest {
	m := slices.Clone(s.next)
	for i := range m {
		m[i].hashes = slices.Clone(m[i].hashes)
	}
	for _, f := range s.files {
		switch {
		case s.next.line(f.path) == nil:
			m = append(m, f.line)
		case f.state == stale || f.state == crlf:
			line := m.line(f.path)
			line.hashes = slices.Compact([]string{hash(withLF(f.own)), line.hashes[0]})
		}
	}
	slices.SortFunc(m, func(a, b manifestLine) int { return strings.Compare(a.path, b.path) })
	return m
}

// keepOriginals copies what only --force gives up, under a name that is still free.
func (s *survey) keepOriginals(w *writer) error {
	keep := func(f *surveyedFile) error {
		if !f.state.refused() {
			return nil
		}
		permissions := fs.FileMode(0o600)
		if info, err := s.root.Lstat(f.path); err == nil {
			permissions = info.Mode().Perm()
		}
		name, err := w.keep(f.path+".orig", f.have, permissions)
		if err != nil {
			return fmt.Errorf("%s: keeping your version: %w", name, err)
		}
		f.original = name
		return nil
	}
	for i := range s.files {
		if err := keep(&s.files[i]); err != nil {
			return err
		}
	}
	return keep(&s.manifest)
}

// unchanged refuses to replace what somebody has changed since the survey, which knows what may be there.
func unchanged(root *os.Root, name string, known ...[]byte) error {
	now, err := read(root, name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(known, func(k []byte) bool { return same(k, now) }) {
		return fmt.Errorf("%s: was changed while devgen ran; run devgen again to complete", name)
	}
	return nil
}

// settle does what is left for a file once all are renamed: an orphan goes.
func (w *writer) settle(f surveyedFile) error {
	if f.want != nil {
		return nil
	}
	if _, err := w.root.Lstat(f.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := unchanged(w.root, f.path, f.have); err != nil {
		return err
	}
	w.left = append(w.left, path.Dir(f.path))
	return w.change(f.path, nil, func() error { return w.root.Remove(f.path) })
}

// removeEmpty removes a folder and those around it as far as they are empty.
func removeEmpty(root *os.Root, dir string) {
	for dir != "." && removeFolder(root, dir) {
		dir = path.Dir(dir)
	}
}

// removeFolder removes a folder if it is empty, and reports whether it did. A link to one is not devgen's.
func removeFolder(root *os.Root, dir string) bool {
	info, err := root.Lstat(dir)
	return err == nil && info.IsDir() && root.Remove(dir) == nil
}

// A writer remembers what it made, to take it back when it cannot finish.
type writer struct {
	root      *os.Root
	temporary []string
	folders   []string
	originals []string
	changes   []changed
	left      []string // folders that an orphan went from
}

// A changed path is one where devgen has done its work already.
type changed struct {
	path string
	now  []byte // what devgen left there, nil if nothing
	old  string // a second name of what was there before, "" if nothing was
	lost bool   // it could get no second name
}

// A stuckError is of a file that cannot be replaced or removed, though one beside it can be made: a mount of its own, or
// somebody else's in a sticky folder.
type stuckError struct{ error }

func (e *stuckError) Unwrap() error { return e.error }

// change does what brings a path to now, and remembers how to take it back.
func (w *writer) change(file string, now []byte, do func() error) error {
	c := changed{path: file, now: now}
	var err error
	if c.old, err = w.secure(file); err != nil {
		c.lost = true
	}
	if err := do(); err != nil {
		return &stuckError{outside(file, err)}
	}
	w.changes = append(w.changes, c)
	return nil
}

// secure gives a file a second name, or "" if it is not there. Not every file system has links.
func (w *writer) secure(file string) (name string, err error) {
	for n := 0; ; n++ {
		name = temporaryName(file, n)
		err := w.root.Link(file, name)
		switch {
		case err == nil:
			w.temporary = append(w.temporary, name)
			return name, nil
		case errors.Is(err, fs.ErrNotExist):
			return "", nil
		case !errors.Is(err, fs.ErrExist):
			return "", err
		}
	}
}

// putBack takes every change back, the last first, and reports whether it could. The manifest was the first: until it is back
// the next run knows both the old and the new files for devgen's.
func (w *writer) putBack() bool {
	if slices.ContainsFunc(w.changes, func(c changed) bool { return c.lost }) {
		return false
	}
	for _, c := range slices.Backward(w.changes) {
		if unchanged(w.root, c.path, c.now) != nil || w.restore(c) != nil {
			return false
		}
	}
	w.changes = nil
	return true
}

func (w *writer) restore(c changed) error {
	if c.old == "" {
		return w.root.Remove(c.path)
	}
	return w.root.Rename(c.old, c.path)
}

// temporaryPrefix begins the names of files that are not in their place yet.
const temporaryPrefix = ".devgen-"

// temporaryName is a name beside a file, the n-th of this process.
func temporaryName(file string, n int) string {
	return path.Join(path.Dir(file), fmt.Sprintf("%s%d-%d-%s", temporaryPrefix, os.Getpid(), n, path.Base(file)))
}

// stage writes a file beside its place, under a name that nothing has yet.
func (w *writer) stage(f *generators.File) (staged, error) {
	if err := w.makeFolder(path.Dir(f.Path)); err != nil {
		return staged{}, outside(f.Path, err)
	}
	name, err := w.beside(f.Path, f.Data, permissionsOf(f))
	if err != nil {
		return staged{}, outside(f.Path, err)
	}
	return staged{name, f.Path, f.Data, [][]byte{f.Data}}, nil
}

// permissionsOf are those of a new file; the umask takes its part.
func permissionsOf(f *generators.File) fs.FileMode {
	if f.Executable {
		return 0o777
	}
	return 0o666
}

// beside writes a file beside another one and returns its name.
func (w *writer) beside(file string, data []byte, permissions fs.FileMode) (name string, err error) {
	for n := 0; ; n++ {
		name = temporaryName(file, n)
		err = w.create(name, data, permissions)
		if err == nil {
			w.temporary = append(w.temporary, name)
		}
		if !errors.Is(err, fs.ErrExist) {
			return name, err
		}
	}
}

// probe shows whether a file can be removed: whoever may make one beside it may.
func (w *writer) probe(file string) error {
	t, err := w.stage(&generators.File{Path: file})
	if err == nil {
		w.root.Remove(t.temporary)
	}
	return err
}

// create writes a new file in full, or leaves none.
func (w *writer) create(name string, data []byte, permissions fs.FileMode) error {
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, permissions)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		w.root.Remove(name)
	}
	return err
}

// occupy gives a file that is whole, with such data and permissions, another name. The error is fs.ErrExist if the name is
// taken: nothing is overwritten. Where the file system has no links the file is written once more.
func (w *writer) occupy(name, whole string, data []byte, permissions fs.FileMode) error {
	err := w.root.Link(whole, name)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = w.create(name, data, permissions)
	}
	return err
}

// keep writes data under name, or under the first numbered name that is free.
func (w *writer) keep(name string, data []byte, permissions fs.FileMode) (string, error) {
	whole, err := w.beside(name, data, permissions)
	if err != nil {
		return name, err
	}
	defer w.root.Remove(whole)
	free := name
	for i := 1; ; i++ {
		err := w.occupy(free, whole, data, permissions)
		if err == nil {
			w.originals = append(w.originals, free)
		}
		if !errors.Is(err, fs.ErrExist) {
			return free, err
		}
		free = name + "." + strconv.Itoa(i)
	}
}

// replace renames a staged file to its place, unless the user has had enough or has changed what stands there.
func (w *writer) replace(stopped func() bool, t staged) error {
	if stopped() {
		return fmt.Errorf("interrupted before %s; run devgen again to complete", t.path)
	}
	if err := unchanged(w.root, t.path, t.known...); err != nil {
		return err
	}
	return w.change(t.path, t.data, func() error { return w.root.Rename(t.temporary, t.path) })
}

// makeFolder makes a folder and those around it.
func (w *writer) makeFolder(dir string) error {
	if dir == "." {
		return nil
	}
	if err := w.makeFolder(path.Dir(dir)); err != nil {
		return err
	}
	err := w.root.Mkdir(dir, 0o777)
	if err == nil {
		w.folders = append(w.folders, dir)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// cleanUp removes what did not come to its place, and the folders that it alone was in or that an orphan went from. Kept
// originals go only if nothing was changed.
func (w *writer) cleanUp(failed bool) {
	names := w.temporary
	if failed && len(w.changes) == 0 {
		names = append(names, w.originals...)
	}
	for _, name := range names {
		w.root.Remove(name)
	}
	for _, dir := range slices.Backward(w.folders) {
		removeFolder(w.root, dir) // fails where a file came to its place
	}
	for _, dir := range w.left {
		removeEmpty(w.root, dir)
	}
}
