package templates

import (
	"path/filepath"
	"testing"
)

// verifyCache runs the step with a script that leaves summary and ends with code.
func verifyCache(t *testing.T, summary, code string) (r result, called, shown string) {
	t.Helper()
	needs(t, "bash", "jq")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tests/verify.sh"), `#!/usr/bin/env bash
printf '%s\n' "$*" >called
while [ "$1" != --json ]; do shift; done
[ -z "$SUMMARY" ] || printf '%s' "$SUMMARY" >"$2"
echo "1..4"
exit `+code+"\n")
	shownFile := filepath.Join(dir, "summary.md")
	r = runStep(t, "verify-cache", script{dir: dir, env: map[string]string{
		"DEVGEN_SCRIPT": "tests/verify.sh", "DEVGEN_PLATFORM": "linux/amd64", "DEVGEN_CACHE": "ghcr.io/acme/app-cache", "DEVGEN_REPORT": filepath.Join(dir, "report.json"),
		"SUMMARY": summary, "GITHUB_STEP_SUMMARY": shownFile,
	}})
	return r, contents(t, filepath.Join(dir, "called")), contents(t, shownFile)
}

const verified = `{"version":1,"suite":"verify-registry-cache","tests":[
{"id":"TEST-PERF-006-A","description":"the registry answers","result":"pass"},
{"id":"TEST-PERF-006-D","description":"its steps come from the cache","result":"fail"}],
"values":{"seconds":12.5,"steps_total":4,"steps_cached":3,"misses":["[2/2] RUN echo ` + "`id`" + ` | tee x"]}}`

const shownVerified = `## Registry cache: linux/amd64

| test | result |
| --- | --- |
| TEST-PERF-006-A: the registry answers | pass |
| TEST-PERF-006-D: its steps come from the cache | fail |

3 of 4 steps from the cache in 12.5 s on a builder that had nothing.

<details><summary>steps that ran</summary>

- ` + "`[2/2] RUN echo id | tee x`" + `

</details>
`

// The verdict is the script's, and the summary is shown whatever it is.
func TestVerifyCacheStep(t *testing.T) {
	for _, code := range []string{"0", "1"} {
		r, called, shown := verifyCache(t, verified, code)
		equal(t, "exit code", r.code, int(code[0]-'0'))
		equal(t, "standard output", r.stdout, "1..4\n")
		equal(t, "the summary", shown, shownVerified)
		if want := "--enforce --platform linux/amd64 --cache-repository ghcr.io/acme/app-cache --json "; len(called) < len(want) || called[:len(want)] != want {
			t.Errorf("the script was called with %q, want %q and a file", called, want)
		}
	}
}

// Where nothing was built there are tests and no figures.
func TestVerifyCacheStepWithoutABuild(t *testing.T) {
	r, _, shown := verifyCache(t, `{"tests":[{"id":"TEST-PERF-006-B","description":"the cache is there","result":"fail"}],"values":{}}`, "1")
	r.fails(t, 1, "")
	equal(t, "the summary", shown, "## Registry cache: linux/amd64\n\n| test | result |\n| --- | --- |\n| TEST-PERF-006-B: the cache is there | fail |\n")
}

func TestVerifyCacheStepWithoutASummary(t *testing.T) {
	r, _, shown := verifyCache(t, "", "1")
	r.fails(t, 1, "1..4")
	equal(t, "the summary", shown, "")
}
