// Package buildkitd holds every generated buildkitd.toml against BuildKit's own struct, strictly: the daemon ignores
// a key that it does not know.
package buildkitd

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/pelletier/go-toml/v2"
)

func TestGenerated(t *testing.T) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../.devcontainer/buildkitd.toml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := decode(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, p := range c.Workers.OCI.GCPolicy {
			if p.KeepDuration.Duration <= 0 || p.MaxUsedSpace.Bytes <= 0 {
				t.Errorf("%s: a policy without a limit: %+v", file, p)
			}
		}
	}
}

// TestShipped wants the numbers of the requirement document: 4 steps, 10 GiB, 7 days.
func TestShipped(t *testing.T) {
	data, err := os.ReadFile("../../.devcontainer/buildkitd.toml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	policy := c.Workers.OCI.GCPolicy[0]
	if got := policy.MaxUsedSpace.Bytes; got != 10737418240 {
		t.Errorf("maxUsedSpace is %d bytes", got)
	}
	if got := policy.KeepDuration.Seconds(); got != 604800 {
		t.Errorf("keepDuration is %v s", got)
	}
	if got := c.Workers.OCI.MaxParallelism; got != 4 {
		t.Errorf("max-parallelism is %d", got)
	}
	if got := c.Registries["docker.io"].Mirrors; len(got) != 1 || got[0] != "mirror.gcr.io" {
		t.Errorf("mirrors of docker.io are %v", got)
	}
}

// TestStrict proves that the judge can refuse.
func TestStrict(t *testing.T) {
	if _, err := decode([]byte("[gc]\nkeepBytes = 1\n")); err == nil {
		t.Error("an unknown table was accepted")
	}
}

func decode(data []byte) (config.Config, error) {
	var c config.Config
	d := toml.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return c, d.Decode(&c)
}
