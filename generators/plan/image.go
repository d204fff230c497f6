package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/devgen/devgen/schema"
	"github.com/distribution/reference"
)

// An Image is what is built, and what it is called.
type Image struct {
	Repository string // ghcr.io/acme/app-devcontainer; "" if nothing is built
	Base       string // the ready image that is used instead; "" if one is built
	Dockerfile string // from the root
	Context    string // from the root
	Target     string
	Args       []Variable
	Secrets    []Secret
	Login      Login
	Tag        string // the steadiest tag that the default branch publishes; "local" if none stays
	Local      string // what compose calls the image: the repository with Tag
	Provenance string // the provenance input of docker/build-push-action
}

// Built reports whether there is anything to build.
func (i Image) Built() bool { return i.Base == "" }

// A Secret is one build secret.
type Secret struct {
	ID         string
	Env        string // the variable on a developer's machine
	Expression string // where the workflow takes it from
	Variable   string // of the build step, which holds it
}

// A Login is how the workflow logs in to the registry.
type Login struct {
	Registry string
	Username string // may be an expression
	Password string // an expression
	Secret   string // the repository secret that must be set; "" for the job's own token
}

// HasSecret is the expression that holds where the secret of the login is set.
func (l Login) HasSecret() string {
	if l.Secret == "" {
		return "true"
	}
	return areSet(l.Secret)
}

// SpreadSecret is the expression that holds where the secret of the login is JSON of several lines: one begins with a brace.
func (l Login) SpreadSecret() string {
	return "${{ contains(" + secretContext(l.Secret) + `, fromJSON('"\n}"')) }}`
}

// ghcr is the registry that takes the job's own token.
const ghcr = "ghcr.io"

func resolveImage(p *Plan) {
	s := p.Spec.Image
	if s.Base != "" {
		resolveBase(p, s)
		return
	}
	if s.Repository == "" {
		p.problem(`missing required field "repository"; want where the image is pushed, or base for a ready image`, "image")
		return
	}
	p.Image = Image{
		Repository: s.Registry + "/" + s.Repository,
		Dockerfile: s.Dockerfile,
		Context:    s.Context,
		Target:     s.Target,
		Provenance: map[string]string{"max": "mode=max", "min": "mode=min", "off": "false"}[s.Provenance],
	}
	if p.Image.Dockerfile == "" {
		p.Image.Dockerfile = ".devcontainer/Dockerfile"
	}
	if _, err := reference.ParseNormalizedNamed(p.Image.Repository); err != nil {
		p.problem(fmt.Sprintf("%s is not a repository that a registry takes: %v", p.Image.Repository, err), "image", "repository")
	}
	for _, a := range s.Args {
		p.checkArg(a)
		p.Image.Args = append(p.Image.Args, Variable(a))
	}
	for _, x := range s.Secrets {
		p.checkSecret(x.Env, "image", "secrets", x.ID, "env")
		p.checkVariable(x.Env, "image", "secrets", x.ID, "env")
		p.Image.Secrets = append(p.Image.Secrets, Secret{x.ID, x.Env, secretExpression(x.Env), p.secretVariable(x.ID)})
	}
	resolveLogin(p, s)
}

func resolveBase(p *Plan, s schema.Image) {
	for _, other := range []struct {
		name string
		said bool
	}{
		{"dockerfile", s.Dockerfile != ""},
		{"repository", s.Repository != ""},
		{"target", s.Target != ""},
		{"args", len(s.Args) > 0},
		{"secrets", len(s.Secrets) > 0},
		{"login", s.Login != nil},
	} {
		if other.said {
			p.problem(fmt.Sprintf("base is a ready image (%s) and %s says how to build one; keep one of them", p.at("image", "base"), other.name), "image", other.name)
		}
	}
	if _, err := reference.ParseNormalizedNamed(s.Base); err != nil {
		p.problem(fmt.Sprintf("%q is not an image reference: %v", s.Base, err), "image", "base")
	}
	p.Image = Image{Base: s.Base, Local: s.Base}
}

var notInVariable = regexp.MustCompile(`[^A-Z0-9_]`)

// secretVariable is a variable that no other secret has. Ids that differ in other characters only get a number.
func (p *Plan) secretVariable(id string) string {
	first := "BUILD_SECRET_" + notInVariable.ReplaceAllString(strings.ToUpper(id), "_")
	name := first
	for n := 2; slices.ContainsFunc(p.Image.Secrets, func(s Secret) bool { return s.Variable == name }); n++ {
		name = fmt.Sprintf("%s_%d", first, n)
	}
	return name
}

func resolveLogin(p *Plan, s schema.Image) {
	switch {
	case s.Login != nil && s.Login.Secret == jobToken: // not a secret of the repository: it needs permissions instead
		p.Image.Login = Login{s.Registry, s.Login.Username, secretExpression(jobToken), ""}
	case s.Login != nil:
		p.checkSecret(s.Login.Secret, "image", "login", "secret")
		p.Image.Login = Login{s.Registry, s.Login.Username, secretExpression(s.Login.Secret), s.Login.Secret}
	case s.Registry == ghcr:
		p.Image.Login = Login{s.Registry, "${{ github.actor }}", "${{ github.token }}", ""}
	case p.prebuilt():
		p.problem(fmt.Sprintf("the workflow cannot push to %s without a login; want image: login: {username: \"…\", secret: \"NAME_OF_A_REPOSITORY_SECRET\"}", s.Registry), "image", "registry")
	}
}

// jobToken is the name by which GitHub offers a job's own token among the secrets.
const jobToken = "GITHUB_TOKEN"

// checkSecret refuses the name of a secret that nobody can make.
func (p *Plan) checkSecret(name string, at ...string) {
	if name != jobToken && ofGitHub(name) {
		p.problem(notAName(name, "secret")+", or "+jobToken+", which is the job's own token", at...)
	}
}

// checkVariable refuses a variable that would be taken for one of the scripts, which read secrets under the names of the spec.
func (p *Plan) checkVariable(name string, at ...string) {
	if strings.HasPrefix(strings.ToUpper(name), "DEVGEN_") {
		p.problem(fmt.Sprintf("names that begin with DEVGEN_ are those of devgen's own scripts, so %s cannot hold a secret; want another name", name), at...)
	}
}

// ofGitHub reports whether GitHub keeps a name for itself.
// Source: GitHub, "Secrets reference" and "Variables reference", naming.
func ofGitHub(name string) bool { return strings.HasPrefix(strings.ToUpper(name), "GITHUB_") }

func notAName(name, kind string) string {
	return fmt.Sprintf("GitHub keeps names that begin with GITHUB_ for itself, so no %s is called %s; want another name", kind, name)
}

// secretExpression is how a workflow reads a secret.
func secretExpression(name string) string { return "${{ " + secretContext(name) + " }}" }

// secretContext is where an expression finds a secret: GITHUB_TOKEN is the job's own token.
func secretContext(name string) string {
	if name == jobToken {
		return "github.token"
	}
	return "secrets." + name
}

// areSet is the expression that holds where all of some secrets are set.
func areSet(names ...string) string {
	set := make([]string, len(names))
	for i, name := range names {
		set[i] = secretContext(name) + " != ''"
	}
	return "${{ " + strings.Join(set, " && ") + " }}"
}

// volatile arguments change with every run, so that every later step runs again.
var volatile = []string{"BUILD_DATE", "VCS_REF", "SOURCE_DATE_EPOCH", "GITHUB_SHA", "GITHUB_RUN_ID"}

// predefined arguments are set by BuildKit for each platform; passing one overrides it for all.
// Source: BuildKit frontend/dockerfile/dockerfile2llb, defaultArgs.
var predefined = []string{"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT"}

// secretWord is a word of a name that holds a secret: NPM_TOKEN, but not TOKENIZERS.
var secretWord = regexp.MustCompile(`(TOKEN|PASSWORD|SECRET)S?(_|KEY|$)`)

func (p *Plan) checkArg(a schema.Arg) {
	upper := strings.ToUpper(a.Name)
	switch path := []string{"image", "args", a.Name}; {
	case slices.Contains(volatile, upper):
		p.problem(a.Name+" changes with every run and invalidates every later step; the workflow sets it as a label", path...)
	case slices.Contains(predefined, upper):
		p.problem(a.Name+" is set by BuildKit for each platform; use it in the Dockerfile without passing it", path...)
	case upper == "BUILDKIT_INLINE_CACHE":
		p.problem("inline cache is a backend; want caches: inline: {}", path...)
	case strings.TrimSpace(a.Value) != a.Value:
		p.problem("a blank at the start or the end is lost on the way to the build; want the value without it", path...)
	case secretWord.MatchString(upper):
		p.problem("a build argument is stored in the image; want image: secrets: "+strings.ToLower(a.Name)+": env: \""+a.Name+"\"", path...)
	}
}
