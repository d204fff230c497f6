package measure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// read reads a record: a file, or what the lines of it say.
func read(t testing.TB, record string) *Build {
	t.Helper()
	b, err := Read(strings.NewReader(record))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func contents(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// recorded are the records of real builds: those of templates, of a project with three stages, and those of testdata.
func recorded(t testing.TB) (files []string) {
	t.Helper()
	for _, folder := range []string{"../templates/testdata", "testdata"} {
		found, err := filepath.Glob(folder + "/*.json")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 15 {
		t.Fatalf("only %q", files)
	}
	return files
}

func TestRecorded(t *testing.T) {
	const no = ""
	missing := []CacheError{{"importing cache manifest from localhost:5100/rep5/none:none",
		"failed to configure registry cache importer: localhost:5100/rep5/none:none: not found"}}
	for _, row := range []struct {
		file         string
		steps, hits  int
		first        string // missed step
		failure      string // begins like that
		unfinished   bool
		importErrors []CacheError
		exports      int // that failed
		dockerfile   string
	}{
		{"../templates/testdata/cold.json", 9, 0, "[tools 2/3] RUN echo tools > /tools.txt && sleep 1", no, false, nil, 0, "Dockerfile"},
		{"../templates/testdata/warm.json", 9, 9, no, no, false, nil, 0, "Dockerfile"},
		{"testdata/padded-cold.json", 14, 0, "[tools 2/4] RUN echo 1 >/1", no, false, nil, 0, "Dockerfile.padded"},
		{"testdata/padded-warm.json", 14, 14, no, no, false, nil, 0, "Dockerfile.padded"},
		{"testdata/platforms.json", 6, 0, "[linux/amd64 base 1/1] COPY amd64.txt /a", no, false, nil, 0, "Dockerfile.platforms"},
		{"testdata/onbuild.json", 3, 0, "[2/4] ONBUILD RUN echo child >/child", no, false, nil, 0, "Dockerfile.onbuild"},
		{"testdata/link.json", 2, 1, "[3/3] RUN echo 1", no, false, nil, 0, "Dockerfile.link"},
		{"testdata/shared-one.json", 4, 0, "[2/5] RUN sleep 1 # 3", no, false, nil, 0, "Dockerfile.shared"},
		{"testdata/shared-other.json", 4, 0, "[2/5] RUN sleep 1 # 3", no, false, nil, 0, "Dockerfile.shared"},
		{"testdata/failed.json", 3, 0, "[2/4] RUN echo fine >/fine", `[3/4] RUN echo no >&2 && exit 3: process "/bin/sh -c`, false, nil, 0, "Dockerfile.failed"},
		{"testdata/cancelled.json", 3, 0, "[2/4] RUN echo a >/a", "[3/4] RUN sleep 30: process", false, nil, 0, "Dockerfile.slow"},
		// What ran beside the step that failed ended with an error after it.
		{"testdata/beside.json", 4, 0, "[broken 2/2] RUN sleep 1 && exit 3", "[broken 2/2] RUN sleep 1 && exit 3: process", false, nil, 0, "Dockerfile.beside"},
		{"testdata/killed.json", 3, 1, "[3/4] RUN sleep 30", no, true, nil, 0, "Dockerfile.slow"},
		{"testdata/export-killed.json", 1, 0, "[2/2] RUN dd if=/dev/urandom of=/big bs=1M count=100", no, true, nil, 0, "Dockerfile.export"},
		{"testdata/import-missing.json", 3, 3, no, no, false, missing, 0, "Dockerfile.platforms"},
		// The vertexes of both are the same. That the export failed the build is in docker's last line.
		{"testdata/export-failed.json", 3, 3, no, "failed to build: failed to solve: error writing layer blob", false, nil, 1, "Dockerfile.platforms"},
		{"testdata/export-ignored.json", 3, 3, no, no, false, nil, 1, "Dockerfile.platforms"},
	} {
		t.Run(filepath.Base(row.file), func(t *testing.T) {
			b := read(t, contents(t, row.file))
			equal(t, "steps", len(b.Steps), row.steps)
			equal(t, "cached", b.Cached(), row.hits)
			first := ""
			if s := b.FirstMissed(); s != nil {
				first = s.Name
			}
			equal(t, "the first missed", first, row.first)
			if !strings.HasPrefix(b.Failure, row.failure) || row.failure == "" && b.Failure != "" {
				t.Errorf("it failed with %q, want %q", b.Failure, row.failure)
			}
			equal(t, "unfinished", b.Unfinished, row.unfinished)
			equal(t, "import errors", b.ImportErrors, row.importErrors)
			equal(t, "export errors", len(b.ExportErrors), row.exports)
			equal(t, "the Dockerfile", b.Dockerfile, row.dockerfile)
			if b.Took <= 0 || b.Took > time.Minute {
				t.Errorf("it took %v", b.Took)
			}
		})
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestImporting: as long as a cache is read, a step that did not start is not known to be in it.
func TestImporting(t *testing.T) {
	const importing = `{"vertexes":[{"digest":"a","name":"[2/2] RUN a"},{"digest":"b","name":"importing cache manifest from x","started":"2026-01-01T00:00:00Z"}]}
`
	b := read(t, importing)
	equal(t, "unfinished", b.Unfinished, true)
	equal(t, "cached", b.Cached(), 0)
	b = read(t, importing+`{"vertexes":[{"digest":"b","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:01Z","error":"not found"}]}`)
	equal(t, "unfinished", b.Unfinished, false)
	equal(t, "cached", b.Cached(), 1)
}

// TestTimes holds the durations: from the first start to the last end, and of a step that ran twice the sum.
func TestTimes(t *testing.T) {
	b := read(t, `{"vertexes":[{"digest":"a","name":"[1/2] FROM x","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:01Z"}]}
{"vertexes":[{"digest":"b","name":"[2/2] RUN a","started":"2026-01-01T00:00:02Z"}]}
{"vertexes":[{"digest":"b","started":"2026-01-01T00:00:02Z","completed":"2026-01-01T00:00:04.5Z"}]}
{"vertexes":[{"digest":"b","started":"2026-01-01T00:00:02Z","completed":"2026-01-01T00:00:04.5Z"}]}
{"vertexes":[{"digest":"b","started":"2026-01-01T01:00:05+01:00"}]}
{"vertexes":[{"digest":"b","started":"2026-01-01T01:00:05+01:00","completed":"2026-01-01T01:00:06+01:00"}]}
`)
	equal(t, "the build took", b.Took, 6*time.Second)
	equal(t, "the step took", b.Steps[0].Took, 3500*time.Millisecond)
	cold := read(t, contents(t, "../templates/testdata/cold.json"))
	for _, s := range cold.Steps {
		if strings.Contains(s.Name, "sleep 1") && (s.Took < time.Second || s.Took > 2*time.Second) {
			t.Errorf("%s took %v", s.Name, s.Took)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, row := range []struct{ name, record, want string }{
		{"nothing", "", ErrNoProgress.Error()},
		{"plain progress", "#1 [internal] load build definition\n#1 DONE 0.0s\n", ErrNoProgress.Error()},
		{"other JSON", "{\"a\": 1}\n[1, 2]\n\"vertexes\"\n{\"vertexes\":\n", ErrNoProgress.Error()},
		{"no vertex", `{"statuses":[{"id":"x","vertex":"a"}],"vertexes":[]}`, ErrNoProgress.Error()},
		{"a line without end", "x\n" + strings.Repeat("a", maxLine+1), "line 2 has more than 64 MiB; BuildKit writes no such line"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if b, err := Read(strings.NewReader(row.record)); err == nil || err.Error() != row.want {
				t.Errorf("%v, %v; want %s", b, err, row.want)
			}
		})
	}
}

func TestRateOfNothing(t *testing.T) {
	b := read(t, `{"vertexes":[{"digest":"a","name":"[1/1] FROM debian"}]}`)
	if percent, ok := b.Rate(); ok {
		t.Errorf("a build without steps has a rate of %v", percent)
	}
}

// A formula is what cache-hit.jq prints.
type formula struct {
	Total        int      `json:"steps_total"`
	Cached       int      `json:"steps_cached"`
	Misses       []string `json:"misses"`
	ImportErrors []string `json:"import_errors"`
	ExportErrors []string `json:"export_errors"`
	Rate         *float64 `json:"hit_rate"`
}

func formulaOf(b *Build) formula {
	f := formula{Total: len(b.Steps), Cached: b.Cached(), Misses: []string{}, ImportErrors: names(b.ImportErrors), ExportErrors: names(b.ExportErrors)}
	for _, s := range b.Steps {
		if !s.Cached {
			f.Misses = append(f.Misses, s.Name)
		}
	}
	if percent, ok := b.Rate(); ok {
		f.Rate = &percent
	}
	return f
}

func names(all []CacheError) []string {
	found := []string{}
	for _, e := range all {
		found = append(found, e.Name)
	}
	return found
}

// jq is what the scripts' formula says of a record.
func jq(t *testing.T, record string) (f formula) {
	t.Helper()
	cmd := exec.Command("jq", "-nR", "-f", "../templates/scripts/lib/cache-hit.jq")
	cmd.Stdin = strings.NewReader(record)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("jq: %v\n%s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, &f); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return f
}

// TestFormula holds this package and cache-hit.jq to one formula.
func TestFormula(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("jq is not installed")
	}
	for _, file := range recorded(t) {
		record := contents(t, file)
		equal(t, file, formulaOf(read(t, record)), jq(t, record))
	}
	odd := 0
	for seed := range uint64(60) {
		record := imagined(rand.New(rand.NewPCG(seed, 5)))
		got := formulaOf(read(t, record))
		if want := jq(t, record); !cmp.Equal(want, got) {
			t.Errorf("seed %d (-jq +go):\n%s\n%s", seed, cmp.Diff(want, got), record)
		}
		if 0 < got.Cached && got.Cached < got.Total {
			odd++
		}
	}
	if odd < 20 {
		t.Errorf("only %d of the imagined builds are cached in part", odd)
	}
}

// imagined is a record that no BuildKit wrote: vertexes that share names and digests, in any order, with text between.
func imagined(r *rand.Rand) string {
	names := []string{"[1/9] FROM debian", "[2/9] RUN a", "[2/9] RUN b", "[dev 2/9] COPY a b", "[linux/arm64 dev  3/12] ADD a b",
		"[ 4/12] WORKDIR /a", "[5/9] ONBUILD RUN a", "[6/9] ONBUILD ENV a", "[7/9] RUNNER x", "[8/9] RUN", "[internal] load build context",
		"importing cache manifest from x", "exporting cache to registry", "exporting to GitHub Actions Cache", "exporting to image", "x [2/9] RUN a",
		"[2/9]  RUN a", "[a b c 2/9] RUN \u2028 \x1b[31m", "[]] 2/9] RUN a", "é [2/9] RUN é"}
	pick := func(of int) bool { return r.IntN(of) == 0 }
	text := []string{"WARN: something", "", "null", "7", `"vertexes"`, `{"vertexes":null}`, `{"statuses":[{"vertex":"d1"}]}`, "{", `{"vertexes":[]}`, "ERROR: it failed", "{}{}"}
	whole := pick(2) // as a finished build ends
	var b strings.Builder
	for range 1 + r.IntN(40) {
		if pick(5) {
			b.WriteString(text[r.IntN(len(text))] + "\n")
			continue
		}
		var vertexes []map[string]any
		for range 1 + r.IntN(3) {
			v := map[string]any{"digest": fmt.Sprint("d", r.IntN(12))}
			if !pick(4) {
				v["name"] = names[r.IntN(len(names))]
			}
			if pick(4) {
				v["cached"] = !pick(3)
			}
			if pick(3) {
				v["started"] = "2026-01-01T00:00:00Z"
			}
			if whole || pick(2) {
				v["completed"] = "2026-01-01T00:00:01Z"
			}
			if pick(8) && !whole {
				v["error"] = "it failed"
			}
			if pick(9) {
				v[slices.Sorted(slices.Values([]string{"name", "started", "completed", "error", "cached"}))[r.IntN(5)]] = nil
			}
			vertexes = append(vertexes, v)
		}
		line, _ := json.Marshal(map[string]any{"vertexes": vertexes}) // maps of strings cannot fail
		b.WriteString(string(line) + "\n")
	}
	return b.String() + `{"vertexes":[{"digest":"d0"}]}`
}

func TestSaving(t *testing.T) {
	cold, warm := read(t, contents(t, "../templates/testdata/cold.json")), read(t, contents(t, "../templates/testdata/warm.json"))
	var whole time.Duration
	for _, s := range cold.Steps {
		whole += s.Took
	}
	// The digests of six of the nine steps differ: they are built upon files of the build context.
	equal(t, "warm", warm.Saving(Cold(cold)), Saving{Saved: whole, Whole: whole, Known: 9, Steps: 9})
	equal(t, "cold", cold.Saving(Cold(cold)), Saving{Whole: whole, Known: 9, Steps: 9})
	equal(t, "nothing known", warm.Saving(Cold(warm)), Saving{Steps: 9})
	for _, row := range []struct {
		name    string
		saving  Saving
		percent float64
		ok      bool
	}{
		{"all", warm.Saving(Cold(cold)), 100, true},
		{"nothing", cold.Saving(Cold(cold)), 0, true},
		{"a third", Saving{time.Second, 3 * time.Second, 2, 2}, 100. / 3, true},
		{"one is not known", Saving{time.Second, 3 * time.Second, 1, 2}, 0, false},
		{"no steps", Saving{}, 0, false},
	} {
		percent, ok := row.saving.Percent()
		equal(t, row.name, percent, row.percent)
		equal(t, row.name+", known", ok, row.ok)
	}
}

// TestCold: only what ran to its end tells how long a step takes, and the first build that ran it counts.
func TestCold(t *testing.T) {
	failed := read(t, contents(t, "testdata/failed.json"))
	killed := read(t, contents(t, "testdata/killed.json"))
	d := Cold(failed, killed)
	if took, ok := d["[2/4] RUN echo fine >/fine"]; !ok || took <= 0 {
		t.Errorf("the step before the failure took %v, %v", took, ok)
	}
	for _, name := range []string{"[3/4] RUN echo no >&2 && exit 3", "[4/4] RUN echo never >/never", "[3/4] RUN sleep 30", "[2/4] RUN echo a >/a"} {
		if took, ok := d[name]; ok {
			t.Errorf("%s is said to take %v", name, took)
		}
	}
	step := func(seconds int) *Build {
		return read(t, fmt.Sprintf(`{"vertexes":[{"digest":"a","name":"[2/2] RUN a","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:%02dZ"}]}`, seconds))
	}
	equal(t, "of two", Cold(step(2), step(3))["a"], 2*time.Second)
}

// FuzzProgress holds that no record breaks its reader, and that it keeps less than it reads.
func FuzzProgress(f *testing.F) {
	for _, file := range recorded(f) {
		f.Add([]byte(contents(f, file)))
	}
	f.Add([]byte(`{"vertexes":[{"digest":"a","name":"[2/2] RUN a","started":"9999-12-31T23:59:59Z","completed":"0001-01-01T00:00:00Z","error":""}]}`))
	f.Add([]byte(`{"vertexes":[{},null,{"name":null,"error":"x","started":"t"}]}`))
	f.Fuzz(func(t *testing.T, record []byte) {
		b, err := Read(bytes.NewReader(record))
		if err != nil {
			return
		}
		kept := 0
		for _, s := range b.Steps {
			kept += len(s.Name)
			if s.Took < 0 {
				t.Errorf("%q took %v", s.Name, s.Took)
			}
		}
		if kept > len(record) {
			t.Errorf("of %d bytes %d are kept", len(record), kept)
		}
		if percent, ok := b.Rate(); ok != (len(b.Steps) > 0) || percent < 0 || percent > 100 {
			t.Errorf("%v %%, %v", percent, ok)
		}
		if (b.FirstMissed() == nil) != (b.Cached() == len(b.Steps)) {
			t.Errorf("the first missed is %v, %d of %d are cached", b.FirstMissed(), b.Cached(), len(b.Steps))
		}
		if s := b.Saving(Cold(b)); s.Saved != 0 {
			t.Errorf("a build saves %v of itself", s.Saved)
		}
	})
}

// lines is a record of n lines: a long build, most of which is what its commands print.
func lines(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"vertexes":[{"digest":"sha256:00","name":"[2/2] RUN make","started":"2026-01-01T00:00:00.000000001Z"}]}` + "\n")
	for i := 1; i < n-1; i++ {
		switch i % 10 {
		case 0:
			fmt.Fprintf(&b, `{"vertexes":[{"digest":"sha256:%02d","inputs":["sha256:00"],"name":"[stage %2d/50] RUN make part%[1]d","started":"2026-01-01T00:00:00.000000001Z","completed":"2026-01-01T00:00:01.5Z"}]}`, i/10%50, 2+i/10%50)
		default:
			fmt.Fprintf(&b, `{"logs":[{"vertex":"sha256:00","stream":1,"data":"Q29tcGlsaW5nIGEgZmlsZSB3aXRoIGEgbG9uZyBuYW1lLCBmb3IgZXhhbXBsZSAvdXNyL3NyYy9tYWluLmMgLi4u","timestamp":"2026-01-01T00:00:00.%09dZ"}]}`, i)
		}
		b.WriteByte('\n')
	}
	b.WriteString(`{"vertexes":[{"digest":"sha256:00","started":"2026-01-01T00:00:00.000000001Z","completed":"2026-01-01T00:01:00Z"}]}` + "\n")
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("%d lines", n), func(b *testing.B) {
			record := lines(n)
			b.SetBytes(int64(len(record)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(bytes.NewReader(record)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
