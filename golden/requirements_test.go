package golden

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirements/document.txt is the requirement document of the shipped example, byte for byte as it came: mis-encoded,
// and cut off in the middle of its last script, which it shows twice.
const documentSum = "c7e01fe29a94990cccd98a826f3818f16b3131edf88acea8e862593383e9c1f4"

// pending are the items of scripts that are not built yet, by the script that is to answer them. Building one takes its
// items out of here: into the script, or with a reason into docs/deviations.md.
var pending = []string{
	// The sizes that manage-volumes.sh is to compare with.
	`NuGet packages lost on container rebuild (1.5GB)`,
	`npm packages lost on container rebuild (500MB)`,
	`Build artifacts lost on container rebuild (2GB)`,
	`VS Code extensions reinstalled every time (200MB)`,
	// use-registry-cache.sh
	`TAG-PERF-006-LOCAL-SCRIPT`,
	`TAG-PERF-006-LOCAL-AUTH`,
	`TAG-PERF-006-LOCAL-PULL`,
	`TAG-PERF-006-LOCAL-BUILD`,
	`TAG-PERF-006-LOCAL-COMPOSE`,
	`use-registry-cache.sh: REGISTRY="ghcr.io"`,
	`use-registry-cache.sh: IMAGE_NAME="microsoft/aspire-devcontainer"`,
	`use-registry-cache.sh: CACHE_TAG="cache"`,
	`use-registry-cache.sh: docker pull --platform=$PLATFORM $REGISTRY/$IMAGE_NAME:$CACHE_TAG-$ARCH`,
	`use-registry-cache.sh: docker pull --platform=$PLATFORM $REGISTRY/$IMAGE_NAME:latest-$ARCH`,
	`use-registry-cache.sh: --cache-from=type=registry,ref=$REGISTRY/$IMAGE_NAME:$CACHE_TAG-$ARCH`,
	`use-registry-cache.sh: --cache-from=type=registry,ref=$REGISTRY/$IMAGE_NAME:latest-$ARCH`,
	`use-registry-cache.sh: --cache-to=type=inline`,
	`use-registry-cache.sh: --tag aspire-devcontainer:local`,
	// verify-registry-cache.sh
	`TAG-PERF-006-TEST`,
	`verify-registry-cache.sh: TEST-PERF-006-A`,
	`verify-registry-cache.sh: grep -q "401"`,
	`verify-registry-cache.sh: TEST-PERF-006-B`,
	`verify-registry-cache.sh: manifest inspect ghcr.io/microsoft/aspire-devcontainer:cache-amd64`,
	`verify-registry-cache.sh: TEST-PERF-006-C`,
	`verify-registry-cache.sh: --cache-from=type=registry,ref=ghcr.io/microsoft/aspire-devcontainer:cache-amd64`,
	`verify-registry-cache.sh: --tag test:registry-cache`,
	`verify-registry-cache.sh: /tmp/registry-build.log`,
	`verify-registry-cache.sh: -lt 180`,
	`verify-registry-cache.sh: TEST-PERF-006-D`,
	`verify-registry-cache.sh: -gt 70`,
	// manage-volumes.sh
	`TAG-PERF-007-SCRIPT`,
	`TAG-PERF-007-INIT`,
	`TAG-PERF-007-STATUS`,
	`TAG-PERF-007-CLEAN`,
	`TAG-PERF-007-BACKUP`,
	`TAG-PERF-007-RESTORE`,
	`TAG-PERF-007-OPTIMIZE`,
	`manage-volumes.sh: ${HOME}/.aspire-devcontainer`,
	`manage-volumes.sh: PROJECT_NAME="aspire"`,
	`manage-volumes.sh: $VOLUME_BASE_DIR/nuget-packages`,
	`manage-volumes.sh: $VOLUME_BASE_DIR/dotnet-tools`,
	`manage-volumes.sh: $VOLUME_BASE_DIR/vscode-server`,
	`manage-volumes.sh: $VOLUME_BASE_DIR/bash-history`,
	`manage-volumes.sh: chmod -R 755`,
	`manage-volumes.sh: $VOLUME_BASE_DIR/bash-history/.bash_history`,
	`manage-volumes.sh: $VOLUME_BASE_DIR/vscode-server/extensions`,
	`manage-volumes.sh: -n 1`,
	`manage-volumes.sh: -mindepth 2`,
	`manage-volumes.sh: --checkpoint=1000`,
	`manage-volumes.sh: -mtime +30`,
	// verify-volumes.sh
	`TAG-PERF-007-TEST`,
	`verify-volumes.sh: TEST-PERF-007-A`,
	`verify-volumes.sh: ${HOME}/.aspire-devcontainer`,
	`verify-volumes.sh: TEST-PERF-007-B`,
	`verify-volumes.sh: TEST-PERF-007-C`,
	`verify-volumes.sh: /home/vscode/.nuget/packages/test`,
	`verify-volumes.sh: TEST-PERF-007-D`,
	`verify-volumes.sh: bs=1M`,
	`verify-volumes.sh: count=100`,
	`verify-volumes.sh: /workspaces/aspire/obj/test.bin`,
	// lib/core.sh
	`TAG-ARCH-001-CORE`,
	`TAG-ARCH-001-CONSTANTS`,
	`TAG-ARCH-001-LOGGING`,
	`TAG-ARCH-001-ERROR-HANDLING`,
	`TAG-ARCH-001-METRICS`,
	`core.sh: /tmp/devcontainer-logs`,
	`core.sh: /tmp/devcontainer-metrics`,
	`core.sh: LOG_ERROR=1`,
	`core.sh: LOG_WARN=2`,
	`core.sh: LOG_INFO=3`,
	`core.sh: LOG_DEBUG=4`,
	`core.sh: LOG_TRACE=5`,
}

// TestRequirements holds the outputs of this repository against the requirement document. Everything that the document
// says and that can be found by rule (extract_test.go) must be in the outputs, or be excused by a row of
// docs/deviations.md, or be pending.
func TestRequirements(t *testing.T) {
	document := readFile(t, "requirements/document.txt")
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(document))); sum != documentSum {
		t.Fatalf("requirements/document.txt is not the document that came: %s", sum)
	}
	items := extract(t, document)
	if len(items) != itemCount {
		t.Errorf("%d items in the document, want %d", len(items), itemCount)
	}
	for _, m := range tagName.FindAllStringSubmatch(document, -1) {
		if !slices.ContainsFunc(items, func(i item) bool { return i.name == m[1] }) {
			t.Errorf("%s was overlooked", m[0])
		}
	}
	out := readOutputs(t)
	rows, problems := deviations(readFile(t, "../docs/deviations.md"), readFile(t, "../docs/defects.md"))
	for _, problem := range append(problems, hold(t, items, out, rows)...) {
		t.Error(problem)
	}
}

// hold is everything that is wrong between the items, the outputs and the excuses.
func hold(t *testing.T, items []item, out outputs, rows []deviation) (problems []string) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, i := range items {
		met := out.meets(t, i)
		waits := slices.Contains(pending, i.name)
		var excuses []deviation
		for _, row := range rows {
			if row.excuses(i) {
				excuses = append(excuses, row)
			}
		}
		switch {
		case met && waits:
			report("document.txt:%d: %s is there: take it out of pending", i.line, i.name)
		case met && excuses != nil:
			report("docs/deviations.md:%d: %s is there after all", excuses[0].line, i.name)
		case waits && excuses != nil:
			report("docs/deviations.md:%d: %s is pending too", excuses[0].line, i.name)
		case !met && !waits && excuses == nil:
			report("document.txt:%d: %s is in no output, and no deviation says why", i.line, i.name)
		}
	}
	for _, name := range pending {
		if !slices.ContainsFunc(items, func(i item) bool { return i.name == name }) {
			report("pending: %s is not in the document", name)
		}
	}
	for _, row := range rows {
		problems = append(problems, row.check(items, out)...)
	}
	return problems
}

// outputs are the generated files of this repository, by path.
type outputs map[string]output

// An output is one of them.
type output struct {
	text   string
	fields []string // of YAML
}

func newOutput(t *testing.T, path, text string) output {
	o := output{text: text}
	if strings.HasSuffix(path, ".yml") {
		for _, f := range fields(t, text) {
			o.fields = append(o.fields, f.name)
		}
	}
	return o
}

// readOutputs reads what the manifest names. That the files are fresh is the business of TestCases and CI.
func readOutputs(t *testing.T) outputs {
	out := outputs{}
	for line := range strings.Lines(readFile(t, "../.devcontainer/devgen.manifest")) {
		if f := strings.Fields(line); len(f) == 3 && len(f[1]) == 64 {
			out[f[2]] = newOutput(t, f[2], readFile(t, "../"+f[2]))
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d outputs", len(out))
	}
	return out
}

// renamed are the jobs of the document and those that do their work.
var renamed = map[string][]string{
	"jobs.setup.":           {"jobs.plan."},
	"jobs.build-and-cache.": {"jobs.build.", "jobs.merge."},
}

// goals are the lines that answer the quantities of the prose.
var goals = map[string]string{
	"Automated prebuild pipeline with 95% cache hit rate": "HIT_RATE: '95'",
	"7+ minute builds for each team member":               "COLD_SECONDS: '420'",
}

// inline is a configuration that the document writes into the workflow and that is a file of its own.
const inline = "steps[docker/setup-buildx-action].with.config-inline: "

// meets reports whether the outputs have an item where the document has it.
func (out outputs) meets(t *testing.T, i item) bool {
	_, setting, isInline := strings.Cut(i.name, inline)
	switch {
	case i.file == "" && goals[i.name] != "":
		return out.hold(goals[i.name])
	case i.file == "":
		return out.trace(t, i.name)
	case i.text != "":
		return strings.Contains(out[i.file].text, i.text)
	case isInline:
		return slices.Contains(strings.Split(out[".devcontainer/buildkitd.toml"].text, "\n"), setting)
	}
	names := []string{i.name}
	for job, jobs := range renamed {
		if rest, ok := strings.CutPrefix(i.name, job); ok {
			for _, name := range jobs {
				names = append(names, name+rest)
			}
		}
	}
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(out[i.file].fields, name) })
}

// hold reports whether an output holds a text.
func (out outputs) hold(text string) bool {
	for _, o := range out {
		if strings.Contains(o.text, text) {
			return true
		}
	}
	return false
}

// hasField reports whether a YAML output has a field.
func (out outputs) hasField(name *regexp.Regexp) bool {
	for _, o := range out {
		if slices.ContainsFunc(o.fields, name.MatchString) {
			return true
		}
	}
	return false
}

// trace reports whether traceability.json has what the document says of a requirement.
func (out outputs) trace(t *testing.T, name string) bool {
	var file struct{ Requirements []map[string]any }
	data := out[".devcontainer/traceability.json"].text
	if data == "" {
		return false
	}
	if err := json.Unmarshal([]byte(data), &file); err != nil {
		t.Fatal(err)
	}
	for _, r := range file.Requirements {
		if name == r["tag"] {
			return true
		}
		rest, ok := strings.CutPrefix(name, fmt.Sprint(r["id"], " "))
		key, value, _ := strings.Cut(rest, ": ")
		if key == "Technical Debt ID" {
			key = "debt"
		}
		if ok && fmt.Sprint(r[strings.ToLower(key)]) == value {
			return true
		}
	}
	return false
}

// A deviation is one row of docs/deviations.md.
type deviation struct {
	line    int
	names   []*regexp.Regexp // the items that it excuses
	instead []string         // what stands in the outputs in their place
	cites   bool             // a defect, or a decision of the list
}

var (
	quoted  = regexp.MustCompile("`([^`]+)`")
	defect  = regexp.MustCompile(`\bB-[0-9]{2,3}\b`)
	decided = regexp.MustCompile(`\(decision: ([^)]+)\)`)
	cell    = regexp.MustCompile(`(?:[^|\\]|\\.)+`)
)

// deviations are the rows of the tables in docs/deviations.md: what the document has, what stands instead, why. What the
// first cell has in backquotes is an item: its whole name, or the end of it from a dot or a colon on; … stands for any
// text. What the second one has in backquotes stands in an output. A row without backquotes in the first cell tells of
// something that is no item.
func deviations(text, defects string) (rows []deviation, problems []string) {
	report := func(line int, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("docs/deviations.md:%d: ", line)+fmt.Sprintf(format, args...))
	}
	for i, line := range strings.Split(text, "\n") {
		cells := cell.FindAllString(line, -1)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") || strings.HasPrefix(line, "| the document") {
			continue
		}
		if len(cells) != 3 || strings.TrimSpace(cells[1]) == "" {
			report(i+1, "want three cells: what the document has, what stands instead, and why")
			continue
		}
		row := deviation{line: i + 1}
		for _, id := range defect.FindAllString(line, -1) {
			if row.cites = strings.Contains(defects, "\n| "+id+" | "); !row.cites {
				report(i+1, "docs/defects.md has no %s", id)
			}
		}
		for _, m := range decided.FindAllStringSubmatch(line, -1) {
			if row.cites = strings.Contains(text, "\n- **"+m[1]+"**"); !row.cites {
				report(i+1, "there is no decision %q above", m[1])
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[0], -1) {
			row.names = append(row.names, pattern(m[1]))
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			row.instead = append(row.instead, m[1])
		}
		rows = append(rows, row)
	}
	return rows, problems
}

// pattern is what a name in backquotes matches. In a table | is written \|.
func pattern(name string) *regexp.Regexp {
	name = strings.ReplaceAll(name, `\|`, "|")
	return regexp.MustCompile(`(?:^|\.|: )` + strings.ReplaceAll(regexp.QuoteMeta(name), "…", ".*") + `$`)
}

func (d deviation) excuses(i item) bool {
	return slices.ContainsFunc(d.names, func(name *regexp.Regexp) bool { return name.MatchString(i.name) })
}

// check is what is wrong with a row by itself.
func (d deviation) check(items []item, out outputs) (problems []string) {
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("docs/deviations.md:%d: ", d.line)+fmt.Sprintf(format, args...))
	}
	for _, name := range d.names {
		if !slices.ContainsFunc(items, func(i item) bool { return name.MatchString(i.name) }) {
			report("the document has nothing like %s", name)
		}
	}
	if d.names != nil && !d.cites {
		report("cites neither a defect (B-nn) nor a (decision: …)")
	}
	for _, text := range d.instead {
		if !out.hold(strings.ReplaceAll(text, `\|`, "|")) && !out.hasField(pattern(text)) {
			report("%s stands in no output", text)
		}
	}
	return problems
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestRequirementsNotice proves that the test above can fail: a change of an output, of a deviation or of pending that
// it would have to find is made in memory.
func TestRequirementsNotice(t *testing.T) {
	const (
		workflow = ".github/workflows/devcontainer-registry-cache.yml"
		volumes  = ".devcontainer/docker-compose.volumes.yml"
		override = ".devcontainer/docker-compose.cache-override.yml"
		builder  = ".devcontainer/buildkitd.toml"
		trace    = ".devcontainer/traceability.json"
	)
	items := extract(t, readFile(t, "requirements/document.txt"))
	text, defects := readFile(t, "../docs/deviations.md"), readFile(t, "../docs/defects.md")
	for _, tt := range []struct{ file, old, new, want string }{
		{volumes, "npm-cache", "npm", "volumes[/home/vscode/.npm].source: npm-cache is in no output"},
		{volumes, "/.aspire-devcontainer/dotnet-tools", "/.aspire-devcontainer/tools", "/.aspire-devcontainer/dotnet-tools stands in no output"},
		{volumes, "target: /workspaces/aspire/obj\n", "target: /workspaces/aspire/objects\n", "volumes[/workspaces/aspire/obj].source: obj-cache is in no output"},
		{volumes, "NuGet/http-cache:size=2147483648", "NuGet/http-cache:size=1073741824", "size=2147483648"},
		{volumes, "nuget-http-cache", "http-cache", "nuget-http-cache stands in no output"},
		{volumes, "uid=1000", "uid=1001", "uid=1000"},
		{volumes, "read_only: true", "read_only: false", "volumes[/home/vscode/.ssh].read_only: true is in no output"},
		{volumes, "[TAG-PERF-007-GIT] ", "", "TAG-PERF-007-GIT is in no output"},
		{volumes, "[TAG-PERF-007-NODEJS]", "[TAG-PERF-007-NODE]", "TAG-PERF-007-NODEJS is in no output"},
		{workflow, "[TAG-PERF-006-BUILDX] ", "", "TAG-PERF-006-BUILDX is in no output"},
		{workflow, "cron: '17 2", "cron: '17 3", "cron: 17 2 * * * stands in no output"},
		{workflow, "cron: '17 2", "cron: '0 2", "on.schedule.cron: 0 2 * * * is there after all"},
		{workflow, "branches: [main, ", "branches: [", "on.push.branches: main is in no output"},
		{workflow, "      - global.json\n", "", "on.push.paths: global.json is in no output"},
		{workflow, "    tags: [v*]", "    tags: [x*]", "tags: v* stands in no output"},
		{workflow, "workflow_dispatch:", "workflow_call:", "inputs.cache_mode.default: max is in no output"},
		{workflow, "options: [all, linux/amd64, linux/arm64]", "options: [all, linux/amd64]", "options: [all, linux/amd64, linux/arm64] stands in no output"},
		{workflow, "type=semver,pattern={{major}}.{{minor}}", "type=semver,pattern={{major}}", "pattern={{major}}.{{minor}}"},
		{workflow, "ghcr.io/microsoft/aspire-devcontainer-cache", "ghcr.io/microsoft/aspire-devcontainer", "aspire-devcontainer-cache stands in no output"},
		{workflow, "ref=${{ needs.plan.outputs.cache }}:${{ matrix.arch }}", "ref=${{ needs.plan.outputs.image }}:latest", "stands in no output"},
		{workflow, "timeout-minutes: 45", "timeout-minutes: 60", "timeout-minutes: 45 is in no output"},
		{workflow, "fetch-depth: 0", "fetch-depth: 1", "fetch-depth: 0 is in no output"},
		{workflow, "packages: write", "packages: read", "permissions.packages: write is in no output"},
		{workflow, "HIT_RATE: '95'", "HIT_RATE: '70'", "95% cache hit rate is in no output"},
		{workflow, "COLD_SECONDS: '420'", "COLD_SECONDS: '400'", "7+ minute builds for each team member is in no output"},
		{override, "-cache:arm64", "-cache:arm", "-cache:arm64 stands in no output"},
		{builder, "max-parallelism = 4", "max-parallelism = 8", "max-parallelism = 4 is in no output"},
		{builder, "maxUsedSpace = '10GB'", "maxUsedSpace = '10MB'", "maxUsedSpace = '10GB' stands in no output"},
		{trace, `"owner": "Dev",`, `"owner": "DevOps",`, "ARCH-001 Owner: Dev is in no output"},
		{trace, `"effort": "1 day"`, `"effort": "2 days"`, "PERF-007 Effort: 1 day is in no output"},
		{trace, `"tag": "TAG-ARCH-001"`, `"tag": "TAG-ARCH-002"`, "TAG-ARCH-001 is in no output"},
		{"docs", "| no effect any more (B-73) |", "| no effect any more |", "cites neither"},
		{"docs", "| no effect any more (B-73) |", "| no effect any more (B-299) |", "docs/defects.md has no B-299"},
		{"docs", "| `version: 3.8` | none |", "| `version: 3.8` | |", "want three cells"},
		{"docs", "`consistency: delegated`, ", "", "consistency: delegated is in no output"},
		{"docs", "`consistency: delegated`", "`consistency: delayed`", "the document has nothing like"},
		{"docs", "| no tag trigger |", "| `fetch-depth: 0` |", "fetch-depth: 0 is there after all"},
		{"docs", "| no tag trigger |", "| `TAG-PERF-006-TEST` |", "TAG-PERF-006-TEST is pending too"},
		{"docs", "(decision: tmpfs)", "(decision: discs)", "there is no decision"},
		{".devcontainer/tests/verify-volumes.sh", "", "# [TAG-PERF-007-TEST]\n", "TAG-PERF-007-TEST is there: take it out of pending"},
		{".devcontainer/tests/verify-registry-cache.sh", "", "[ $SECONDS -lt 180 ]\n", "verify-registry-cache.sh: -lt 180 is there: take it out of pending"},
	} {
		t.Run(tt.new, func(t *testing.T) {
			out, docs := readOutputs(t), text
			if tt.file == "docs" {
				docs = swap(t, docs, tt.old, tt.new)
			} else {
				out[tt.file] = newOutput(t, tt.file, swap(t, out[tt.file].text, tt.old, tt.new))
			}
			rows, problems := deviations(docs, defects)
			problems = append(problems, hold(t, items, out, rows)...)
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, tt.want) }) {
				t.Errorf("not noticed; want %q, got\n%s", tt.want, strings.Join(problems, "\n"))
			}
		})
	}
}

// swap replaces old, which must be there.
func swap(t *testing.T, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q is gone", old)
	}
	return strings.ReplaceAll(text, old, new)
}
