package generators

import (
	"strings"
	"text/template"

	"github.com/devgen/devgen/schema"
	"github.com/devgen/devgen/templates"
)

// A Start is what devgen init knows of a repository that has no spec yet. Every text fits the language: see
// schema.Fits.
type Start struct {
	Name       string // of the spec, a #Name
	Image      string // the repository of the image, a #Repository
	Repository string // owner/name on GitHub, a #GitHubRepository; "" if it is not there
	Branch     string // the default branch, a #BranchName
	Version    string // of devgen for CI, a #Version; "" of a devgen that is no release
}

// FirstDockerfile is the Dockerfile of a first spec: a message speaks of it.
const FirstDockerfile = ".devcontainer/Dockerfile"

// First is the first spec, to go to the path spec, and what it needs: a Dockerfile, the CUE module and the language in
// it. The spec comes last: while it is not there, nothing is begun.
func First(start Start, spec string) []File {
	return []File{
		{ID: "dockerfile", Path: FirstDockerfile, Data: []byte(templates.Init("Dockerfile"))},
		{ID: "module", Path: schema.ModulePath, Data: []byte(schema.Module)},
		{ID: "schema", Path: schema.CopyPath, Data: schema.Copy()},
		{ID: "spec", Path: spec, Data: []byte(render(templates.Init(schema.DefaultFile), start))},
	}
}

// render fills in a template. Its actions look like comments, so that it is CUE as it stands.
func render(text string, data any) string {
	var b strings.Builder
	t := template.Must(template.New("").Delims("//{", "}//").Option("missingkey=error").Parse(text))
	if err := t.Execute(&b, data); err != nil {
		panic(err) // a hole that Start does not have: found by every test
	}
	return b.String()
}
