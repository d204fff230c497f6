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

// TestRequirements holds the outputs of this repository against the requirement document. Everything that the document
// says and that can be found by rule (extract_test.go) must be in the outputs, or be excused by a row of
// docs/deviations.md. The other way round, what the outputs have beyond the document needs a row; of a script that is
// not asked.
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
		if !slices.ContainsFunc(items, func(i item) bool { return i.name == m[1] || strings.HasSuffix(i.name, m[0]) }) {
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
		excuse := slices.IndexFunc(rows, func(row deviation) bool { return row.excuses(i) })
		switch {
		case met && excuse >= 0:
			report("docs/deviations.md:%d: %s is there after all", rows[excuse].line, i.name)
		case !met && excuse < 0:
			report("document.txt:%d: %s is in no output, and no deviation says why", i.line, i.name)
		}
	}
	for _, row := range rows {
		problems = append(problems, row.check(items, out)...)
	}
	return append(problems, out.beyond(items, rows)...)
}

// outputs are the generated files of this repository, by path.
type outputs map[string]output

// An output is one of them.
type output struct {
	text     string
	fields   []string // of YAML; the lines of TOML
	code     string   // of a script: its lines without the comments, unquoted
	reads    []string // of a script: the names of the libraries that it reads
	comments []string
}

func newOutput(t *testing.T, path, text string) output {
	o := output{text: text}
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		comment, ok := strings.CutPrefix(trimmed, "# ")
		switch {
		case ok:
			o.comments = append(o.comments, comment)
		case strings.HasSuffix(path, ".toml") && trimmed != "":
			o.fields = append(o.fields, trimmed)
		case strings.HasSuffix(path, ".sh"):
			o.code += unquoted(line)
			if m := sourced.FindStringSubmatch(trimmed); m != nil {
				o.reads = append(o.reads, m[1])
			}
		}
	}
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

const (
	workflow = ".github/workflows/devcontainer-registry-cache.yml"
	builder  = ".devcontainer/buildkitd.toml"
	facts    = ".devcontainer/scripts/lib/facts.sh"
)

// renamed are the jobs of the document and those that do their work.
var renamed = map[string][]string{
	"jobs.setup":           {"jobs.plan"},
	"jobs.build-and-cache": {"jobs.verify", "jobs.build", "jobs.merge"},
}

// An answer is a field of an output, or a part of a line of a script.
type answer struct{ file, text string }

// answers are what answers the quantities of the prose and of the tests, and the limits of the volumes: the workflow's
// report and the scripts compare with them.
var answers = map[string][]answer{
	"Automated prebuild pipeline with 95% cache hit rate": {{workflow, "jobs.report.steps.env.HIT_RATE: 95"}, {facts, "DEVGEN_HIT_RATE=95"}},
	"7+ minute builds for each team member":               {{workflow, "jobs.report.steps.env.COLD_SECONDS: 420"}, {facts, "DEVGEN_COLD_SECONDS=420"}},
	"verify-registry-cache.sh: -lt 180":                   {{workflow, "jobs.report.steps.env.WARM_SECONDS: 180"}, {facts, "DEVGEN_WARM_SECONDS=180"}},
	"verify-registry-cache.sh: -gt 70":                    {{workflow, "jobs.report.steps.env.HIT_RATE_FLOOR: 70"}, {facts, "DEVGEN_HIT_RATE_FLOOR=70"}},
	"verify-registry-cache.sh: >70%":                      {{workflow, "jobs.report.steps.env.HIT_RATE_FLOOR: 70"}, {facts, "DEVGEN_HIT_RATE_FLOOR=70"}},

	"NuGet packages lost on container rebuild (1.5GB)":  {{facts, "'nuget-packages cache … 1610612736 …'"}},
	"npm packages lost on container rebuild (500MB)":    {{facts, "'npm-cache cache … 524288000 …'"}},
	"VS Code extensions reinstalled every time (200MB)": {{facts, "'vscode-server state … 209715200 …'"}},
	"volumes.obj-cache.driver_opts.o: size=8g":          {{facts, "'obj-cache build … 8589934592 …'"}},
	"volumes.bin-cache.driver_opts.o: size=4g":          {{facts, "'bin-cache build … 4294967296 …'"}},
	"volumes.artifacts-cache.driver_opts.o: size=4g":    {{facts, "'artifacts-cache build … 4294967296 …'"}},
	"volumes.pip-cache.driver_opts.o: size=500m":        {{facts, "'pip-cache cache … 524288000 …'"}},
}

var (
	// inline is a configuration that the document writes into the workflow and that is a file of its own.
	inline = regexp.MustCompile(`^jobs\.build-and-cache\.steps\[docker/setup-buildx-action\]\.with\.config-inline: `)
	job    = regexp.MustCompile(`^jobs\.[^.:[]+`)
	// block is what a job has at most once: a setting, or a step by its action.
	block = regexp.MustCompile(`^jobs\.[^.:[]+\.(?:steps\[[^\]]*\]|[^.:[]+)`)
	// run is what the script of a step has; the outputs may have it in an environment.
	run = regexp.MustCompile(`\.steps\.run: `)
)

// meets reports whether the outputs have an item where the document has it: in every job that does the work of the
// document's job and has such a block; of a script in itself, or in a library that it reads.
func (out outputs) meets(t *testing.T, i item) bool {
	switch {
	case answers[i.name] != nil:
		return !slices.ContainsFunc(answers[i.name], func(a answer) bool { return !out[a.file].answers(a.text) })
	case i.file == "":
		return out.trace(t, i.name)
	case tagName.MatchString(i.text):
		return slices.ContainsFunc(out[i.file].comments, func(c string) bool { return strings.Contains(c, i.text) })
	case i.text != "":
		return says(out.program(i.file), i.words())
	}
	file, names := places(i)
	met := false
	for _, name := range names {
		has := out[file].has(name)
		met = met || has
		if !has && out[file].hasBlock(name) {
			return false
		}
	}
	return met
}

// answers reports whether an output has a field, or a script has a part of a line.
func (o output) answers(text string) bool {
	return slices.Contains(o.fields, text) || says(o.code, unquoted(text))
}

// words are what the script must hold for the item: that a variable is local makes no difference.
func (i item) words() string { return unquoted(strings.TrimPrefix(i.text, "local ")) }

// unquoted is a text of a script without its quotes: how a word is quoted, and where, makes no difference.
func unquoted(text string) string {
	return strings.NewReplacer(`\"`, "", `"`, "", "'", "").Replace(text)
}

// sourced is how a script reads a library: by its place relative to its own folder.
var sourced = regexp.MustCompile(`^\. ".*?([a-z]+\.sh)"$`)

// program is the code of a script and of the libraries that it reads.
func (out outputs) program(file string) string {
	code := out[file].code
	for _, name := range out[file].reads {
		for path := range out {
			if strings.HasSuffix(path, "/"+name) {
				code += out.program(path)
			}
		}
	}
	return code
}

// hasBlock reports whether an output has the block of a job that a name would stand in.
func (o output) hasBlock(name string) bool {
	b := block.FindString(name)
	return b != "" && !strings.HasSuffix(b, ".steps") && slices.ContainsFunc(o.fields, func(f string) bool {
		return strings.HasPrefix(f, b+".") || strings.HasPrefix(f, b+":")
	})
}

// has reports whether an output has a field, or what a script does in the environment of one.
func (o output) has(name string) bool {
	if at := run.FindStringIndex(name); at != nil {
		like := regexp.MustCompile(`^` + regexp.QuoteMeta(name[:at[0]]) + `\.steps\.(run|env\.[A-Z_]+): ` + regexp.QuoteMeta(name[at[1]:]) + `$`)
		return slices.ContainsFunc(o.fields, like.MatchString)
	}
	return slices.Contains(o.fields, name)
}

// places are the names that an item has in the outputs, and the file: one for each job that does what the document's
// job does.
func places(i item) (file string, names []string) {
	if at := inline.FindStringIndex(i.name); at != nil {
		return builder, []string{i.name[at[1]:]}
	}
	old := job.FindString(i.name)
	if renamed[old] == nil {
		return i.file, []string{i.name}
	}
	for _, job := range renamed[old] {
		names = append(names, job+i.name[len(old):])
	}
	return i.file, names
}

// says reports whether a line of a script holds the text.
func says(code, text string) bool {
	first, _, _ := strings.Cut(text, "…")
	re := whole(text)
	for line := range strings.Lines(code) {
		if strings.Contains(line, first) && re.MatchString(line) {
			return true
		}
	}
	return false
}

// whole finds a text that is no part of a longer word or number. … in it is any text of the line.
func whole(text string) *regexp.Regexp {
	re := strings.ReplaceAll(regexp.QuoteMeta(text), "…", ".*")
	if word.MatchString(text[:1]) {
		re = `(?:^|\W)` + re
	}
	if word.MatchString(text[len(text)-1:]) {
		re += `(?:\W|$)`
	}
	return regexp.MustCompile(re)
}

var word = regexp.MustCompile(`\w`)

// open are the fields that an output may have beyond the document: what its jobs and steps are called, what they hand to
// each other, and the steps that are scripts.
var open = regexp.MustCompile(`^(name|defaults\.run\.shell): |^jobs\.[^.]+\.(name: |outputs\.|steps\.)`)

// beyond is what is wrong with the fields that are not the document's: there is no row that has them in its second cell.
func (out outputs) beyond(items []item, rows []deviation) (problems []string) {
	known := map[[2]string]bool{}
	for _, i := range items {
		if slices.ContainsFunc(rows, func(row deviation) bool { return row.excuses(i) }) {
			continue
		}
		file, names := places(i)
		for _, name := range names {
			known[[2]string{file, name}] = true
		}
	}
	instead := map[string][]pattern{}
	for _, row := range rows {
		for _, file := range row.files {
			instead[file] = append(instead[file], row.instead...)
		}
	}
	for file, names := range instead {
		for _, f := range out[file].fields {
			if !open.MatchString(f) && !known[[2]string{file, f}] &&
				!slices.ContainsFunc(names, func(p pattern) bool { return p.matches(f) }) {
				problems = append(problems, fmt.Sprintf("%s: %s is not in the document, and no deviation has it", file, f))
			}
		}
	}
	return problems
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
	files   []string  // of its section: where the second cell is looked for
	names   []pattern // the items that it excuses
	instead []pattern // what stands in the outputs in their place
	cites   bool      // a defect, or a decision of the list
}

var (
	quoted  = regexp.MustCompile("`([^`]+)`")
	defect  = regexp.MustCompile(`\bB-[0-9]{2,3}\b`)
	decided = regexp.MustCompile(`\(decision: ([^)]+)\)`)
	cell    = regexp.MustCompile(`(?:[^|\\]|\\.)+`)
)

// deviations are the rows of the tables in docs/deviations.md: what the document has, what stands instead, why. What the
// first cell has in backquotes is an item of the document; what the second one has is a field or a comment of one of the
// section's outputs, or a part of a line of a script. A row without backquotes in the first cell tells of something that is no item.
func deviations(text, defects string) (rows []deviation, problems []string) {
	report := func(line int, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("docs/deviations.md:%d: ", line)+fmt.Sprintf(format, args...))
	}
	var files []string
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			files = nil
		case strings.HasPrefix(line, "Outputs: "):
			files = nil
			for _, m := range quoted.FindAllStringSubmatch(line, -1) {
				files = append(files, m[1])
			}
		}
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") || strings.HasPrefix(line, "| the document") {
			continue
		}
		cells := cell.FindAllString(line, -1)
		if len(cells) != 3 || strings.TrimSpace(cells[1]) == "" {
			report(i+1, "want three cells: what the document has, what stands instead, and why")
			continue
		}
		row := deviation{line: i + 1, files: files, names: inBackquotes(cells[0]), instead: inBackquotes(cells[1])}
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
		rows = append(rows, row)
	}
	return rows, problems
}

// A pattern is what stands in backquotes: a whole name, or the end of one from a dot or a colon on; one … in it is any
// text, and a dot in front says that the name is whole.
type pattern string

// inBackquotes are the patterns of a cell. In a table | is written \|.
func inBackquotes(cell string) (all []pattern) {
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, pattern(strings.ReplaceAll(m[1], `\|`, "|")))
	}
	return all
}

func (p pattern) matches(name string) bool {
	start, end, open := strings.Cut(string(p), "…")
	name, ends := strings.CutSuffix(name, end)
	if !ends {
		return false
	}
	for i := range name {
		begins := i == 0 || name[i-1] == '.' || strings.HasSuffix(name[:i], ": ")
		if begins && (name[i:] == start || open && strings.HasPrefix(name[i:], start)) {
			return true
		}
	}
	return string(p) == "."+name
}

func (d deviation) excuses(i item) bool {
	return slices.ContainsFunc(d.names, func(p pattern) bool { return p.matches(i.name) })
}

// check is what is wrong with a row by itself.
func (d deviation) check(items []item, out outputs) (problems []string) {
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("docs/deviations.md:%d: ", d.line)+fmt.Sprintf(format, args...))
	}
	for _, name := range d.names {
		if !slices.ContainsFunc(items, func(i item) bool { return name.matches(i.name) }) {
			report("the document has nothing like %s", name)
		}
	}
	if d.names != nil && !d.cites {
		report("cites neither a defect (B-nn) nor a (decision: …)")
	}
	for _, p := range d.instead {
		if !slices.ContainsFunc(d.files, func(file string) bool {
			o := out[file]
			return slices.ContainsFunc(o.fields, p.matches) || slices.Contains(o.comments, string(p)) || says(o.code, unquoted(string(p)))
		}) {
			report("%s stands in none of %s", p, strings.Join(d.files, ", "))
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
