package golden

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// This file takes the requirement document apart, by rules and never by hand: nothing in it can be overlooked on
// purpose.

// itemCount is how many items there are: a rule that stops finding what it found is noticed.
const itemCount = 476

// An item is one thing that the document says and that the outputs can be asked for.
type item struct {
	file string // the output that the document shows it in; "" for prose
	name string // unique; docs/deviations.md calls it by this name
	text string // for what is no field: the literal that the file must hold
	line int    // of the document, or of the block that it stands in
}

// A sample is one code block of the document: a file as it is to look.
type sample struct {
	path, text string
	line       int // the document's, of the first line of text
}

var (
	filepathLine = regexp.MustCompile(`(?m)^# filepath: (\S+)$`)
	tagName      = regexp.MustCompile(`\[(TAG-[A-Z]+-[0-9]{3}(?:-[A-Z]+)*)\]`)
)

// takeApart splits the document into its samples, by path, and the prose around them: the samples' lines are empty
// there, so that lines keep their numbers. The last sample is not closed: the document ends in the middle of it.
func takeApart(document string) (samples []sample, prose []string) {
	inside := false
	for i, line := range strings.Split(document, "\n") {
		switch {
		case strings.HasPrefix(line, "````"):
			if inside = !inside; inside {
				samples = append(samples, sample{line: i + 2})
			}
			line = ""
		case inside:
			samples[len(samples)-1].text += line + "\n"
			line = ""
		}
		prose = append(prose, line)
	}
	for i, s := range samples {
		samples[i].path = filepathLine.FindStringSubmatch(s.text)[1]
	}
	return samples, prose
}

// extract is every item of the document.
func extract(t *testing.T, document string) []item {
	samples, prose := takeApart(document)
	items := metadata(prose)
	items = append(items, proseNumbers(prose)...)
	for _, s := range samples {
		if strings.HasSuffix(s.path, ".yml") {
			items = append(items, fieldsIn(t, s)...)
			continue
		}
		items = append(items, scriptItems(s)...)
		for _, h := range heredocs(s) {
			items = append(items, fieldsIn(t, h)...)
		}
	}
	return unique(items)
}

// unique drops repetitions: the document shows core.sh twice.
func unique(items []item) (kept []item) {
	seen := map[string]bool{}
	for _, i := range items {
		if !seen[i.name] {
			seen[i.name] = true
			kept = append(kept, i)
		}
	}
	return kept
}

// blank keeps the lines of a text and nothing else.
func blank(text string) string { return strings.Repeat("\n", strings.Count(text, "\n")) }

var (
	requirementHead = regexp.MustCompile(`^### \[TAG-([A-Z]+-[0-9]{3})\] REQ-[A-Z]+-[0-9]{3}: (.*)$`)
	requirementFact = regexp.MustCompile(`\*\*([A-Za-z ]+):\*\* ([^|]+)`)
)

// metadata are title, priority and the like of each requirement.
func metadata(prose []string) (items []item) {
	id := ""
	for i, line := range prose {
		if m := requirementHead.FindStringSubmatch(line); m != nil {
			id = m[1]
			items = append(items, item{name: "TAG-" + id, line: i + 1}, item{name: id + " Title: " + m[2], line: i + 1})
		}
		for _, m := range requirementFact.FindAllStringSubmatch(line, -1) {
			if id != "" {
				items = append(items, item{name: id + " " + m[1] + ": " + strings.TrimSpace(m[2]), line: i + 1})
			}
		}
	}
	return items
}

var quantity = regexp.MustCompile(`[0-9][0-9.]*\+? ?(%|GB|MB|minutes?)( [a-z ]+)?`)

// proseNumbers are the quantities of the goals and the problem statements, with the words around them.
func proseNumbers(prose []string) (items []item) {
	for i, line := range prose {
		if quantity.MatchString(line) && !requirementFact.MatchString(line) {
			items = append(items, item{name: strings.TrimPrefix(line, "- "), line: i + 1})
		}
	}
	return items
}

// fieldsIn are the fields of a YAML sample, each as path: value.
func fieldsIn(t *testing.T, s sample) (items []item) {
	for _, f := range fields(t, s.text) {
		items = append(items, item{file: s.path, name: f.name, line: s.line + f.line - 1})
	}
	return items
}

// A field is one value of a YAML file, as path: value.
type field struct {
	name string
	line int
}

// fields are the values of a YAML file, and its tags. An element of a list that tells what it is about is known by that
// and not by its number: a step by its action, a mount by its target. A text of several lines, or of several options of
// a volume, is as many values; the script of a step is as many as it has facts. What a step is called is left out.
func fields(t *testing.T, text string) (all []field) {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, n *yaml.Node)
	walk = func(path string, n *yaml.Node) {
		switch n.Kind {
		case yaml.DocumentNode:
			walk(path, n.Content[0])
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(path+"."+n.Content[i].Value, n.Content[i+1])
			}
			if len(n.Content) == 0 {
				all = append(all, field{path[1:] + ": {}", n.Line})
			}
		case yaml.SequenceNode:
			for _, e := range n.Content {
				walk(path+about(e), e)
			}
			if len(n.Content) == 0 {
				all = append(all, field{path[1:] + ": []", n.Line})
			}
		default:
			for _, v := range values(path, n) {
				all = append(all, field{path[1:] + v, n.Line})
			}
		}
	}
	walk("", &root)
	all = append(all, tags(text, all)...)
	return slices.DeleteFunc(all, func(f field) bool { return ownWords.MatchString(f.name) })
}

var (
	ownWords = regexp.MustCompile(`\.steps(\[[^\]]*\])?\.(name|id): `)
	part     = regexp.MustCompile(`^(jobs\.[^.:[]+|services\.[^.:[]+\.[^.:[]+|[^.:[]+)`)
)

// tags are the tags of a YAML file, each with the part of the file that it stands in: a job, a list of a service. One
// above everything is the file's.
func tags(text string, all []field) (tags []field) {
	above := true
	for i, line := range strings.Split(text, "\n") {
		above = above && (line == "" || line[0] == '#')
		for _, m := range tagName.FindAllString(line, -1) {
			next := slices.IndexFunc(all, func(f field) bool { return f.line > i+1 })
			if !above && next >= 0 {
				m = part.FindString(all[next].name) + ": " + m
			}
			tags = append(tags, field{m, i + 1})
		}
	}
	return tags
}

// about is what an element of a list is known by.
func about(n *yaml.Node) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1].Value
		switch {
		case n.Kind != yaml.MappingNode:
		case key == "uses":
			action, _, _ := strings.Cut(value, "@")
			return "[" + action + "]"
		case key == "target", key == "platform":
			return "[" + value + "]"
		}
	}
	return ""
}

var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

// values are the values that a scalar stands for.
func values(path string, n *yaml.Node) (all []string) {
	parts := []string{n.Value}
	switch {
	case n.Value == "":
		return []string{": "}
	case strings.HasSuffix(path, ".run"):
		parts = nil
		for _, line := range strings.Split(n.Value, "\n") {
			parts = append(parts, factsIn(line, scriptFacts)...)
		}
	case strings.Contains(n.Value, "\n"):
		parts = strings.Split(n.Value, "\n")
	case strings.HasSuffix(path, ".driver_opts.o"):
		parts = strings.Split(n.Value, ",")
	case strings.HasSuffix(path, ".uses"):
		if _, version, ok := strings.Cut(n.Value, "@"); ok {
			parts[0] = commit.ReplaceAllString(version, "commit "+n.LineComment)
		}
	}
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, ": "+p)
		}
	}
	return all
}

var heredoc = regexp.MustCompile(`(?ms)^ *cat > (\S+) <<EOF\n(.*?)^EOF$`)

// heredocs are the YAML files that a script of the document writes.
func heredocs(s sample) (files []sample) {
	for _, m := range heredoc.FindAllStringSubmatchIndex(s.text, -1) {
		files = append(files, sample{s.text[m[2]:m[3]], s.text[m[4]:m[5]], s.line + strings.Count(s.text[:m[4]], "\n")})
	}
	return files
}

var (
	variable = regexp.MustCompile(`\$\{?([A-Z][A-Z_]+)\b`)
	// ofShell is what the shell knows by itself.
	ofShell = regexp.MustCompile(`^(BASH|FUNCNAME|LINENO|HOME|REPLY)`)
)

// inputs matches the variables that a script reads and does not set, unless to what it was given.
func inputs(script string) *regexp.Regexp {
	var names []string
	for _, m := range variable.FindAllStringSubmatch(script, -1) {
		set := regexp.MustCompile(`(?m)(?:^|\s)` + m[1] + `(?:=(.*)|$)`).FindStringSubmatch(script)
		if !ofShell.MatchString(m[1]) && (set == nil || strings.Contains(set[1], "${"+m[1]+":-")) {
			names = append(names, m[1])
		}
	}
	return regexp.MustCompile(`\b(?:` + strings.Join(append(names, `\B`), "|") + `)\b`) // \B: never, where there is none
}

// function is what a library offers.
var function = regexp.MustCompile(`^[a-z_]+\(\)`)

var scriptFacts = []*regexp.Regexp{
	tagName,
	regexp.MustCompile(`TEST-[A-Z]+-[0-9]{3}-[A-Z]`),                                   // the tests of a requirement
	regexp.MustCompile(`-(?:lt|le|gt|ge|eq|ne) [$A-Z0-9_]+|[<>]=?[0-9]+%`),             // thresholds
	regexp.MustCompile(`[A-Za-z_-]+=\+?[1-9][0-9]*[A-Za-z]*\b`),                        // named numbers
	regexp.MustCompile(`[A-Za-z_)]+ [*/] [1-9][0-9]*\b`),                               // factors
	regexp.MustCompile(`(?:chmod -R|-mtime|-mindepth|-n) \+?[1-9][0-9]*`),              // numbers of commands
	regexp.MustCompile(`grep -[a-zA-Z]+ (?:"[^"]+"|'[^']+')`),                          // answers
	regexp.MustCompile(`^ *[A-Z_]+="[a-z0-9.,/-]+"$`),                                  // names
	regexp.MustCompile(`^ *prefix="[A-Z ]+"$`),                                         // log levels
	regexp.MustCompile(`"\[\$[^"]+"`),                                                  // lines of a log
	regexp.MustCompile(`"[a-z_]+":`),                                                   // keys of JSON
	regexp.MustCompile(`\$\((?:date|uname) [^)]+\)`),                                   // the clock and the machine
	regexp.MustCompile(`\$\{\{[^}]+\}\}`),                                              // expressions of a workflow
	regexp.MustCompile(`jq .*'`),                                                       // what is made of them
	regexp.MustCompile(`docker(?: [a-z]+)+(?:\s|$)|docker-compose (?:-f \S+ )+[a-z]+`), // commands
	regexp.MustCompile(`(?:docker pull --platform=\S+|manifest inspect) \S+`),          // what they fetch
	regexp.MustCompile(`--[a-z][a-z-]+(?:[= ](?:"[^"]+"|[^\s"|\\)-][^\s"]*))?`),        // options and their values
	regexp.MustCompile(`-f \.[a-z]\S+|-name "[^"]+"`),                                  // short ones
	regexp.MustCompile(`read -p "[^"]+"`),                                              // questions
	regexp.MustCompile(`"[0-9]\) [^"]+"`),                                              // a menu
	regexp.MustCompile(`^ *[a-z0-9_*|]+\)(?: .*)?$`),                                   // sub-commands, choices, machines
	regexp.MustCompile(`local [a-zA-Z_]+="?\$\{?[0-9].*`),                              // arguments
	regexp.MustCompile(`^(?:trap|set) .+`),                                             // how errors are dealt with
	regexp.MustCompile(`https?://[^ "]+`),                                              // addresses
	regexp.MustCompile(`\$VOLUME_BASE_DIR/[a-z/._-]+[a-z]|\$\{HOME\}/\.[a-z-]+`),       // folders of the host
	regexp.MustCompile(`/tmp/[a-z-]+(?:\.log)?|/(?:home|workspaces)/[A-Za-z./]+`),      // and others
	regexp.MustCompile(`[A-Za-z${}_-]+\.(?:tar\.gz|log|jsonl|start)\b`),                // files
}

// scriptItems are the tests, thresholds, numbers, references, inputs, commands and folders of a script.
func scriptItems(s sample) (items []item) {
	text := heredoc.ReplaceAllStringFunc(s.text, blank)
	rules := append([]*regexp.Regexp{inputs(text)}, scriptFacts...)
	if strings.Contains(s.path, "/lib/") {
		rules = append(rules, function)
	}
	for i, line := range strings.Split(text, "\n") {
		for _, fact := range factsIn(line, rules) {
			items = append(items, item{s.path, fmt.Sprintf("%s: %s", s.path[strings.LastIndex(s.path, "/")+1:], fact), fact, s.line + i})
		}
	}
	return items
}

// factsIn are the facts of a line of a script. A comment holds none but a tag.
func factsIn(line string, rules []*regexp.Regexp) (facts []string) {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return tagName.FindAllString(line, -1)
	}
	for _, rule := range rules {
		for _, fact := range rule.FindAllString(line, -1) {
			facts = append(facts, strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(fact), ";;")))
		}
	}
	return facts
}
