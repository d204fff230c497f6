package templates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDigest(t *testing.T) {
	needs(t, "bash")
	dir, hex := t.TempDir(), strings.Repeat("ab", 32)
	runStep(t, "digest", script{dir: dir, env: map[string]string{"DIGEST": "sha256:" + hex}}).succeeds(t)
	equal(t, "digests", listing(t, filepath.Join(dir, "digests")), []string{hex})
}

// A build that pushed nothing has no digest; the step must not hide that.
func TestDigestWithoutOne(t *testing.T) {
	needs(t, "bash")
	for _, env := range []map[string]string{nil, {"DIGEST": ""}} {
		if r := runStep(t, "digest", script{dir: t.TempDir(), env: env}); r.code == 0 {
			t.Errorf("DIGEST %q: exit code 0, want a failure", env["DIGEST"])
		}
	}
}

// merge runs the step on a checkout that holds digests.
func merge(t *testing.T, digests []string, metadata string) (r result, calls, output string) {
	t.Helper()
	needs(t, "bash", "jq")
	dir, outputFile := t.TempDir(), filepath.Join(t.TempDir(), "output")
	for _, d := range digests {
		write(t, filepath.Join(dir, "digests", d), "")
	}
	docker, called := fakeDocker(t, `case "$*" in *--format*) echo sha256:index ;; esac`)
	r = runStep(t, "merge", script{dir: dir, path: []string{docker}, env: map[string]string{
		"IMAGE": "ghcr.io/acme/app", "PLATFORMS": matrix, "METADATA": metadata, "GITHUB_OUTPUT": outputFile,
	}})
	return r, called(), contents(t, outputFile)
}

func TestMerge(t *testing.T) {
	r, calls, output := merge(t, []string{"aa", "bb"}, `{"tags":["ghcr.io/acme/app:main","ghcr.io/acme/app:latest"]}`)
	r.succeeds(t)
	equal(t, "the calls of docker", calls, `buildx imagetools create --tag ghcr.io/acme/app:main --tag ghcr.io/acme/app:latest ghcr.io/acme/app@sha256:aa ghcr.io/acme/app@sha256:bb
buildx imagetools inspect ghcr.io/acme/app:main
buildx imagetools inspect ghcr.io/acme/app:main --format {{.Manifest.Digest}}
`)
	equal(t, "GITHUB_OUTPUT", output, "digest=sha256:index\n")
}

// Half an image must not get a tag.
func TestMergeRefuses(t *testing.T) {
	const tags = `{"tags":["ghcr.io/acme/app:main"]}`
	for _, row := range []struct {
		name     string
		digests  []string
		metadata string
		message  string
	}{
		{"a platform too few", []string{"aa"}, tags, "::error::expected the digests of 2 platforms, got 1"},
		{"a platform too many", []string{"aa", "bb", "cc"}, tags, "::error::expected the digests of 2 platforms, got 3"},
		{"no digests", nil, tags, "digests"},
		{"no tag", []string{"aa", "bb"}, `{"tags":[]}`, "::error::no tag applies to this run"},
		{"no tags at all", []string{"aa", "bb"}, `{}`, "::error::no tag applies to this run"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, calls, output := merge(t, row.digests, row.metadata)
			r.fails(t, 1, row.message)
			equal(t, "the calls of docker", calls, "")
			equal(t, "GITHUB_OUTPUT", output, "")
		})
	}
}

func TestMergeFailsWithDocker(t *testing.T) {
	needs(t, "bash", "jq")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "digests", "aa"), "")
	docker, _ := fakeDocker(t, "exit 3\n")
	r := runStep(t, "merge", script{dir: dir, path: []string{docker}, env: map[string]string{
		"IMAGE": "x", "PLATFORMS": `[{}]`, "METADATA": `{"tags":["x:y"]}`, "GITHUB_OUTPUT": os.DevNull,
	}})
	if r.code == 0 {
		t.Error("exit code 0 though docker failed")
	}
}

const (
	warmAMD64 = `{"platform":"linux/amd64","seconds":63,"cache_mode":"max","digest":"sha256:aa","steps_total":9,"steps_cached":9,"misses":[],"import_errors":[],"export_errors":[],"hit_rate":100}`
	coldARM64 = `{"platform":"linux/arm64","seconds":200,"cache_mode":"max","digest":"","steps_total":3,"steps_cached":1,"misses":["[2/4] RUN a","[3/4] RUN b"],"import_errors":[],"export_errors":[],"hit_rate":33.333}`
	noSteps   = `{"platform":"linux/amd64","seconds":5,"cache_mode":"none","digest":"","steps_total":0,"steps_cached":0,"misses":[],"import_errors":[],"export_errors":[],"hit_rate":null}`
	noCaches  = `{"platform":"linux/amd64","seconds":5,"cache_mode":"max","digest":"","steps_total":1,"steps_cached":1,"misses":[],"import_errors":["importing cache manifest from x:amd64"],"export_errors":["exporting cache to registry"],"hit_rate":100}`
	backticks = "{\"platform\":\"linux/amd64\",\"seconds\":5,\"cache_mode\":\"max\",\"digest\":\"\",\"steps_total\":10,\"steps_cached\":9,\"misses\":[\"[2/2] RUN echo `id` | tee x\"],\"import_errors\":[],\"export_errors\":[],\"hit_rate\":90}"
)

const tableHead = `## Cache report

| platform | steps cached | hit rate | build time | cache mode | digest |
| --- | ---: | ---: | ---: | --- | --- |
`

const objective = "\nObjective for unchanged inputs: 95% of the steps in 180 s. Without a cache a build took 420 s.\n"

// report runs the step on reports, as a warm run or not.
func report(t *testing.T, enforce string, reports ...string) (r result, summary string) {
	t.Helper()
	needs(t, "bash", "jq")
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "summary")
	for i, text := range reports {
		write(t, filepath.Join(dir, "reports", string(rune('a'+i))+".json"), text)
	}
	r = runStep(t, "report", script{dir: dir, env: map[string]string{
		"HIT_RATE": "95", "HIT_RATE_FLOOR": "70", "WARM_SECONDS": "180", "COLD_SECONDS": "420",
		"ENFORCE": enforce, "GITHUB_STEP_SUMMARY": file,
		"PLATFORMS": "[" + strings.TrimSuffix(strings.Repeat("{},", max(1, len(reports))), ",") + "]",
	}})
	return r, contents(t, file)
}

func TestReport(t *testing.T) {
	for _, row := range []struct {
		name, report, stdout, summary string
	}{
		{"good", warmAMD64, "", tableHead +
			"| linux/amd64 | 9 of 9 | 100% | 63 s | max | `sha256:aa` |\n" + objective},
		{"below the floor", coldARM64, "::warning title=Cache::linux/arm64: 33% of the steps were cached, the floor is 70%\n", tableHead +
			"| linux/arm64 | 1 of 3 | 33% | 200 s | max | – |\n" + objective +
			"\n<details><summary>linux/arm64: steps that ran</summary>\n\n- `[2/4] RUN a`\n- `[3/4] RUN b`\n\n</details>\n"},
		{"a cache that could not be read", noCaches, "::notice title=Cache::linux/amd64: caches that were not there: 1\n::warning title=Cache::linux/amd64: caches that could not be written: 1\n", tableHead +
			"| linux/amd64 | 1 of 1 | 100% | 5 s | max | – |\n" + objective +
			"\n**linux/amd64: caches that were not there** (the first build of a branch has none)\n\n- `importing cache manifest from x:amd64`\n" +
			"\n**linux/amd64: caches that could not be written**\n\n- `exporting cache to registry`\n"},
		{"no steps", noSteps, "", tableHead + "| linux/amd64 | 0 of 0 | n/a | 5 s | none | – |\n" + objective},
		// A backtick would end the code, and what follows would be markup.
		{"backticks", backticks, "", tableHead + "| linux/amd64 | 9 of 10 | 90% | 5 s | max | – |\n" + objective +
			"\n<details><summary>linux/amd64: steps that ran</summary>\n\n- `[2/2] RUN echo id | tee x`\n\n</details>\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, summary := report(t, "false", row.report)
			r.succeeds(t)
			equal(t, "the log", r.stdout, row.stdout)
			equal(t, "the summary", summary, row.summary)
		})
	}
}

func TestReportOfSeveral(t *testing.T) {
	r, summary := report(t, "false", warmAMD64, coldARM64)
	r.succeeds(t)
	if want := "| 63 s | max | `sha256:aa` |\n| linux/arm64 |"; !strings.Contains(summary, want) {
		t.Errorf("the summary is\n%s\nwant one row a platform", summary)
	}
}

func TestReportEnforces(t *testing.T) {
	slow := strings.Replace(warmAMD64, `"seconds":63`, `"seconds":181`, 1)
	justSlow := strings.Replace(warmAMD64, `"seconds":63`, `"seconds":180`, 1)
	just := strings.Replace(warmAMD64, `"hit_rate":100`, `"hit_rate":95`, 1)
	for _, row := range []struct {
		name    string
		reports []string
		code    int
	}{
		{"good", []string{warmAMD64}, 0},
		{"just good enough", []string{just, justSlow}, 0},
		{"too slow", []string{slow}, 1},
		{"too few cached", []string{coldARM64}, 1},
		{"one of two", []string{warmAMD64, coldARM64}, 1},
		{"no steps", []string{noSteps}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, summary := report(t, "true", row.reports...)
			message := ""
			if row.code != 0 {
				message = "::error title=Cache::a warm build missed the objective of 95% in 180 s\n"
			}
			r.fails(t, row.code, message)
			if !strings.HasPrefix(summary, tableHead) {
				t.Errorf("no summary: a run that fails must show why")
			}
		})
	}
}

func TestReportWithoutReports(t *testing.T) {
	r, summary := report(t, "false")
	r.succeeds(t)
	equal(t, "the log", r.stdout, "::warning title=Cache::0 of 1 builds left a report\n")
	equal(t, "the summary", summary, "")

	// What cannot be measured does not keep the promise.
	r, _ = report(t, "true")
	r.fails(t, 1, "::warning title=Cache::0 of 1 builds left a report\n::error title=Cache::a warm build could not be measured\n")
}

// Every set is tried, also after one that Compose refuses: one run shows all.
func TestCompose(t *testing.T) {
	needs(t, "bash")
	docker, calls := fakeDocker(t, `echo "$COMPOSE_FILE" >>"${BASH_SOURCE[0]%/*}/calls"; [[ $COMPOSE_FILE != *broken* ]]`)
	r := runStep(t, "compose", script{dir: t.TempDir(), path: []string{docker}, env: map[string]string{
		"OPTION": "--no-interpolate", "SETS": "a.yml:broken.yml\na.yml\n",
	}})
	r.fails(t, 1, "::error title=Compose::docker compose refuses a.yml:broken.yml\naccepted: a.yml\n")
	const call = "compose config --quiet --no-interpolate\n"
	equal(t, "the calls of docker", calls(), call+"a.yml:broken.yml\n"+call+"a.yml\n")
	runStep(t, "compose", script{dir: t.TempDir(), path: []string{docker}, env: map[string]string{"SETS": "a.yml\n"}}).succeeds(t)
}
