package schema

import "testing"

// TestDefaultObjectives holds them to what a spec without objectives gets.
func TestDefaultObjectives(t *testing.T) {
	spec := accept(t, map[string]string{"spec.cue": minimal})
	if got := DefaultObjectives(); got != spec.Objectives || got.HitRate == 0 || got.WarmBuild == "" {
		t.Errorf("%+v, want %+v", got, spec.Objectives)
	}
}
