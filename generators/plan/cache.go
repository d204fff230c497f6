package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/devgen/devgen/schema"
	"github.com/distribution/reference"
)

// A Cache is one backend that layers are read from and written to. From and To are BuildKit's own cache options
// with {placeholders} for what is only known when a build runs; Fill puts the values in.
type Cache struct {
	Backend  string     // the key in the spec
	From     string     // --cache-from
	To       string     // --cache-to
	Mode     string     // the mode that the spec gives; "" if the backend has none
	Branches []string   // the branches that the spec names as writers
	Writers  string     // a regular expression of the branches that may write; "" if every published build does
	Branched bool       // other writers than the default branch have a cache of their own
	Shared   bool       // developers can read it without credentials
	Folder   bool       // the workflow keeps it in the GitHub Actions cache
	Secrets  []string   // the repository secrets that it needs
	Env      []Variable // credentials in the environment of the build step, as expressions
}

// Lenient reports whether a failed upload can be made no error.
func (c Cache) Lenient() bool { return strings.Contains(c.To, "{ignore-error}") }

// HasSecrets is the expression that holds where the secrets of the cache are set: a fork may have none.
func (c Cache) HasSecrets() string { return areSet(c.Secrets...) }

// CacheValues are what stands for the placeholders in one place.
type CacheValues struct {
	Repository  string // of the cache: ghcr.io/acme/app-devcontainer-cache
	Image       string // of the image
	Arch        string
	Suffix      string // "" for the default branch, "-<slug>" for another writer
	Mode        string
	IgnoreError string // "true" or "false"
	Folder      string // of a cache that is a folder
}

// Fill puts the values into a cache option.
func (v CacheValues) Fill(option string) string {
	return strings.NewReplacer(
		"{repository}", v.Repository,
		"{image}", v.Image,
		"{arch}", v.Arch,
		"{suffix}", v.Suffix,
		"{mode}", v.Mode,
		"{ignore-error}", v.IgnoreError,
		"{folder}", v.Folder,
	).Replace(option)
}

// CacheRepository is where the registry cache lies, or "" if there is none.
func (p *Plan) CacheRepository() string {
	if p.Cache("registry") == nil {
		return ""
	}
	if c := p.Spec.Caches; c != nil {
		return p.cacheRepository(c.Registry.Repository)
	}
	return p.cacheRepository("")
}

// cacheRepository is the repository that the spec names, or the one beside the image.
func (p *Plan) cacheRepository(named string) string {
	if named != "" {
		return p.Spec.Image.Registry + "/" + named
	}
	return p.Image.Repository + "-cache"
}

// Cache is the backend called name, or nil.
func (p *Plan) Cache(name string) *Cache {
	for i := range p.Caches {
		if p.Caches[i].Backend == name {
			return &p.Caches[i]
		}
	}
	return nil
}

func resolveCaches(p *Plan) {
	if !p.Image.Built() {
		if p.Spec.Caches != nil {
			p.problem(fmt.Sprintf("nothing is built, so nothing can be cached: image.base (%s) is a ready image", p.at("image", "base")), "caches")
		}
		return
	}
	c := p.Spec.Caches
	if c == nil {
		c = &schema.Caches{Registry: &schema.RegistryCache{Mode: "max", Compression: "zstd"}}
	}
	if c.Registry != nil {
		p.Caches = append(p.Caches, p.registryCache(c.Registry))
	}
	if c.GHA != nil {
		p.Caches = append(p.Caches, p.ghaCache(c.GHA))
	}
	if c.S3 != nil {
		p.Caches = append(p.Caches, p.s3Cache(c.S3))
	}
	if c.AzBlob != nil {
		p.Caches = append(p.Caches, p.azblobCache(c.AzBlob))
	}
	if c.Local != nil {
		p.Caches = append(p.Caches, p.localCache(c.Local))
	}
	if c.Inline != nil {
		p.Caches = append(p.Caches, inlineCache())
	}
}

// The options below are documented in BuildKit's README, "Export cache".

func (p *Plan) registryCache(c *schema.RegistryCache) Cache {
	if c.Repository != "" && c.Repository == p.Spec.Image.Repository {
		p.problem(fmt.Sprintf("the cache and the image (%s) share one repository and would overwrite each other; want another one such as %s-cache", p.at("image", "repository"), c.Repository), "caches", "registry", "repository")
	}
	if name := p.cacheRepository(c.Repository); p.Image.Repository != "" {
		if _, err := reference.ParseNormalizedNamed(name); err != nil {
			p.problem(fmt.Sprintf("%s is not a repository that a registry takes: %v", name, err), "caches", "registry")
		}
	}
	return p.written(Cache{
		Backend: "registry",
		From:    "type=registry,ref={repository}:{arch}{suffix}",
		To: "type=registry,ref={repository}:{arch}{suffix},mode={mode},image-manifest=true,oci-mediatypes=true,compression=" +
			c.Compression + ",ignore-error={ignore-error}",
		Shared: true,
	}, c.Mode, c.Writers)
}

// ghaCache needs no suffix: GitHub keeps one cache for each ref and lets every ref read the default branch's.
func (p *Plan) ghaCache(c *schema.GHACache) Cache {
	scope := c.Scope
	if scope == "" {
		scope = p.Spec.Name
	}
	return p.written(Cache{
		Backend: "gha",
		From:    "type=gha,scope=" + scope + "-{arch}",
		To:      "type=gha,scope=" + scope + "-{arch},mode={mode},ignore-error={ignore-error}",
	}, c.Mode, c.Writers)
}

// s3Cache: buildx reads the credentials from its own environment and hands them to the builder.
// Source: buildx build/opt.go, addAwsCredentials.
func (p *Plan) s3Cache(c *schema.S3Cache) Cache {
	p.checkSecret(c.AccessKey, "caches", "s3", "accessKey")
	p.checkSecret(c.SecretKey, "caches", "s3", "secretKey")
	place := fmt.Sprintf("type=s3,region=%s,bucket=%s,name=%s-{arch}{suffix}", c.Region, c.Bucket, p.Spec.Name)
	if c.Prefix != "" {
		place += ",prefix=" + c.Prefix
	}
	if c.Endpoint != "" {
		place += ",endpoint_url=" + c.Endpoint + ",use_path_style=true"
	}
	return p.written(Cache{
		Backend: "s3",
		From:    place,
		To:      place + ",mode={mode},ignore-error={ignore-error}",
		Secrets: []string{c.AccessKey, c.SecretKey},
		Env: []Variable{
			{"AWS_ACCESS_KEY_ID", secretExpression(c.AccessKey)},
			{"AWS_SECRET_ACCESS_KEY", secretExpression(c.SecretKey)},
		},
	}, c.Mode, c.Writers)
}

// azblobCache: the key is an option, because the builder and not buildx would read it from an environment. BuildKit takes
// the first part of the host for the name of the account unless it is told.
// Source: Docker's documentation of the azblob backend, "Authentication"; BuildKit cache/remotecache/azblob/utils.go.
func (p *Plan) azblobCache(c *schema.AzBlobCache) Cache {
	p.checkSecret(c.Key, "caches", "azblob", "key")
	place := fmt.Sprintf("type=azblob,account_url=%s,container=%s,name=%s-{arch}{suffix},secret_access_key=%s",
		c.Account, c.Container, p.Spec.Name, secretExpression(c.Key))
	if c.AccountName != "" {
		place += ",account_name=" + c.AccountName
	}
	if c.Prefix != "" {
		place += ",prefix=" + c.Prefix
	}
	return p.written(Cache{
		Backend: "azblob",
		From:    place,
		To:      place + ",mode={mode},ignore-error={ignore-error}",
		Secrets: []string{c.Key},
	}, c.Mode, c.Writers)
}

// localCache is one folder: restored before the build and saved after it. reset drops what the build no longer
// refers to; without it the folder only grows.
func (p *Plan) localCache(c *schema.LocalCache) Cache {
	return p.written(Cache{
		Backend: "local",
		From:    "type=local,src={folder}",
		To:      "type=local,dest={folder},mode={mode},reset=true",
		Folder:  true,
	}, c.Mode, c.Writers)
}

// written completes a backend that a build uploads to. Those without a {suffix} need none for each branch.
func (p *Plan) written(c Cache, mode string, writers []string) Cache {
	c.Mode, c.Branches, c.Writers = mode, writers, p.writers(writers)
	c.Branched = strings.Contains(c.To, "{suffix}") && p.branched(writers)
	return c
}

// inlineCache is read from the image that the default branch publishes.
func inlineCache() Cache {
	return Cache{Backend: "inline", From: "type=registry,ref={image}", To: "type=inline", Shared: true}
}

// writers is the regular expression of the branches that may write.
func (p *Plan) writers(branches []string) string {
	if len(branches) == 0 {
		branches = []string{p.DefaultBranch()}
	}
	alternatives := make([]string, len(branches))
	for i, b := range branches {
		alternatives[i] = globToRegexp(b)
	}
	return "^(" + strings.Join(alternatives, "|") + ")$"
}

// branched reports whether others than the default branch write.
func (p *Plan) branched(writers []string) bool {
	return slices.ContainsFunc(writers, func(w string) bool { return w != p.DefaultBranch() })
}

// A LocalCache is what a developer's build reads on one platform: a cache that can be read without credentials.
type LocalCache struct {
	Platform string
	Backend  string // the key in the spec
	Option   string // --cache-from
}

// PlatformCaches are the caches that a developer's build reads, one after the other.
func (p *Plan) PlatformCaches() (all []LocalCache) {
	for _, c := range p.Caches {
		for _, platform := range p.Platforms {
			if c.Shared {
				values := CacheValues{Repository: p.CacheRepository(), Image: p.Image.Local, Arch: platform.Arch}
				all = append(all, LocalCache{platform.Name, c.Backend, values.Fill(c.From)})
			}
		}
	}
	return all
}

// LocalCaches are the cache options of all platforms, because a compose file cannot know the machine. A cache of another
// architecture costs one request and hits nothing.
func (p *Plan) LocalCaches() (options []string) {
	for _, c := range p.PlatformCaches() {
		if !slices.Contains(options, c.Option) {
			options = append(options, c.Option)
		}
	}
	return options
}

// CacheModes are the choices of a run by hand, the standing one first: as the spec says, where the backends differ.
// None of the backends may have a mode; then there is no choice.
func (p *Plan) CacheModes() []string {
	var said []string
	for _, c := range p.Caches {
		if c.Mode != "" && !slices.Contains(said, c.Mode) {
			said = append(said, c.Mode)
		}
	}
	switch {
	case len(said) == 0:
		return nil
	case len(said) > 1:
		return []string{"spec", "max", "min"}
	case said[0] == "min":
		return []string{"min", "max"}
	}
	return []string{"max", "min"}
}

// globToRegexp follows GitHub's filter patterns: * stays within one path segment, ** does not; ?, + and [] are as in a
// regular expression, and a backslash takes the meaning away.
// Source: GitHub, "Workflow syntax", filter pattern cheat sheet.
func globToRegexp(glob string) string {
	var b strings.Builder
	for rest := glob; rest != ""; {
		n := 1
		switch {
		case strings.HasPrefix(rest, "**"):
			n = 2
			b.WriteString(".*")
		case rest[0] == '*':
			b.WriteString("[^/]*")
		case strings.IndexByte("?+[]", rest[0]) >= 0:
			b.WriteByte(rest[0])
		case rest[0] == '\\' && len(rest) > 1:
			n = 2
			b.WriteString(regexp.QuoteMeta(rest[1:2]))
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
		}
		rest = rest[n:]
	}
	return b.String()
}

// literalGlob is the filter pattern that matches one path. Of a path's characters + alone has a meaning.
func literalGlob(path string) string { return strings.ReplaceAll(path, "+", `\+`) }
