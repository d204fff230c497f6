package templates

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A hit is what cache-hit.jq says of a build.
type hit struct {
	Total        int      `json:"steps_total"`
	Cached       int      `json:"steps_cached"`
	Misses       []string `json:"misses"`
	ImportErrors []string `json:"import_errors"`
	ExportErrors []string `json:"export_errors"`
	Rate         *float64 `json:"hit_rate"`
}

// count runs cache-hit.jq on a stream of BuildKit.
func count(t *testing.T, stream string) (h hit) {
	t.Helper()
	needs(t, "jq")
	cmd := exec.Command("jq", "-nR", "-f", "scripts/lib/cache-hit.jq")
	cmd.Stdin = strings.NewReader(stream)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("jq: %v\n%s", err, out)
	}
	if err := json.Unmarshal(out, &h); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return h
}

// The steps of the recorded image: real streams of BuildKit, of a build without a cache and of the next one.
var recordedSteps = []string{
	"[dev 2/5] COPY --from=tools /tools.txt /opt/",
	"[tools 3/3] RUN dd if=/dev/zero of=/big1 bs=1M count=5 2>/dev/null",
	"[tools 2/3] RUN echo tools > /tools.txt && sleep 1",
	"[dev 5/5] WORKDIR /workspaces",
	"[dev 4/5] RUN echo final > /final.txt",
	"[dev 3/5] COPY --from=sdk /sdk.txt /opt/",
	"[sdk 4/4] COPY . /src/all/",
	"[sdk 3/4] RUN echo sdk $(cat /src/global.json) > /sdk.txt && sleep 1",
	"[sdk 2/4] COPY global.json /src/",
}

func rate(percent float64) *float64 { return &percent }

func TestCacheHit(t *testing.T) {
	none := []string{}
	for _, row := range []struct {
		name, stream string
		want         hit
	}{
		{"cold", contents(t, "testdata/cold.json"), hit{9, 0, recordedSteps, none, none, rate(0)}},
		{"warm", contents(t, "testdata/warm.json"), hit{9, 9, none, none, none, rate(100)}},
		{"no steps", `{"vertexes":[{"digest":"a","name":"[1/1] FROM debian:13"},{"digest":"b","name":"[internal] load metadata"}]}`,
			hit{0, 0, none, none, none, nil}},
		{"nothing", ``, hit{0, 0, none, none, none, nil}},
		{"a cache that is not there", `{"vertexes":[{"digest":"a","name":"importing cache manifest from x:amd64"}]}
{"vertexes":[{"digest":"a","name":"importing cache manifest from x:amd64","error":"not found"}]}
{"vertexes":[{"digest":"b","name":"[2/2] RUN a","cached":true}]}`,
			hit{1, 1, none, []string{"importing cache manifest from x:amd64"}, none, rate(100)}},
		{"a cache that is there", `{"vertexes":[{"digest":"a","name":"importing cache manifest from x:amd64"}]}`, hit{0, 0, none, none, none, nil}},
		// A status that comes later may say less than an earlier one.
		{"cached in one status of several", `{"vertexes":[{"digest":"a","name":"[2/2] RUN a"}]}
{"vertexes":[{"digest":"a","name":"[2/2] RUN a","cached":true}]}
{"vertexes":[{"digest":"a"}]}
{"statuses":[{"id":"x","vertex":"a"}]}`, hit{1, 1, none, none, none, rate(100)}},
		// Two builds at the same time: the steps of one get the digests of the other's.
		{"shared with another build", `{"vertexes":[{"digest":"a","name":"[2/3] RUN a"},{"digest":"b","name":"[3/3] RUN b"}]}
{"vertexes":[{"digest":"c","name":"[2/3] RUN a","started":"t","cached":true},{"digest":"d","name":"[3/3] RUN b","started":"t"}]}`, hit{2, 1, []string{"[3/3] RUN b"}, none, none, rate(50)}},
		{"not looked at", `{"vertexes":[{"digest":"a","name":"[2/3] RUN a"},{"digest":"b","name":"[3/3] RUN b"}]}
{"vertexes":[{"digest":"c","name":"[3/3] RUN b","started":"t","cached":true}]}`, hit{2, 2, none, none, none, rate(100)}},
		{"what counts as a step", steps("[2/9] RUN a", "[dev 3/9] COPY a b", "[linux/amd64 dev 4/9] ADD a b", "[dev  5/10] WORKDIR /a",
			"[ 6/10] RUN b", "[dev 1/9] FROM x", "[internal] load .dockerignore", "[auth] x", "exporting to image", "[dev 7/9] RUNNER x"),
			hit{5, 0, []string{"[2/9] RUN a", "[dev 3/9] COPY a b", "[linux/amd64 dev 4/9] ADD a b", "[dev  5/10] WORKDIR /a", "[ 6/10] RUN b"}, none, none, rate(0)}},
		{"steps that the base image adds", steps("[2/3] ONBUILD RUN a", "[3/3] ONBUILD ENV a=b", "[3/3] RUN b"),
			hit{2, 0, []string{"[2/3] ONBUILD RUN a", "[3/3] RUN b"}, none, none, rate(0)}},
		{"text between", "WARN: no output\n" + steps("[2/2] RUN a") + "null\n12\n\"x\"\n[]\n{\nERROR: failed\n", hit{1, 0, []string{"[2/2] RUN a"}, none, none, rate(0)}},
		// What a failed build did not come to was not saved.
		{"failed", `{"vertexes":[{"digest":"a","name":"[2/3] RUN a"},{"digest":"b","name":"[3/3] RUN b"}]}
{"vertexes":[{"digest":"a","started":"t"}]}
{"vertexes":[{"digest":"a","started":"t","completed":"t","error":"exit code: 1"}]}`, hit{2, 0, []string{"[2/3] RUN a", "[3/3] RUN b"}, none, none, rate(0)}},
		{"cut off", `{"vertexes":[{"digest":"a","name":"[2/3] RUN a"},{"digest":"b","name":"[3/3] RUN b"}]}
{"vertexes":[{"digest":"a","started":"t"}]}`, hit{2, 0, []string{"[2/3] RUN a", "[3/3] RUN b"}, none, none, rate(0)}},
		{"exports that failed", `{"vertexes":[{"digest":"a","name":"exporting to GitHub Actions Cache","started":"t","completed":"t","error":"e"}]}
{"vertexes":[{"digest":"b","name":"exporting cache to registry","started":"t","completed":"t","error":"e"},{"digest":"c","name":"[2/2] RUN a"}]}`,
			hit{1, 1, none, none, []string{"exporting to GitHub Actions Cache", "exporting cache to registry"}, rate(100)}},
	} {
		t.Run(row.name, func(t *testing.T) { equal(t, "hit", count(t, row.stream), row.want) })
	}
}

// steps is a stream of vertexes that were not cached.
func steps(names ...string) string {
	var b strings.Builder
	for i, name := range names {
		vertex, _ := json.Marshal(map[string]string{"digest": string(rune('a' + i)), "name": name, "started": "t"}) // strings cannot fail
		b.WriteString(`{"vertexes":[` + string(vertex) + "]}\n")
	}
	return b.String()
}

// cacheReport runs ci/cache-report.sh, in the layout of a checkout, behind a docker that replays a stream as buildx
// does: on standard error and among warnings.
func cacheReport(t *testing.T, stream, build, digest string) (r result, calls, report string) {
	t.Helper()
	needs(t, "bash", "jq")
	checkout, file := t.TempDir(), filepath.Join(t.TempDir(), "report.json")
	write(t, filepath.Join(checkout, "scripts/ci/cache-report.sh"), Script("scripts/ci/cache-report.sh"))
	write(t, filepath.Join(checkout, "scripts/lib/cache-hit.jq"), Script("scripts/lib/cache-hit.jq"))
	docker, called := fakeDocker(t, `case "$*" in
*inspect*) echo '{"Duration": 62400000001, "NumTotalSteps": 16}' ;;
*logs*) { echo 'WARN: no output specified'; cat "$STREAM"; echo '"a line that is no object"'; } >&2 ;;
esac
`)
	stream, err := filepath.Abs(stream)
	if err != nil {
		t.Fatal(err)
	}
	r = script{dir: checkout, path: []string{docker}, args: []string{"scripts/ci/cache-report.sh"}, env: map[string]string{
		"BUILDER": "b1", "BUILD": build, "PLATFORM": "linux/amd64", "CACHE_MODE": "max", "DIGEST": digest,
		"REPORT": file, "STREAM": stream,
	}}.run(t)
	return r, called(), contents(t, file)
}

func TestCacheReport(t *testing.T) {
	r, calls, text := cacheReport(t, "testdata/warm.json", "b1/b1-0/ref42", "sha256:aa")
	r.succeeds(t)
	equal(t, "the log", r.stdout, "linux/amd64: 9 of 9 steps cached in 63 s\n")
	equal(t, "the calls of docker", calls,
		"buildx history inspect --builder b1 ref42 --format json\nbuildx history logs --builder b1 --progress rawjson ref42\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	equal(t, "the report", got, map[string]any{
		"platform": "linux/amd64", "seconds": 63.0, "cache_mode": "max", "digest": "sha256:aa",
		"steps_total": 9.0, "steps_cached": 9.0, "misses": []any{}, "import_errors": []any{}, "export_errors": []any{}, "hit_rate": 100.0,
	})
}

func TestCacheReportTellsWhatRan(t *testing.T) {
	r, _, _ := cacheReport(t, "testdata/cold.json", "b1/b1-0/ref42", "")
	r.succeeds(t)
	equal(t, "the log", r.stdout,
		"linux/amd64: 0 of 9 steps cached in 63 s\n  ran: "+strings.Join(recordedSteps, "\n  ran: ")+"\n")
}

func TestCacheReportWithoutABuild(t *testing.T) {
	r, calls, report := cacheReport(t, "testdata/warm.json", "", "")
	if r.code == 0 || !strings.Contains(r.stderr, "the build has no reference") {
		t.Errorf("exit code %d, %s; want a failure that says why", r.code, r.stderr)
	}
	equal(t, "the calls of docker", calls, "")
	equal(t, "the report", report, "")
}

func TestCacheReportNeedsItsVariables(t *testing.T) {
	needs(t, "bash")
	for _, name := range []string{"BUILDER", "BUILD", "PLATFORM", "CACHE_MODE", "REPORT"} {
		env := map[string]string{"BUILDER": "b", "BUILD": "b/b0/r", "PLATFORM": "p", "CACHE_MODE": "max", "REPORT": os.DevNull}
		delete(env, name)
		r := script{env: env, args: []string{"scripts/ci/cache-report.sh"}}.run(t)
		if r.code == 0 || !strings.Contains(r.stderr, name) {
			t.Errorf("without %s: exit code %d, %s; want a failure that names it", name, r.code, r.stderr)
		}
	}
}
