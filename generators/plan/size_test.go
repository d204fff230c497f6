package plan

import (
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	for _, row := range []struct {
		size string
		want int64 // 0: refused
	}{
		{"1B", 1},
		{"1KB", 1024},
		{"512MB", 536870912},
		{"1GB", 1073741824},
		{"1.5GB", 1610612736},
		{"2TB", 2199023255552},
		{"0.5KB", 512},
		{"0.1GB", 107374182}, // rounded to whole bytes
		{"0B", 0},
		{"0.0GB", 0},
		{"0.4B", 0},
		{"9000000TB", 0}, // sums of sizes must fit too
		{"99999999999999999999999999999999B", 0},
	} {
		t.Run(row.size, func(t *testing.T) {
			got, err := bytes(row.size)
			equal(t, "bytes", got, row.want)
			if (err != nil) != (row.want == 0) {
				t.Errorf("bytes(%q): error %v", row.size, err)
			}
		})
	}
}

func TestSizeContradictions(t *testing.T) {
	contradict(t, []contradiction{
		{"a volume of nothing", app + `volumes: a: {target: "/data", persistence: "cache", size: "0GB"}`, []string{
			`spec.cue:4:59: volumes.a.size: "0GB" is not a size between one byte and 4194304TB`,
		}},
		{"an ephemeral volume of nothing", app + `volumes: a: {target: "/data", persistence: "ephemeral", size: "0.0MB"}`, []string{
			`spec.cue:4:63: volumes.a.size: "0.0MB" is not a size between one byte and 4194304TB`,
		}},
		{"a builder without room", app + `buildkit: gc: max: "9000000TB"`, []string{
			`spec.cue:4:20: buildkit.gc.max: "9000000TB" is not a size between one byte and 4194304TB`,
		}},
	})
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "45m": 45 * time.Minute, "168h": 168 * time.Hour} {
		equal(t, text, duration(text), want)
	}
}
