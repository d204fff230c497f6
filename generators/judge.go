package generators

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/compose-spec/compose-go/v2/validation"
	"github.com/devgen/devgen/generators/plan"
	"github.com/devgen/devgen/schema"
	"github.com/pelletier/go-toml/v2"
	"github.com/rhysd/actionlint"
	"github.com/tailscale/hujson"
	"gopkg.in/yaml.v3"
	"mvdan.cc/sh/v3/syntax"
)

// A judge reads a document back with the real parser of its consumer. What it refuses is a finding: the user's, if
// the place in the document comes from a field of the spec, and otherwise a defect of devgen.

// A finding is what a judge refuses.
type finding struct {
	line int      // in the document; 0 if the judge does not say
	path []string // the field of the spec, if the judge's words tell it
	text string
}

// explain shows a finding at the user's place. The error is that there is none.
func explain(p *plan.Plan, id string, d document, f finding) (schema.Problem, error) {
	at := f.path
	if at == nil && d.from != nil && f.line > 0 {
		if o := d.from(f.line); !o.derived {
			at = o.path
		}
	}
	if at == nil {
		return schema.Problem{}, fmt.Errorf("devgen made a file that its consumer refuses, please report it: %s:%d: %s", p.Output(id).Path, f.line, f.text)
	}
	return p.Spec.Problem(f.text, at...), nil
}

// judgeWorkflow reads a workflow as GitHub would.
func judgeWorkflow(id string) func(*plan.Plan, map[string]document) ([]finding, error) {
	return func(p *plan.Plan, documents map[string]document) ([]finding, error) {
		return lintWorkflow(p, p.Output(id).Path, documents[id].data)
	}
}

// lintWorkflow asks actionlint, and holds the inputs and outputs of pinned actions against their action.yml: actionlint
// knows actions by tag, not by commit.
func lintWorkflow(p *plan.Plan, path string, data []byte) ([]finding, error) {
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{
		// Shellcheck and Pyflakes stay empty: judging starts no process.
		OnRulesCreated: func(rules []actionlint.Rule) []actionlint.Rule {
			var config actionlint.Config
			config.SelfHostedRunner.Labels = labels(p)
			for _, r := range rules {
				r.SetConfig(&config)
			}
			return rules
		},
	})
	if err != nil {
		return nil, err
	}
	errs, err := linter.Lint(path, data, nil)
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, e := range errs {
		found = append(found, finding{line: e.Line, text: e.Message})
	}
	if len(found) > 0 {
		return found, nil
	}
	return judgeActions(data)
}

// labels are the runners that the spec names; actionlint knows GitHub's own.
func labels(p *plan.Plan) (all []string) {
	for _, x := range p.Platforms {
		all = append(all, x.Runner...)
	}
	if p.Workflow != nil {
		all = append(all, p.Workflow.Runner)
	}
	if p.Drift != nil {
		all = append(all, p.Drift.Runner)
	}
	return all
}

var stepOutput = regexp.MustCompile(`steps\.([A-Za-z0-9_-]+)\.outputs\.([A-Za-z0-9_-]+)`)

// judgeActions checks every input and output of an action whose action.yml is known.
func judgeActions(data []byte) (found []finding, err error) {
	var file struct {
		Jobs map[string]struct{ Steps []yaml.Node }
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	actions := plan.Actions()
	for _, job := range file.Jobs {
		ids := map[string]plan.Action{}
		for _, n := range job.Steps {
			var step struct {
				ID   string
				Uses string
				With map[string]yaml.Node
			}
			if err := n.Decode(&step); err != nil {
				return nil, err
			}
			name, commit, _ := strings.Cut(step.Uses, "@")
			action, ok := actions[name]
			if !ok || action.SHA != commit { // a version of the user's own has its own inputs
				continue
			}
			ids[step.ID] = action
			for input, value := range step.With {
				if !slices.Contains(action.Inputs, input) {
					found = append(found, finding{line: value.Line, text: fmt.Sprintf("%s has no input %q", name, input)})
				}
			}
		}
		for _, n := range job.Steps {
			found = append(found, judgeOutputs(&n, ids)...)
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return a.line - b.line })
	return found, nil
}

func judgeOutputs(n *yaml.Node, ids map[string]plan.Action) (found []finding) {
	for _, m := range stepOutput.FindAllStringSubmatch(n.Value, -1) {
		if action, ok := ids[m[1]]; ok && !slices.Contains(action.Outputs, m[2]) {
			found = append(found, finding{line: n.Line, text: fmt.Sprintf("the action of step %q has no output %q", m[1], m[2])})
		}
	}
	for _, c := range n.Content {
		found = append(found, judgeOutputs(c, ids)...)
	}
	return found
}

// judgeCompose loads every documented combination of the compose files as Compose does. The JSON schema of compose
// costs more than everything else here, so it is held against the merged files, once.
func judgeCompose(p *plan.Plan, documents map[string]document) ([]finding, error) {
	all := combinations(p.ComposeFiles())
	errs := make([]error, len(all))
	atOnce(len(all), func(i int) { errs[i] = loadCompose(p, documents, all[i], i == 0) })
	if err := cmp.Or(errs...); err != nil {
		if found := judgeServices(p); len(found) > 0 {
			return found, nil
		}
		return []finding{composeFinding(p, err)}, nil
	}
	return nil, nil
}

// judgeServices looks at each of the user's services among stubs of the others: compose-go stops at the first mistake
// that it comes upon, in no order.
func judgeServices(p *plan.Plan) (found []finding) {
	stub := schema.Value{Kind: schema.Object, Fields: []schema.Field{{Name: "image", Value: schema.StringValue("stub")}}}
	for i, s := range p.Spec.Services {
		spec := *p.Spec
		spec.Services = nil
		for j, other := range p.Spec.Services {
			switch {
			case i == j:
				spec.Services = append(spec.Services, s)
			case other.Name != plan.Service:
				spec.Services = append(spec.Services, schema.Service{Name: other.Name, Keys: stub})
			}
		}
		alone := *p
		alone.Spec = &spec
		if err := loadCompose(&alone, map[string]document{"compose": compose(&alone)}, p.ComposeFiles()[:1], true); err != nil {
			f := composeFinding(&alone, err)
			if len(f.path) < 2 || f.path[1] != s.Name {
				f.path = []string{"services", s.Name}
			}
			found = append(found, f)
		}
	}
	return found
}

// combinations are the base with all, some or none of the others, the longest first.
func combinations(files []*plan.Output) [][]*plan.Output {
	all := [][]*plan.Output{files}
	for i := len(files) - 1; i > 0; i-- {
		for _, c := range all {
			all = append(all, slices.Concat(c[:i:i], c[i+1:]))
		}
	}
	return all
}

// loadCompose loads the files. What only the developer's machine knows may be what they fail on, so they get a second
// chance without it.
func loadCompose(p *plan.Plan, documents map[string]document, files []*plan.Output, all bool) error {
	err := load(p, documents, files, all)
	if err == nil {
		return nil
	}
	known := map[string]document{}
	for _, o := range files {
		var root yaml.Node
		if yaml.Unmarshal(documents[o.ID].data, &root) != nil || !forget(&root) {
			known[o.ID] = documents[o.ID]
			continue
		}
		known[o.ID] = document{data: encode("", root.Content[0])}
	}
	return load(p, known, files, all)
}

// required keys stay when their value is unknown: a service without them would be none.
var required = []string{"image", "context", "type", "source", "target", "path", "action", "service"}

// forget removes what only the developer's machine knows: values with a variable that has no default, and label files.
// It reports whether there was any.
func forget(n *yaml.Node) (forgot bool) {
	var kept []*yaml.Node
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i+step <= len(n.Content); i += step {
		pair := n.Content[i : i+step]
		key, value := pair[0].Value, pair[step-1]
		if step == 2 && (key == "label_file" || unknown(value) && !slices.Contains(required, key)) || step == 1 && unknown(value) {
			forgot = true
			continue
		}
		forgot = forget(value) || forgot
		kept = append(kept, pair...)
	}
	n.Content = kept
	return forgot
}

// unknown reports whether a text has a variable without a default, and is otherwise as Compose wants it.
func unknown(n *yaml.Node) (unset bool) {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	known := environment()
	if _, err := substitute(n.Value, known.Resolve); err != nil {
		return false
	}
	for name, v := range template.ExtractVariables(map[string]any{"": n.Value}, template.DefaultPattern) {
		unset = unset || known[name] == "" && v.DefaultValue == ""
	}
	return unset
}

// environment is that of the developer, as far as it is known. Compose writes to the one that it is given.
func environment() types.Mapping {
	return types.Mapping{"HOME": "/home/developer", "COMPOSE_PROJECT_NAME": "checkout_devcontainer"}
}

func load(p *plan.Plan, documents map[string]document, files []*plan.Output, all bool) error {
	details := types.ConfigDetails{
		WorkingDir:  "/checkout/" + path.Dir(p.Output("compose").Path),
		Environment: environment(),
	}
	for _, o := range files {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: o.Path, Content: documents[o.ID].data})
	}
	options := func(o *loader.Options) {
		o.SetProjectName("checkout_devcontainer", true)
		o.SkipValidation = true
		o.SkipResolveEnvironment = true // env_file and the like are on the developer's machine
		o.Interpolate.Substitute = substitute
	}
	model, err := loader.LoadModelWithContext(context.Background(), details, options)
	if err != nil {
		return err
	}
	if all {
		if err := validateCompose(model); err != nil {
			return err
		}
	}
	if err := validation.Validate(model); err != nil {
		return err
	}
	_, err = loader.ModelToProject(model, loader.ToOptions(&details, []func(*loader.Options){options}), details)
	return err
}

// substitute puts variables in as Compose does. What a variable without a default will be only the developer's machine
// knows: 1 is both a text and a number.
func substitute(text string, environment template.Mapping) (string, error) {
	return template.SubstituteWithOptions(text, func(name string) (string, bool) {
		if value, ok := environment(name); ok {
			return value, true
		}
		standard := strings.Contains(text, "${"+name+":-") || strings.Contains(text, "${"+name+"-")
		return "1", !standard
	}, template.WithoutLogging)
}

// serviceName is how compose-go names a service in its messages.
var serviceName = regexp.MustCompile(`services\.([a-z0-9_.-]+?)(?:\.([a-zA-Z0-9_-]+)|[ :\[]|$)|service "([a-z0-9_.-]+)"`)

// composeFinding finds the user's service in the words of compose-go, which has no positions.
func composeFinding(p *plan.Plan, err error) finding {
	f := finding{text: "compose: " + strings.Join(strings.Fields(err.Error()), " ")} // compose-go's may have several lines
	for _, m := range serviceName.FindAllStringSubmatch(err.Error(), -1) {
		name := m[1] + m[3]
		if slices.ContainsFunc(p.Spec.Services, func(s schema.Service) bool { return s.Name == name }) {
			f.path = []string{"services", name}
			if m[2] != "" {
				f.path = append(f.path, m[2])
			}
			return f
		}
	}
	if len(p.Spec.Services) > 0 {
		f.path = []string{"services"}
	}
	return f
}

// judgeDevcontainer reads devcontainer.json as JSON with comments and holds its keys against the reference.
func judgeDevcontainer(p *plan.Plan, documents map[string]document) ([]finding, error) {
	data, err := hujson.Standardize(bytes.Clone(documents["devcontainer"].data))
	if err != nil {
		return nil, err
	}
	mismatches, err := schema.CheckDevcontainer(data)
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, m := range mismatches {
		f := finding{text: strings.Join(m.Path, ".") + ": " + m.Text}
		if len(m.Path) > 0 && p.Spec.Devcontainer.Get(m.Path[0]) != nil {
			f = finding{text: m.Text, path: append([]string{"devcontainer"}, m.Path...)}
		}
		found = append(found, f)
	}
	return found, nil
}

// judgeBuildkitd reads buildkitd.toml strictly. BuildKit's own struct would bring its whole module along for every
// user of the command, so it judges in golden/buildkitd and the key list stands in buildkitdConfig.
func judgeBuildkitd(p *plan.Plan, documents map[string]document) ([]finding, error) {
	var config buildkitdConfig
	d := toml.NewDecoder(bytes.NewReader(documents["buildkitd"].data))
	d.DisallowUnknownFields()
	if err := d.Decode(&config); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return nil, errors.New(strict.String())
		}
		return nil, err
	}
	return nil, nil
}

// judgeBash parses a script.
func judgeBash(id string) func(*plan.Plan, map[string]document) ([]finding, error) {
	return func(p *plan.Plan, documents map[string]document) ([]finding, error) {
		_, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(documents[id].data), p.Output(id).Path)
		return nil, err
	}
}
