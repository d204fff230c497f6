package plan

import (
	"strings"
	"testing"
)

func TestImage(t *testing.T) {
	job := Login{"ghcr.io", "${{ github.actor }}", "${{ github.token }}", ""}
	for _, row := range []struct {
		name, spec string
		want       Image
	}{
		{"the least", app, Image{
			Repository: "ghcr.io/acme/app", Dockerfile: ".devcontainer/Dockerfile", Context: ".",
			Login: job, Tag: "latest", Local: "ghcr.io/acme/app:latest", Provenance: "mode=max",
		}},
		{"everything", app + `image: {
	dockerfile: "docker/Dev.Dockerfile"
	context:    "docker"
	target:     "dev"
	args: {NODE: "24", TZ: "UTC"}
	secrets: {npm: env: "NPM_TOKEN", gh: env: "GITHUB_TOKEN"}
	provenance: "off"
}`, Image{
			Repository: "ghcr.io/acme/app", Dockerfile: "docker/Dev.Dockerfile", Context: "docker", Target: "dev",
			Args: []Variable{{"NODE", "24"}, {"TZ", "UTC"}},
			Secrets: []Secret{
				{"npm", "NPM_TOKEN", "${{ secrets.NPM_TOKEN }}", "BUILD_SECRET_NPM"},
				{"gh", "GITHUB_TOKEN", "${{ github.token }}", "BUILD_SECRET_GH"}, // GitHub has no secret of this name
			},
			Login: job, Tag: "latest", Local: "ghcr.io/acme/app:latest", Provenance: "false",
		}},
		{"another registry", withWorkflow + `image: {registry: "localhost:5000", login: {username: "robot", secret: "REGISTRY"}, provenance: "min"}`, Image{
			Repository: "localhost:5000/acme/app", Dockerfile: ".devcontainer/Dockerfile", Context: ".",
			Login: Login{"localhost:5000", "robot", "${{ secrets.REGISTRY }}", "REGISTRY"},
			Tag:   "latest",
			Local: "localhost:5000/acme/app:latest", Provenance: "mode=min",
		}},
		{"ready", ready, Image{Base: "debian:13", Local: "debian:13"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := resolve(t, row.spec)
			equal(t, "Image", p.Image, row.want)
			equal(t, "Built", p.Image.Built(), row.want.Base == "")
		})
	}
}

// A developer pulls what the default branch publishes, by the tag that stays where it is.
func TestLocalTag(t *testing.T) {
	for _, row := range []struct{ name, spec, want string }{
		{"latest first", `tags: {fixed: ["edge"], branch: {}, latest: {}}`, "latest"},
		{"then the branch", `tags: {fixed: ["edge"], branch: {}}`, "main"},
		{"then a constant", `tags: {sha: {}, fixed: ["edge", "dev"]}`, "edge"},
		{"nothing stays", `tags: sha: {}`, "local"},
		{"a nested default branch", `tags: branch: {}, workflow: {repository: "a/b", defaultBranch: "Rel/1.0"}`, "Rel-1.0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			equal(t, "Local", resolve(t, app+row.spec).Image.Local, "ghcr.io/acme/app:"+row.want)
		})
	}
}

func TestImageContradictions(t *testing.T) {
	const nothing = `name: "app"
image: {context: "."}
platforms: "linux/amd64": {}
`
	missing := []string{`spec.cue:2:1: image: missing required field "repository"; want where the image is pushed, or base for a ready image`}
	contradict(t, []contradiction{
		{"neither repository nor base", nothing, missing},
		// Nothing follows from a repository that is not there: one mistake, one line.
		{"neither, with a workflow", nothing + `workflow: repository: "acme/app"`, missing},
		{"base and dockerfile", ready + `image: dockerfile: "Dockerfile"`, []string{
			`spec.cue:4:20: image.dockerfile: base is a ready image (spec.cue:2:14) and dockerfile says how to build one; keep one of them`,
		}},
		{"base and all of a build", ready + `image: {repository: "acme/app", target: "dev"}`, []string{
			`spec.cue:4:21: image.repository: base is a ready image (spec.cue:2:14) and repository says how to build one; keep one of them`,
			`spec.cue:4:41: image.target: base is a ready image (spec.cue:2:14) and target says how to build one; keep one of them`,
		}},
		{"base is no reference", strings.Replace(ready, "debian:13", "debian:13:14", 1), []string{
			`spec.cue:2:14: image.base: "debian:13:14" is not an image reference: invalid reference format`,
		}},
		{"base with a workflow, caches and tags", ready + "caches: gha: {}\ntags: latest: {}\nworkflow: repository: \"acme/app\"", []string{
			`spec.cue:4:1: caches: nothing is built, so nothing can be cached: image.base (spec.cue:2:14) is a ready image`,
			`spec.cue:5:1: tags: nothing is built, so nothing can be tagged: image.base (spec.cue:2:14) is a ready image`,
			`spec.cue:6:1: workflow: there is nothing to prebuild: image.base (spec.cue:2:14) is a ready image; remove workflow, or give image a repository and a dockerfile`,
		}},
	})
}

func TestLogin(t *testing.T) {
	missing := `the workflow cannot push to docker.io without a login; want image: login: {username: "…", secret: "NAME_OF_A_REPOSITORY_SECRET"}`
	contradict(t, []contradiction{
		{"missing", withWorkflow + `image: registry: "docker.io"`, []string{`spec.cue:5:18: image.registry: ` + missing}},
		{"present", withWorkflow + `image: {registry: "docker.io", login: {username: "me", secret: "HUB"}}`, nil},
		{"nobody pushes", app + `image: registry: "docker.io"`, nil},
		{"ghcr needs none", withWorkflow, nil},
	})
}

func TestBuildArguments(t *testing.T) {
	refused := func(name, text string) contradiction {
		return contradiction{name, app + `image: args: ` + name + `: "1"`,
			[]string{"spec.cue:4:" + column("image: args: "+name+": ") + ": image.args." + name + ": " + text}}
	}
	volatile := func(name string) contradiction {
		return refused(name, name+" changes with every run and invalidates every later step; the workflow sets it as a label")
	}
	predefined := func(name string) contradiction {
		return refused(name, name+" is set by BuildKit for each platform; use it in the Dockerfile without passing it")
	}
	secret := func(name, id string) contradiction {
		return refused(name, `a build argument is stored in the image; want image: secrets: `+id+`: env: "`+name+`"`)
	}
	allowed := func(name string) contradiction {
		return contradiction{name, app + `image: args: ` + name + `: "1"`, nil}
	}
	contradict(t, []contradiction{
		volatile("BUILD_DATE"), volatile("build_date"), volatile("VCS_REF"), volatile("GITHUB_SHA"),
		volatile("GITHUB_RUN_ID"), volatile("SOURCE_DATE_EPOCH"),
		predefined("TARGETPLATFORM"), predefined("TARGETARCH"), predefined("BUILDOS"), predefined("targetvariant"),
		refused("BUILDKIT_INLINE_CACHE", `inline cache is a backend; want caches: inline: {}`),
		secret("NPM_TOKEN", "npm_token"), secret("DB_PASSWORD", "db_password"), secret("secretKey", "secretkey"),
		allowed("NODE_VERSION"), allowed("TARGET"), allowed("PLATFORM"), allowed("BUILD_DATES"),
		{"a blank at the end", app + `image: args: MOTD: "hello "`, []string{
			`spec.cue:4:20: image.args.MOTD: a blank at the start or the end is lost on the way to the build; want the value without it`,
		}},
		// A refusal cannot be silenced, so a word that only begins like a secret must pass.
		allowed("TOKENIZERS_PARALLELISM"),
	})
}

func TestSecretVariables(t *testing.T) {
	p := resolve(t, app+`image: secrets: {"a-b": env: "ONE", "a.b": env: "TWO", a_b: env: "THREE"}`)
	var got []string
	for _, s := range p.Image.Secrets {
		got = append(got, s.Variable)
	}
	equal(t, "variables", got, []string{"BUILD_SECRET_A_B", "BUILD_SECRET_A_B_2", "BUILD_SECRET_A_B_3"})
}

// GitHub lets nobody make a secret with such a name: it would be empty in every run.
func TestSecretsOfGitHub(t *testing.T) {
	const refusal = "; want another name, or GITHUB_TOKEN, which is the job's own token"
	contradict(t, []contradiction{
		{"login", withWorkflow + `image: login: {username: "a", secret: "github_token"}`, []string{
			`spec.cue:5:39: image.login.secret: GitHub keeps names that begin with GITHUB_ for itself, so no secret is called github_token` + refusal,
		}},
		{"build", withWorkflow + `image: secrets: sha: env: "GITHUB_SHA"`, []string{
			`spec.cue:5:27: image.secrets.sha.env: GitHub keeps names that begin with GITHUB_ for itself, so no secret is called GITHUB_SHA` + refusal,
		}},
		{"build, of the scripts", withWorkflow + `image: secrets: sha: env: "Devgen_Cache"`, []string{
			`spec.cue:5:27: image.secrets.sha.env: names that begin with DEVGEN_ are those of devgen's own scripts, so Devgen_Cache cannot hold a secret; want another name`,
		}},
		{"s3", withWorkflow + `caches: s3: {bucket: "b-1", region: "r1", accessKey: "GITHUB_A", secretKey: "Github_B"}`, []string{
			`spec.cue:5:54: caches.s3.accessKey: GitHub keeps names that begin with GITHUB_ for itself, so no secret is called GITHUB_A` + refusal,
			`spec.cue:5:77: caches.s3.secretKey: GitHub keeps names that begin with GITHUB_ for itself, so no secret is called Github_B` + refusal,
		}},
		{"azblob", withWorkflow + `caches: azblob: {account: "https://acme.blob.core.windows.net", key: "GITHUB_A"}`, []string{
			`spec.cue:5:70: caches.azblob.key: GitHub keeps names that begin with GITHUB_ for itself, so no secret is called GITHUB_A` + refusal,
		}},
		{"the job's own", withWorkflow + `image: {login: {username: "a", secret: "GITHUB_TOKEN"}, secrets: gh: env: "GITHUB_TOKEN"}`, nil},
	})
}
