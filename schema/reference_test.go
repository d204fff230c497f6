package schema

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"github.com/google/go-cmp/cmp"
)

// Everything that can be written is in the reference, with all that there is to say of it.
func TestReferenceIsWhole(t *testing.T) {
	there := map[string]int{}
	for _, d := range Reference() {
		if d.Doc == "" || (d.Form == "") == (len(d.Fields) == 0) {
			t.Errorf("%s: comment %q, form %q, %d fields", d.Name, d.Doc, d.Form, len(d.Fields))
		}
		there[d.Name]++
		for _, f := range d.Fields {
			if f.Doc == "" || f.Type == "" || strings.Contains(f.Type, "\n") {
				t.Errorf("%s.%s: type %q, comment %q", d.Name, f.Name, f.Type, f.Doc)
			}
			there[f.Name[strings.LastIndex(f.Name, ".")+1:]]++
		}
	}
	// A pattern is told by the field that holds it, and what #Writers brings once more by each that embeds it.
	want := map[string]int{"each #OutputID": 1}
	ast.Walk(newLanguage("schema.cue", source, "#Spec").file, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && !isPattern(f) {
			want[labelOf(f)]++
		}
		return true
	}, nil)
	there["writers"] = min(there["writers"], 1)
	if diff := cmp.Diff(want, there); diff != "" {
		t.Errorf("fields (-language +reference):\n%s", diff)
	}
}

func TestReference(t *testing.T) {
	all := map[string]Entry{}
	for _, d := range Reference() {
		all[d.Name] = Entry{Type: d.Form}
		for _, f := range d.Fields {
			all[d.Name+"."+f.Name] = f
		}
	}
	for name, want := range map[string]Entry{
		"#Spec.name":                    {Required: true, Type: "#Name"},
		"#Spec.workspace":               {Type: "#AbsolutePath", Default: "`\"/workspaces/\\(name)\"`"},
		"#Spec.volumes":                 {Type: "#Volume for each #Name"},
		"#Spec.devcontainer":            {Type: "any fields"},
		"#User.uid":                     {Type: "a user id from 0 to 2147483647", Default: "`1000`"},
		"#User.gid":                     {Type: "a group id from 0 to 2147483647", Default: "`uid`"},
		"#User.home":                    {Type: "#AbsolutePath", Default: "derived"},
		"#Requirement.covers":           {Required: true, Type: "a list of #OutputID"},
		"#Requirement.sprint":           {Type: "an integer from 0"},
		"#Image.context":                {Type: "`\".\"` or #RelativePath", Default: "`\".\"`"},
		"#Build.runner":                 {Type: "#RunnerLabel or a list of at least one #RunnerLabel"},
		"#Caches.registry":              {Type: "the fields below"},
		"#Caches.registry.mode":         {Type: "#CacheMode", Default: "`\"max\"`"},
		"#Caches.s3.writers":            {Type: "a list of at least one #Branch"},
		"#Caches.inline":                {Type: "`{}`"},
		"#Tags.semver.patterns":         {Type: "a list of at least one #SemverPattern", Default: "`[\"{{version}}\"]`"},
		"#Volume.backing":               {Type: "`\"volume\"` or `\"host\"`", Default: "`\"volume\"`"},
		"#Volume.history":               {Type: "`\"bash\"` or `\"zsh\"`"},
		"#Mount.readOnly":               {Type: "`true` or `false`", Default: "`false`"},
		"#BuildKit.mirrors":             {Type: "a list of at least one #Registry for each #Registry"},
		"#Workflow.tags":                {Type: "a list of #Branch", Default: "`[]`"},
		"#Workflow.checkout.fetchDepth": {Type: "an integer from 0 to 1000000", Default: "`1`"},
		"#Workflow.checkout.submodules": {Type: "`false`, `true` or `\"recursive\"`", Default: "`false`"},
		"#Workflow.steps.before":        {Type: "a list of structs of any fields", Default: "`[]`"},
		"#Objectives.hitRateFloor":      {Type: "a percentage from 0 to 100", Default: "derived"},
		"#Outputs.each #OutputID":       {Type: "`false` or #RelativePath"},
		"#CacheMode":                    {Type: "`\"max\"` or `\"min\"`"},
		"#Size":                         {Type: "a size such as 500MB or 1.5GB"},
	} {
		got := all[name]
		got.Name, got.Doc = "", ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// CUE takes a default as it stands. It must be a value that a user could have written.
func TestDefaultsHaveTheirForm(t *testing.T) {
	l := newLanguage("schema.cue", source, "#Spec")
	checked := 0
	for _, d := range Reference() {
		for _, f := range d.Fields {
			text, err := strconv.Unquote(strings.Trim(f.Default, "`"))
			if err != nil || strings.Contains(text, `\(`) || !regexp.MustCompile(`^#\w+$`).MatchString(f.Type) {
				continue
			}
			checked++
			if !l.takes(f.Type, text) {
				t.Errorf("%s.%s: the default %q is no %s", d.Name, f.Name, text, f.Type)
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d defaults", checked)
	}
}

var (
	examples   = regexp.MustCompile(`such as (.*?)(?:, without .*|: .*|, at .*)?$`)
	separators = regexp.MustCompile(`, | or `)
	quoted     = regexp.MustCompile(`: "([^"]+)"\.$`) // at the end of a comment
)

// What an error names as an example is accepted, and so is what a comment ends with.
func TestExamples(t *testing.T) {
	l := newLanguage("schema.cue", source, "#Spec")
	checked := 0
	check := func(form, text string) {
		checked++
		if !l.takes(form, text) {
			t.Errorf("the example %q is no %s", text, form)
		}
	}
	for _, d := range Reference() {
		if m := examples.FindStringSubmatch(d.Form); m != nil {
			for _, text := range separators.Split(m[1], -1) {
				check(d.Name, text)
			}
		}
		for _, f := range d.Fields {
			if m := quoted.FindStringSubmatch(f.Doc); m != nil && l.schema.LookupPath(cue.ParsePath(f.Type)).Exists() {
				check(f.Type, m[1])
			}
		}
	}
	if checked < 35 {
		t.Errorf("only %d examples", checked)
	}
}
