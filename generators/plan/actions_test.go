package plan

import (
	"regexp"
	"slices"
	"testing"
)

// A tag of an action can be moved; a commit cannot.
func TestActions(t *testing.T) {
	var (
		name    = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+(/[a-z0-9-]+)*$`)
		sha     = regexp.MustCompile(`^[0-9a-f]{40}$`)
		version = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)
	)
	actions := Actions()
	if len(actions) == 0 {
		t.Fatal("no actions")
	}
	for action, pin := range actions {
		t.Run(action, func(t *testing.T) {
			if !name.MatchString(action) {
				t.Errorf("%q is not the name of an action", action)
			}
			if !sha.MatchString(pin.SHA) {
				t.Errorf("sha %q is not a commit", pin.SHA)
			}
			if !version.MatchString(pin.Version) {
				t.Errorf("version %q is not a whole version", pin.Version)
			}
			if len(pin.Inputs) == 0 {
				t.Error("no inputs: every use of it would be refused")
			}
			for _, names := range [][]string{pin.Inputs, pin.Outputs} {
				if sorted := slices.Sorted(slices.Values(names)); len(slices.Compact(sorted)) != len(names) {
					t.Errorf("%q names something twice", names)
				}
			}
		})
	}
}

// Actions of one repository come from one commit.
func TestActionsOfOneRepository(t *testing.T) {
	actions := Actions()
	equal(t, "actions/cache/save", actions["actions/cache/save"].SHA, actions["actions/cache/restore"].SHA)
}

func TestBinfmtImageIsPinned(t *testing.T) {
	if !regexp.MustCompile(`^docker\.io/tonistiigi/binfmt:qemu-v[0-9.-]+@sha256:[0-9a-f]{64}$`).MatchString(BinfmtImage) {
		t.Errorf("%s is not a tag with its digest", BinfmtImage)
	}
}
