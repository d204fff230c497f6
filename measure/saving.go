package measure

import "time"

// Durations are how long steps take without a cache, by digest and by name.
type Durations map[string]time.Duration

// Cold are the durations of the steps that ran in one of the builds; the first build that ran a step counts. The name
// matters as much as the digest: whatever is built upon files of the build context has another digest in each build.
func Cold(builds ...*Build) Durations {
	d := Durations{}
	set := func(key string, took time.Duration) {
		if _, ok := d[key]; !ok {
			d[key] = took
		}
	}
	for _, b := range builds {
		for _, s := range b.Missed() {
			if s.Failed || s.Started.IsZero() {
				continue
			}
			set(s.Name, s.Took)
			for _, digest := range s.Digests {
				set(digest, s.Took)
			}
		}
	}
	return d
}

func (d Durations) of(s Step) (took time.Duration, ok bool) {
	for _, digest := range s.Digests {
		if took, ok = d[digest]; ok {
			return took, true
		}
	}
	took, ok = d[s.Name]
	return took, ok
}

// A Saving is what the caches saved, by time: one missed download matters more than five copied files.
type Saving struct {
	Saved time.Duration // of the steps that were cached, without a cache
	Whole time.Duration // of all steps, without a cache
	Known int           // of how many steps the duration is known
	Steps int
}

// Saving weighs the steps by what they take without a cache.
func (b *Build) Saving(cold Durations) Saving {
	saving := Saving{Steps: len(b.Steps)}
	for _, s := range b.Steps {
		took, ok := cold.of(s)
		if !ok {
			continue
		}
		saving.Known++
		saving.Whole += took
		if s.Cached {
			saving.Saved += took
		}
	}
	return saving
}

// Percent is the share that was saved. There is none unless the duration of every step is known.
func (s Saving) Percent() (percent float64, ok bool) {
	if s.Known < s.Steps || s.Whole == 0 {
		return 0, false
	}
	return float64(s.Saved) * 100 / float64(s.Whole), true
}
