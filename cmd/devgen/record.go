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
	"strings"

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
	for _, name := range h.builds {
		h, ref := h.of(name)
		all = append(all, source{name, func(ctx context.Context) (*measure.Build, error) { return h.replay(ctx, []string{"--", ref}) }})
	}
	return all
}

// of is the history that a reference is from, and the reference there. Where docker tells one for programs, the builder and
// its node stand before it: in the metadata of a build, and in docker buildx history ls --format json.
func (h history) of(ref string) (history, string) {
	if parts := strings.Split(ref, "/"); len(parts) == 3 {
		return history{builder: cmp.Or(h.builder, parts[0])}, parts[2]
	}
	return h, ref
}

// replay reads a build of the history; ref is nothing for the newest. Whether the build failed is not always to be seen in
// its record: a cache that could not be exported fails it or does not.
func (h history) replay(ctx context.Context, ref []string) (*measure.Build, error) {
	known, err := h.inspect(ctx, ref)
	if err != nil {
		return nil, err
	}
	b, err := h.logs(ctx, known.Ref)
	if err != nil {
		return nil, err
	}
	// docker has told the record of a build that ran to its end. The history knows a moment later how that was.
	for tries := 20; known.Status == running && tries > 0; tries-- {
		if known, err = h.inspect(ctx, []string{"--", known.Ref}); err != nil {
			return nil, err
		}
	}
	b.Failure = cmp.Or(b.Failure, known.Error.Message)
	b.Unfinished = b.Unfinished || known.Status == running
	return b, nil
}

// running is the status of a build that has not ended.
const running = "running"

// A remembered build is what the history tells of one beside its record.
type remembered struct {
	Ref, Status string
	Error       struct{ Message string }
}

func (h history) inspect(ctx context.Context, ref []string) (build remembered, err error) {
	out, err := h.command(ctx, "inspect", "--format=json", ref).Output()
	if err == nil {
		err = json.Unmarshal(out, &build)
	}
	if err != nil {
		err = fmt.Errorf("docker buildx history inspect: %w", wordsOf(err))
	}
	return build, err
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
			return errors.New(plainly(line))
		}
	}
	return err
}

// plainly is what docker means by its last line, where that alone helps nobody: it points to its help if it does not know a
// command or one of its flags, and repeats the engine's words on what that does not know.
func plainly(line string) string {
	const instead = "; build with docker buildx build --progress rawjson, and name the file that its stderr goes to"
	switch {
	case strings.HasPrefix(line, "Run 'docker "), strings.HasPrefix(line, "See 'docker "), strings.HasPrefix(line, "To get more help with docker"):
		return "docker does not know the command, since buildx is missing or too old" + instead
	case strings.Contains(line, "unknown method ListenBuildHistory"):
		return "the builder keeps no history" + instead
	}
	return line
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
