package measure

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// maxLine is the longest line that is read, in bytes, so that no file takes all memory. docker buildx history logs replays a
// small build in one line, and begins another after 1 MiB of what commands print.
// Source: BuildKit v0.34.2, client/status.go, Marshal.
const maxLine = 64 << 20

// ErrNoProgress says that something is no record of a build.
var ErrNoProgress = errors.New("no progress of BuildKit in it; want what docker buildx build --progress rawjson " +
	"or docker buildx history logs --progress rawjson writes to stderr")

// Read reads the record of one build. Lines of plain text between, such as docker's warnings, are passed over. It keeps
// what the vertexes amount to and no line, so that the length of a record does not matter.
//
// The error is ErrNoProgress, that of the reader, or says which line is too long.
func Read(r io.Reader) (*Build, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	told := record{vertexes: map[string]*vertex{}}
	number := 0
	for lines.Scan() {
		number++
		told.line(lines.Bytes())
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d has more than %d MiB; BuildKit writes no such line", number+1, maxLine>>20)
	} else if err != nil {
		return nil, err
	}
	if len(told.order) == 0 {
		return nil, ErrNoProgress
	}
	return told.build(), nil
}

// A status is what is read of a line.
// Source: BuildKit v0.34.2, client/graph.go, SolveStatus and Vertex.
type status struct {
	Vertexes []vertexStatus `json:"vertexes"`
}

type vertexStatus struct {
	Digest    string  `json:"digest"`
	Name      *string `json:"name"`
	Cached    bool    `json:"cached"`
	Started   *string `json:"started"`
	Completed *string `json:"completed"`
	Error     *string `json:"error"`
}

// A record is what the lines have told so far.
type record struct {
	vertexes   map[string]*vertex // by digest
	order      []*vertex          // as they came
	start, end time.Time
	said       string // docker's last word on what went wrong
}

// A vertex is what the record has told of one so far.
type vertex struct {
	digest, name string
	cached       bool
	open         bool    // it runs
	failed       bool    // its last run did
	error        *string // the last that was told
	run          *string // when its last run started
	started      time.Time
	ended        time.Time     // when its last run did
	took         time.Duration // of all runs
	before       time.Duration // of those before the last
}

// vertexesKey is in every line that tells of a vertex. Most others tell what a command prints, in base64.
var vertexesKey = []byte(`"vertexes"`)

func (r *record) line(line []byte) {
	if text, ok := bytes.CutPrefix(line, []byte("ERROR: ")); ok {
		r.said = strings.TrimSpace(string(text))
	}
	if !bytes.Contains(line, vertexesKey) {
		return
	}
	var s status
	if json.Unmarshal(line, &s) != nil {
		return
	}
	for _, told := range s.Vertexes {
		v := r.vertexes[told.Digest]
		if v == nil {
			v = &vertex{digest: told.Digest}
			r.vertexes[told.Digest] = v
			r.order = append(r.order, v)
		}
		v.take(told)
		r.span(v, told)
	}
}

// take adds a status. A later one may say less than an earlier.
func (v *vertex) take(told vertexStatus) {
	if told.Name != nil {
		v.name = *told.Name
	}
	v.cached = v.cached || told.Cached
	if told.Error != nil {
		v.error = told.Error
	}
	if told.Started != nil {
		v.open = told.Completed == nil && !told.Cached
		v.failed = told.Error != nil
	}
}

// span adds the times of a status. A vertex may run more than once, and a run is told again when it ends.
func (r *record) span(v *vertex, told vertexStatus) {
	if told.Started == nil {
		return
	}
	if v.run == nil || *v.run != *told.Started {
		v.run, v.before = told.Started, v.took
	}
	start, ok := parse(told.Started)
	if !ok {
		return
	}
	v.started, r.start = earlier(v.started, start), earlier(r.start, start)
	end, ok := parse(told.Completed)
	if !ok || end.Before(start) {
		return
	}
	v.ended, v.took = end, v.before+end.Sub(start)
	if end.After(r.end) {
		r.end = end
	}
}

func parse(text *string) (t time.Time, ok bool) {
	if text == nil {
		return t, false
	}
	t, err := time.Parse(time.RFC3339, *text)
	return t, err == nil
}

// earlier is the earlier time of the two; zero is none.
func earlier(t, other time.Time) time.Time {
	if t.IsZero() || other.Before(t) {
		return other
	}
	return t
}

// The vertexes of the caches, whose errors need not fail the build.
// Source: BuildKit v0.34.2, solver/llbsolver/bridge.go, and Name in cache/remotecache.
var (
	importing = regexp.MustCompile(`^importing cache manifest`)
	exporting = regexp.MustCompile(`^exporting (cache|inline cache|to GitHub Actions Cache)`)
)

// build is what the record amounts to. What failed first is why the build did: BuildKit then cancels what runs beside it,
// which ends with an error, too.
func (r *record) build() *Build {
	b := &Build{Failure: r.said}
	if r.end.After(r.start) {
		b.Took = r.end.Sub(r.start)
	}
	var failed *vertex
	for _, v := range r.order {
		b.Unfinished = b.Unfinished || v.open
		switch {
		case importing.MatchString(v.name):
			b.ImportErrors = v.cacheErrors(b.ImportErrors)
		case exporting.MatchString(v.name):
			b.ExportErrors = v.cacheErrors(b.ExportErrors)
		case v.failed && (failed == nil || v.ended.Before(failed.ended)):
			failed = v
		}
		if file, ok := strings.CutPrefix(v.name, "[internal] load build definition from "); ok {
			b.Dockerfile = file
		}
	}
	if failed != nil {
		b.Failure, b.FailedAt = failed.name+": "+*failed.error, failed.name
	}
	b.Steps = r.steps(failed == nil && !b.Unfinished)
	return b
}

func (v *vertex) cacheErrors(all []CacheError) []CacheError {
	if v.error != nil {
		all = append(all, CacheError{v.name, *v.error})
	}
	return all
}

// steps are the steps of the build. The steps before one that is cached may never be looked at: in a finished build a step
// that never started costs nothing.
func (r *record) steps(finished bool) (steps []Step) {
	at, started := map[string]int{}, map[string]bool{}
	for _, v := range r.order {
		if !stepName.MatchString(v.name) {
			continue
		}
		i, ok := at[v.name]
		if !ok {
			i = len(steps)
			at[v.name] = i
			steps = append(steps, Step{Name: v.name})
		}
		steps[i].add(v)
		started[v.name] = started[v.name] || v.run != nil
	}
	for i := range steps {
		steps[i].Cached = steps[i].Cached || finished && !started[steps[i].Name]
	}
	return steps
}

// add adds a vertex to the step that has its name.
func (s *Step) add(v *vertex) {
	s.Digests = append(s.Digests, v.digest)
	s.Cached = s.Cached || v.cached
	s.Failed = s.Failed || v.failed || v.open
	s.Took += v.took
	if !v.started.IsZero() {
		s.Started = earlier(s.Started, v.started)
	}
}
