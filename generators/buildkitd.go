package generators

import (
	"bytes"
	"strings"
	"sync"

	"github.com/devgen/devgen/generators/plan"
	"github.com/pelletier/go-toml/v2"
)

// buildkitdConfig is the part of BuildKit's configuration that devgen writes. BuildKit ignores a key that it does
// not know, so the names are judged against its own struct in golden/buildkitd.
// Source: moby/buildkit v0.34.2, cmd/buildkitd/config.
type buildkitdConfig struct {
	Worker struct {
		OCI ociWorker `toml:"oci"`
	} `toml:"worker"`
	Registry map[string]registryConfig `toml:"registry,omitempty"`
}

type ociWorker struct {
	MaxParallelism int        `toml:"max-parallelism" comment:"Build steps at the same time."`
	GC             bool       `toml:"gc"`
	Policies       []gcPolicy `toml:"gcpolicy" comment:"Explicit policies take the place of all defaults."`
}

type gcPolicy struct {
	All          bool     `toml:"all,omitempty"`
	Filters      []string `toml:"filters,omitempty"`
	KeepDuration string   `toml:"keepDuration"`
	MaxUsedSpace string   `toml:"maxUsedSpace"` // units are binary there too
}

type registryConfig struct {
	Mirrors []string `toml:"mirrors"`
}

// buildkitd is the configuration of the workflow's builder.
func buildkitd(p *plan.Plan) document {
	b := p.Spec.BuildKit
	var config buildkitdConfig
	config.Worker.OCI = ociWorker{
		MaxParallelism: b.Parallelism,
		GC:             true,
		Policies:       []gcPolicy{{All: true, KeepDuration: b.GC.Keep, MaxUsedSpace: b.GC.Max}},
	}
	if len(b.Mirrors) > 0 {
		config.Registry = map[string]registryConfig{} // the encoder sorts it
		for _, m := range b.Mirrors {
			config.Registry[m.Registry] = registryConfig{m.Hosts}
		}
	}
	var out bytes.Buffer
	out.WriteString(header(p) + asComment(p.Mark("workflow", "BUILDX")+p.Mark("buildkitd", "BUILDX")+"The builder of the workflow. It ignores keys that it does not know.") + "\n\n")
	e := toml.NewEncoder(&out)
	e.SetIndentTables(false)
	if err := e.Encode(config); err != nil {
		panic(err) // plain strings and numbers
	}
	index := sync.OnceValue(func() map[int]origin { return buildkitdOrigins(out.Bytes()) })
	return document{out.Bytes(), func(line int) origin { return index()[line] }}
}

// buildkitdOrigins are the fields that the lines of a buildkitd.toml come from.
func buildkitdOrigins(data []byte) map[int]origin {
	fields := map[string][]string{
		"max-parallelism": {"buildkit", "parallelism"},
		"keepDuration":    {"buildkit", "gc", "keep"},
		"maxUsedSpace":    {"buildkit", "gc", "max"},
	}
	origins := map[int]origin{}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if table, ok := strings.CutPrefix(line, "[registry."); ok {
			fields["mirrors"] = []string{"buildkit", "mirrors", strings.Trim(table, "\"']\n")}
			origins[n] = origin{path: fields["mirrors"]}
		}
		name, _, _ := strings.Cut(line, " = ")
		if path := fields[name]; path != nil {
			origins[n] = origin{path: path}
		}
	}
	return origins
}
