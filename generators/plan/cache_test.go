package plan

import (
	"regexp"
	"slices"
	"testing"
)

func TestImageAndCacheReferences(t *testing.T) {
	p := resolve(t, `name: "app"
image: repository: "acme/app"
platforms: {"linux/amd64": {}, "linux/arm64": {}, "linux/arm/v7": emulated: true}
caches: registry: writers: ["main", "release/**"]
workflow: {repository: "acme/app", branches: ["main", "release/**"]}`)
	equal(t, "Repository", p.Image.Repository, "ghcr.io/acme/app")
	equal(t, "CacheRepository", p.CacheRepository(), "ghcr.io/acme/app-cache")
	equal(t, "Branched", branched(p), true)
	for suffix, want := range map[string][]string{
		"":             {"ghcr.io/acme/app-cache:amd64", "ghcr.io/acme/app-cache:arm64", "ghcr.io/acme/app-cache:arm-v7"},
		"-release-9.0": {"ghcr.io/acme/app-cache:amd64-release-9.0", "ghcr.io/acme/app-cache:arm64-release-9.0", "ghcr.io/acme/app-cache:arm-v7-release-9.0"},
	} {
		for i, platform := range p.Platforms {
			values := CacheValues{Repository: p.CacheRepository(), Arch: platform.Arch, Suffix: suffix}
			equal(t, platform.Name+suffix, values.Fill(p.Cache("registry").From), "type=registry,ref="+want[i])
		}
	}
}

func TestCacheRepository(t *testing.T) {
	for _, row := range []struct{ name, spec, want string }{
		{"by default", app, "ghcr.io/acme/app-cache"},
		{"said", app + `caches: registry: repository: "acme/layers"`, "ghcr.io/acme/layers"},
		{"in the image's registry", app + `image: registry: "localhost:5000", caches: registry: {}`, "localhost:5000/acme/app-cache"},
		{"no registry cache", app + `caches: gha: {}`, ""},
		{"nothing is built", ready, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			equal(t, "CacheRepository", resolve(t, row.spec).CacheRepository(), row.want)
		})
	}
}

// branched reports whether any cache has one entry for each writer.
func branched(p *Plan) bool {
	return slices.ContainsFunc(p.Caches, func(c Cache) bool { return c.Branched })
}

// What the backends come to in a run of a writer other than the default branch.
var filled = CacheValues{
	Repository: "ghcr.io/acme/app-cache", Image: "ghcr.io/acme/app:latest", Arch: "arm64", Suffix: "-release-9.0",
	Mode: "min", IgnoreError: "true", Folder: "/tmp/layers",
}

const onMain = "^(main)$"

func TestCaches(t *testing.T) {
	releases := []string{"main", "release/**"}
	const writers = `writers: ["main", "release/**"]`
	const onRelease = "^(main|release/.*)$"
	const registryTo = "type=registry,ref=ghcr.io/acme/app-cache:arm64-release-9.0,mode=min,image-manifest=true,oci-mediatypes=true,compression="
	aws := []Variable{{"AWS_ACCESS_KEY_ID", "${{ secrets.ID }}"}, {"AWS_SECRET_ACCESS_KEY", "${{ secrets.KEY }}"}}
	for _, row := range []struct {
		name, caches string
		want         Cache // with what filled makes of the options
	}{
		{"registry", `registry: {}`, Cache{
			Backend: "registry", Mode: "max", Writers: onMain, Shared: true,
			From: "type=registry,ref=ghcr.io/acme/app-cache:arm64-release-9.0", To: registryTo + "zstd,ignore-error=true",
		}},
		{"registry with writers", `registry: {` + writers + `, compression: "gzip", mode: "min"}`, Cache{
			Backend: "registry", Mode: "min", Branches: releases, Writers: onRelease, Shared: true, Branched: true,
			From: "type=registry,ref=ghcr.io/acme/app-cache:arm64-release-9.0", To: registryTo + "gzip,ignore-error=true",
		}},
		// GitHub itself keeps one cache for each ref: a suffix would hide the default branch's.
		{"gha", `gha: {` + writers + `}`, Cache{
			Backend: "gha", Mode: "max", Branches: releases, Writers: onRelease,
			From: "type=gha,scope=app-arm64", To: "type=gha,scope=app-arm64,mode=min,ignore-error=true",
		}},
		{"gha with a scope", `gha: scope: "dev"`, Cache{
			Backend: "gha", Mode: "max", Writers: onMain,
			From: "type=gha,scope=dev-arm64", To: "type=gha,scope=dev-arm64,mode=min,ignore-error=true",
		}},
		{"s3", `s3: {bucket: "layers", region: "eu-central-1", accessKey: "ID", secretKey: "KEY"}`, Cache{
			Backend: "s3", Mode: "max", Writers: onMain, Secrets: []string{"ID", "KEY"}, Env: aws,
			From: "type=s3,region=eu-central-1,bucket=layers,name=app-arm64-release-9.0",
			To:   "type=s3,region=eu-central-1,bucket=layers,name=app-arm64-release-9.0,mode=min,ignore-error=true",
		}},
		{"s3 on another server", `s3: {bucket: "layers", region: "r1", accessKey: "ID", secretKey: "KEY", prefix: "dev/", endpoint: "http://minio:9000", ` + writers + `}`, Cache{
			Backend: "s3", Mode: "max", Branches: releases, Writers: onRelease, Branched: true, Secrets: []string{"ID", "KEY"}, Env: aws,
			From: "type=s3,region=r1,bucket=layers,name=app-arm64-release-9.0,prefix=dev/,endpoint_url=http://minio:9000,use_path_style=true",
			To:   "type=s3,region=r1,bucket=layers,name=app-arm64-release-9.0,prefix=dev/,endpoint_url=http://minio:9000,use_path_style=true,mode=min,ignore-error=true",
		}},
		{"azblob at an address of its own", `azblob: {account: "https://layers.example.org", accountName: "acme", key: "AZ"}`, Cache{
			Backend: "azblob", Mode: "max", Writers: onMain, Secrets: []string{"AZ"},
			From: "type=azblob,account_url=https://layers.example.org,container=buildkit-cache,name=app-arm64-release-9.0,secret_access_key=${{ secrets.AZ }},account_name=acme",
			To:   "type=azblob,account_url=https://layers.example.org,container=buildkit-cache,name=app-arm64-release-9.0,secret_access_key=${{ secrets.AZ }},account_name=acme,mode=min,ignore-error=true",
		}},
		{"azblob", `azblob: {account: "https://acme.blob.core.windows.net", key: "AZ", prefix: "dev/", ` + writers + `}`, Cache{
			Backend: "azblob", Mode: "max", Branches: releases, Writers: onRelease, Branched: true, Secrets: []string{"AZ"},
			From: "type=azblob,account_url=https://acme.blob.core.windows.net,container=buildkit-cache,name=app-arm64-release-9.0,secret_access_key=${{ secrets.AZ }},prefix=dev/",
			To:   "type=azblob,account_url=https://acme.blob.core.windows.net,container=buildkit-cache,name=app-arm64-release-9.0,secret_access_key=${{ secrets.AZ }},prefix=dev/,mode=min,ignore-error=true",
		}},
		{"local", `local: {` + writers + `}`, Cache{
			Backend: "local", Mode: "max", Branches: releases, Writers: onRelease, Folder: true,
			From: "type=local,src=/tmp/layers", To: "type=local,dest=/tmp/layers,mode=min,reset=true",
		}},
		{"inline", `inline: {}`, Cache{
			Backend: "inline", Shared: true, From: "type=registry,ref=ghcr.io/acme/app:latest", To: "type=inline",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := resolve(t, withWorkflow+"workflow: branches: [\"main\", \"release/**\"]\ncaches: "+row.caches)
			if len(p.Caches) != 1 {
				t.Fatalf("got %d caches, want 1", len(p.Caches))
			}
			got := p.Caches[0]
			got.From, got.To = filled.Fill(got.From), filled.Fill(got.To)
			equal(t, "Cache", got, row.want)
			equal(t, "Branched", branched(p), row.want.Branched)
		})
	}
}

func TestSeveralCaches(t *testing.T) {
	p := resolve(t, app+`caches: {
	inline: {}
	local: {}
	azblob: {account: "https://acme.blob.core.windows.net", key: "AZ"}
	gha: mode: "min"
	registry: {}
	s3: {bucket: "layers", region: "r1", accessKey: "ID", secretKey: "KEY"}
}`)
	var backends []string
	for _, c := range p.Caches {
		backends = append(backends, c.Backend)
	}
	equal(t, "backends", backends, []string{"registry", "gha", "s3", "azblob", "local", "inline"})
	equal(t, "the mode of gha", p.Cache("gha").Mode, "min")
	equal(t, "the mode of local", p.Cache("local").Mode, "max")
	if c := resolve(t, app).Cache("gha"); c != nil {
		t.Errorf("Cache(gha) = %+v, want none: the spec does not name it", c)
	}
}

// The default branch's entry has no suffix, so that a reader needs to know no branch.
func TestFillOnTheDefaultBranch(t *testing.T) {
	p := resolve(t, app)
	values := CacheValues{Repository: p.CacheRepository(), Arch: "amd64", Mode: "max", IgnoreError: "false"}
	equal(t, "To", values.Fill(p.Caches[0].To),
		"type=registry,ref=ghcr.io/acme/app-cache:amd64,mode=max,image-manifest=true,oci-mediatypes=true,compression=zstd,ignore-error=false")
}

func TestWriters(t *testing.T) {
	for _, row := range []struct {
		writers string
		write   []string
		read    []string
	}{
		{`["main"]`, []string{"main"}, []string{"mainx", "xmain", "main/x", "release/1"}},
		{`["main", "release/**"]`, []string{"main", "release/1", "release/a/b", "release/9.0"}, []string{"feature/x", "mainx", "release", "xrelease/1"}},
		{`["release/*"]`, []string{"release/1", "release/9.0"}, []string{"release/a/b", "main"}},
		{`["release/9.0"]`, []string{"release/9.0"}, []string{"release/9x0"}}, // a dot is a dot
		{`["**"]`, []string{"main", "a/b/c"}, nil},
		{`["rel*"]`, []string{"rel", "rel-1"}, []string{"rel/1"}},
	} {
		t.Run(row.writers, func(t *testing.T) {
			p := resolve(t, app+`caches: registry: writers: `+row.writers)
			writers := regexp.MustCompile(p.Caches[0].Writers)
			for _, branch := range row.write {
				if !writers.MatchString(branch) {
					t.Errorf("%s does not match %s, want it to write", writers, branch)
				}
			}
			for _, branch := range row.read {
				if writers.MatchString(branch) {
					t.Errorf("%s matches %s, want it only to read", writers, branch)
				}
			}
		})
	}
}

// Without a suffix of their own all writers would share the default branch's entry.
func TestBranched(t *testing.T) {
	for _, row := range []struct {
		spec string
		want bool
	}{
		{app, false},
		{app + `caches: registry: writers: ["main"]`, false},
		{app + `caches: registry: writers: ["main", "dev"]`, true},
		{app + `caches: registry: writers: ["dev"]`, true},
		{withWorkflow + `workflow: {defaultBranch: "dev"}, caches: registry: writers: ["dev"]`, false},
		{app + `caches: gha: writers: ["main", "dev"]`, false},
	} {
		t.Run(row.spec, func(t *testing.T) { equal(t, "Branched", branched(resolve(t, row.spec)), row.want) })
	}
}

func TestCacheContradictions(t *testing.T) {
	contradict(t, []contradiction{
		{"the cache in the image's repository", app + `caches: registry: repository: "acme/app"`, []string{
			`spec.cue:4:31: caches.registry.repository: the cache and the image (spec.cue:2:20) share one repository and would overwrite each other; want another one such as acme/app-cache`,
		}},
		{"a writer that never builds", withWorkflow + `caches: registry: writers: ["main", "release/**"]`, []string{
			`spec.cue:5:37: caches.registry.writers[1]: release/** never builds, so it never writes the cache; workflow.branches (spec.cue:4:1) are main`,
		}},
		{"in every backend", withWorkflow + `workflow: branches: ["main", "next"]
caches: {
	gha: writers: ["dev"]
	local: writers: ["main", "dev"]
	s3: {bucket: "layers", region: "r1", accessKey: "ID", secretKey: "KEY", writers: ["dev"]}
	azblob: {account: "https://acme.example", key: "AZ", writers: ["dev"]}
}`, []string{
			`spec.cue:7:17: caches.gha.writers[0]: dev never builds, so it never writes the cache; workflow.branches (spec.cue:5:21) are main, next`,
			`spec.cue:8:27: caches.local.writers[1]: dev never builds, so it never writes the cache; workflow.branches (spec.cue:5:21) are main, next`,
			`spec.cue:9:84: caches.s3.writers[0]: dev never builds, so it never writes the cache; workflow.branches (spec.cue:5:21) are main, next`,
			`spec.cue:10:65: caches.azblob.writers[0]: dev never builds, so it never writes the cache; workflow.branches (spec.cue:5:21) are main, next`,
		}},
	})
}

// A filter of writers and one of branches need one branch in common, not more.
func TestWritersThatBuild(t *testing.T) {
	for _, row := range []struct{ branches, writers string }{
		{`["main"]`, `["main"]`},
		{`["main", "release/**"]`, `["release/**", "release/9.0", "release/*"]`},
		{`["**"]`, `["main", "release/**"]`},
		{`["main", "release/*"]`, `["release/**"]`}, // release/9.0 builds
		{`["main"]`, `["**"]`},                      // main builds
		{`["main", "release/9.0"]`, `["release/*"]`},
	} {
		t.Run(row.branches+" "+row.writers, func(t *testing.T) {
			_, problems := New(load(t, withWorkflow+"workflow: branches: "+row.branches+"\ncaches: registry: writers: "+row.writers))
			equalLines(t, lines(problems), nil)
		})
	}
}

func TestLocalCaches(t *testing.T) {
	const two = app + `platforms: "linux/arm64": {}` + "\n"
	for _, row := range []struct {
		name, spec string
		want       []string
	}{
		{"of every architecture", two, []string{"type=registry,ref=ghcr.io/acme/app-cache:amd64", "type=registry,ref=ghcr.io/acme/app-cache:arm64"}},
		{"once, where they are one", two + `caches: inline: {}`, []string{"type=registry,ref=ghcr.io/acme/app:latest"}},
		{"none that needs credentials", two + `caches: {gha: {}, local: {}}`, nil},
		{"none of a ready image", ready, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			equal(t, "LocalCaches", resolve(t, row.spec).LocalCaches(), row.want)
		})
	}
}

func TestPlatformCaches(t *testing.T) {
	equal(t, "PlatformCaches", resolve(t, app+`platforms: "linux/arm64": {}, caches: {registry: repository: "acme/layers", gha: {}, inline: {}}`).PlatformCaches(), []LocalCache{
		{"linux/amd64", "registry", "type=registry,ref=ghcr.io/acme/layers:amd64"},
		{"linux/arm64", "registry", "type=registry,ref=ghcr.io/acme/layers:arm64"},
		{"linux/amd64", "inline", "type=registry,ref=ghcr.io/acme/app:latest"},
		{"linux/arm64", "inline", "type=registry,ref=ghcr.io/acme/app:latest"},
	})
}

func TestCacheModes(t *testing.T) {
	for _, row := range []struct {
		name, caches string
		want         []string
	}{
		{"by default", `registry: {}`, []string{"max", "min"}},
		{"min", `registry: mode: "min"`, []string{"min", "max"}},
		{"alike", `{registry: mode: "min", gha: mode: "min"}`, []string{"min", "max"}},
		{"different", `{registry: mode: "min", gha: {}}`, []string{"spec", "max", "min"}},
		{"none", `inline: {}`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			equal(t, "CacheModes", resolve(t, app+"caches: "+row.caches).CacheModes(), row.want)
		})
	}
}
