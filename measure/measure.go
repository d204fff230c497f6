// Package measure tells what the caches were worth to a build, by BuildKit's own record of it.
//
// The record is what "docker buildx build --progress rawjson" writes while it builds, and what "docker buildx history logs
// --progress rawjson" replays afterwards: a SolveStatus of BuildKit's client as JSON on each line, with a vertex for all that
// was done. A step is a vertex of a Dockerfile instruction that makes a layer: RUN, COPY, ADD or WORKDIR. All others (FROM,
// [internal], imports, exports) are never cached and do not count.
//
// templates/scripts/lib/cache-hit.jq counts in the same way where only jq is at hand; a test holds the two together.
package measure

import (
	"regexp"
	"slices"
	"time"
)

// A Build is one build, as far as its record goes.
type Build struct {
	Steps        []Step // in the order of the record
	ImportErrors []CacheError
	ExportErrors []CacheError
	Dockerfile   string        // the name of the file that was built, without its folder; "" if the record does not tell
	Failure      string        // why the build failed; "" if the record knows of no failure
	FailedAt     string        // the name of what failed; "" if the record does not tell
	Unfinished   bool          // the record ends while something is still being done
	Took         time.Duration // from the first start to the last end; 0 if the record tells no times
}

// A Step is one step. Two vertexes of one name are one step: where builds run at the same time BuildKit has them share
// steps, and such a step has a digest from each.
type Step struct {
	Name    string
	Digests []string
	Cached  bool
	Failed  bool          // it failed, or the record ends before it does
	Started time.Time     // zero if it never started
	Took    time.Duration // how long it ran; of a step out of the cache next to nothing
}

// A CacheError is an import or export of a cache that did not work. The build goes on without the cache that could not be
// imported; whether it fails for an export depends on ignore-error.
type CacheError struct {
	Name, Text string
}

// stepName is what BuildKit calls a step: platform (of several), stage (of several), number, ONBUILD, instruction.
// Source: BuildKit v0.34.2, frontend/dockerfile/dockerfile2llb/convert.go, prefixCommand.
var stepName = regexp.MustCompile(`^\[([^\]]* )?([0-9]+)/([0-9]+)\] (ONBUILD )?(RUN|COPY|ADD|WORKDIR) `)

// Cached is how many steps came from a cache.
func (b *Build) Cached() int { return len(b.Steps) - len(b.Missed()) }

// Missed are the steps that did not come from a cache, as they started; those that never did come last.
func (b *Build) Missed() []Step {
	missed := slices.DeleteFunc(slices.Clone(b.Steps), func(s Step) bool { return s.Cached })
	slices.SortStableFunc(missed, func(s, other Step) int {
		if s.Started.IsZero() || other.Started.IsZero() {
			return other.Started.Compare(s.Started)
		}
		return s.Started.Compare(other.Started)
	})
	return missed
}

// FirstMissed is the missed step that started first: what is built upon it could not be cached either. It is nil if every
// step was cached.
func (b *Build) FirstMissed() *Step {
	if missed := b.Missed(); len(missed) > 0 {
		return &missed[0]
	}
	return nil
}

// Rate is the share of the steps that came from a cache, in percent. A build without steps has none.
func (b *Build) Rate() (percent float64, ok bool) {
	return Rate(b.Cached(), len(b.Steps))
}

// Rate is a part of a whole in percent. Of nothing there is none.
func Rate(part, whole int) (percent float64, ok bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) * 100 / float64(whole), true
}
