package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/devgen/devgen/generators"
	"github.com/devgen/devgen/generators/plan"
)

// The writing goes in steps, each of which leaves every file whole:
//
//  1. every new file is written beside its place, under a name of its own: a full disk shows here;
//  2. what only the user could give up is kept in FILE.orig;
//  3. the manifest is replaced by one with the old and the new hash of every file;
//  4. every file is replaced by renaming, orphans are removed;
//  5. the manifest is replaced by the final one.
//
// Wherever this is cut short, each file is the old or the new one, and the next run knows both for its own. It uses
// os.Root all along, so that no symbolic link leads a write out of the repository. (google/renameio does step 1
// and 4, but does not build on Windows.)

// A staged file is written in full and waits beside its place.
type staged struct {
	temporary string
	path      string
}

// apply brings the tree to the survey's wish.
func (s *survey) apply(ctx context.Context, header string) (err error) {
	w := &writer{root: s.root}
	defer w.cleanUp()
	var renames []staged
	for _, f := range s.changed() {
		if f.want == nil || f.state == mode {
			continue
		}
		t, err := w.stage(f.want)
		if err != nil {
			return fmt.Errorf("%w; nothing was changed", err)
		}
		renames = append(renames, t)
	}
	final, err := w.stage(s.manifest.want)
	if err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	between, err := w.stage(&generators.File{Path: plan.ManifestPath, Data: s.during().format(header)})
	if err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	if err := s.keepOriginals(w); err != nil {
		return err
	}
	if err := w.replace(ctx, between); err != nil {
		return err
	}
	for _, t := range renames {
		if err := w.replace(ctx, t); err != nil {
			return err
		}
	}
	for _, f := range s.changed() {
		if err := s.settle(f); err != nil {
			return err
		}
	}
	return w.replace(ctx, final)
}

// during is the manifest while the tree is between two states: the hash of what is there, if devgen wrote it, and of
// what will be. What is to be overwritten by force is not devgen's own until then.
func (s *survey) during() manifest {
	m := slices.Clone(s.next)
	for i := range m {
		m[i].hashes = slices.Clone(m[i].hashes)
	}
	for _, f := range s.files {
		switch {
		case f.want == nil:
			m = append(m, manifestLine{path: f.path, hashes: []string{hash(f.have)}})
		case f.state == stale:
			line := s.next.line(f.path)
			m[slices.IndexFunc(m, func(l manifestLine) bool { return l.path == f.path })].hashes = []string{hash(f.have), line.hashes[0]}
		}
	}
	slices.SortFunc(m, func(a, b manifestLine) int { return strings.Compare(a.path, b.path) })
	return m
}

// keepOriginals copies what only --force gives up, under a name that is still free.
func (s *survey) keepOriginals(w *writer) error {
	for i, f := range s.files {
		if !f.state.refused() {
			continue
		}
		name, err := w.keep(f.path+".orig", f.have)
		if err != nil {
			return fmt.Errorf("%s: keeping your version: %w; nothing was changed", name, err)
		}
		s.files[i].original = name
	}
	return nil
}

// settle does what is left for a file once all are renamed: an orphan goes, a mode is set.
func (s *survey) settle(f finding) error {
	switch {
	case f.want == nil:
		if err := s.root.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return outside(f.path, err)
		}
		removeEmpty(s.root, path.Dir(f.path))
	case f.state == mode:
		info, err := s.root.Lstat(f.path)
		if err != nil {
			return outside(f.path, err)
		}
		permissions := info.Mode().Perm() &^ 0o111
		if f.want.Executable {
			permissions |= permissions >> 2 & 0o111 // who may read may run
		}
		if err := s.root.Chmod(f.path, permissions); err != nil {
			return outside(f.path, err)
		}
	}
	return nil
}

// removeEmpty removes a folder and those around it as far as they are empty.
func removeEmpty(root *os.Root, dir string) {
	for dir != "." && root.Remove(dir) == nil {
		dir = path.Dir(dir)
	}
}

// A writer remembers what it made, to take it back when it cannot finish.
type writer struct {
	root      *os.Root
	temporary []string
	folders   []string
}

// stage writes a file beside its place.
func (w *writer) stage(f *generators.File) (staged, error) {
	if err := w.makeFolder(path.Dir(f.Path)); err != nil {
		return staged{}, outside(f.Path, err)
	}
	permissions := fs.FileMode(0o666) // the umask takes its part
	if f.Executable {
		permissions = 0o777
	}
	name := path.Join(path.Dir(f.Path), temporaryPrefix+strconv.Itoa(os.Getpid())+"-"+strconv.Itoa(len(w.temporary))+"-"+path.Base(f.Path))
	w.temporary = append(w.temporary, name)
	if err := w.write(name, f.Data, os.O_TRUNC, permissions); err != nil {
		return staged{}, outside(f.Path, err)
	}
	return staged{name, f.Path}, nil
}

// temporaryPrefix begins the names of files that are not in their place yet.
const temporaryPrefix = ".devgen-"

func (w *writer) write(name string, data []byte, flag int, permissions fs.FileMode) error {
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|flag, permissions)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// keep writes data under name, or under the first numbered name that is free.
func (w *writer) keep(name string, data []byte) (string, error) {
	free := name
	for i := 1; ; i++ {
		err := w.write(free, data, os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return free, err
		}
		free = name + "." + strconv.Itoa(i)
	}
}

// replace renames a staged file to its place, unless the user has had enough.
func (w *writer) replace(ctx context.Context, t staged) error {
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted before %s; run devgen again to complete", t.path)
	}
	if err := w.root.Rename(t.temporary, t.path); err != nil {
		return fmt.Errorf("%s: %w; run devgen again to complete", t.path, err)
	}
	return nil
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

// cleanUp removes what did not come to its place, and the folders that it alone was in.
func (w *writer) cleanUp() {
	for _, name := range w.temporary {
		w.root.Remove(name)
	}
	for _, dir := range slices.Backward(w.folders) {
		w.root.Remove(dir) // fails where a file came to its place
	}
}
