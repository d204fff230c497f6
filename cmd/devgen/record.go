package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"

	"github.com/devgen/devgen/measure"
)

// A source is where the record of a build comes from.
type source struct {
	name string
	read func(context.Context) (*measure.Build, error)
}

// readAll reads the records, and tells all that cannot be read.
func readAll(ctx context.Context, sources []source) (builds []*measure.Build, err error) {
	for _, s := range sources {
		b, failed := s.read(ctx)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", s.name, failed))
		}
		builds = append(builds, b)
	}
	return builds, err
}

// recordFiles are files; - is stdin.
func recordFiles(stdin io.Reader, files []string) (all []source) {
	for _, file := range files {
		if file == "-" {
			all = append(all, source{"stdin", func(context.Context) (*measure.Build, error) { return measure.Read(stdin) }})
			continue
		}
		all = append(all, source{file, func(context.Context) (*measure.Build, error) { return readRecord(file) }})
	}
	return all
}

func readRecord(file string) (*measure.Build, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	b, err := measure.Read(f)
	return b, reason(err)
}

// reason is an error without the name of the file, which is told in front of it.
func reason(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// A history is what a builder remembers of its builds, and which of them are meant.
type history struct {
	builder string   // "": docker's own choice
	builds  []string // their references
}

// sources are the builds that are meant; of none, where alone says that nothing else is meant either, the newest.
func (h history) sources(alone bool) (all []source) {
	if alone && len(h.builds) == 0 {
		return []source{{"the newest build", func(ctx context.Context) (*measure.Build, error) { return h.replay(ctx, nil) }}}
	}
	for _, ref := range h.builds {
		all = append(all, source{ref, func(ctx context.Context) (*measure.Build, error) { return h.replay(ctx, []string{"--", ref}) }})
	}
	return all
}

// replay reads a build of the history; ref is nothing for the newest. Whether the build failed is not always to be seen in
// its record: a cache that could not be exported fails it or does not.
func (h history) replay(ctx context.Context, ref []string) (*measure.Build, error) {
	var build struct {
		Ref   string
		Error struct{ Message string }
	}
	out, err := h.command(ctx, "inspect", "--format=json", ref).Output()
	if err == nil {
		err = json.Unmarshal(out, &build)
	}
	if err != nil {
		return nil, fmt.Errorf("docker buildx history inspect: %w", wordsOf(err))
	}
	b, err := h.logs(ctx, build.Ref)
	if err == nil {
		b.Failure = cmp.Or(b.Failure, build.Error.Message)
	}
	return b, err
}

// logs reads the record of a build. docker tells it on stderr, and there too why it cannot.
func (h history) logs(ctx context.Context, ref string) (*measure.Build, error) {
	cmd := h.command(ctx, "logs", "--progress=rawjson", []string{"--", ref})
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var said tail
	b, err := measure.Read(io.TeeReader(stderr, &said))
	_, rest := io.Copy(&said, stderr) // of a record that was not read to its end
	if ended := cmd.Wait(); ended != nil {
		return nil, fmt.Errorf("docker buildx history logs: %s", cmp.Or(said.line(), ended.Error()))
	}
	return b, errors.Join(err, rest)
}

func (h history) command(ctx context.Context, name, flag string, rest []string) *exec.Cmd {
	args := []string{"buildx", "history", name, flag}
	if h.builder != "" {
		args = append(args, "--builder="+h.builder)
	}
	return exec.CommandContext(ctx, "docker", append(args, rest...)...)
}

// wordsOf is why docker ended, in its own last words if it had any.
func wordsOf(err error) error {
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		if line := tail(ended.Stderr).line(); line != "" {
			return errors.New(line)
		}
	}
	return err
}

// A tail keeps the end of what is written to it.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	const enough = 4096
	*t = append(*t, p[max(0, len(p)-enough):]...)
	if extra := len(*t) - enough; extra > 0 {
		*t = append((*t)[:0], (*t)[extra:]...)
	}
	return len(p), nil
}

// line is the last line.
func (t tail) line() string {
	text := bytes.TrimSpace(t)
	return string(bytes.TrimPrefix(text[bytes.LastIndexByte(text, '\n')+1:], []byte("ERROR: ")))
}
