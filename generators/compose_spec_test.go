package generators

import (
	"fmt"
	"strings"
	"testing"

	composeschema "github.com/compose-spec/compose-go/v2/schema"
)

func TestComposeFormats(t *testing.T) {
	if strings.Contains(composeschema.Schema, `"format": "`) {
		t.Error("a field of the schema has a format: composeSpec has to register it as composeschema.Validate does")
	}
}

// TestValidateCompose wants what compose-go says itself: nothing of a good model, and the same of a bad one.
func TestValidateCompose(t *testing.T) {
	service := func(key string, value any) map[string]any {
		return map[string]any{"services": map[string]any{"dev": map[string]any{"image": "alpine", key: value}}}
	}
	for _, c := range []struct {
		name  string
		model map[string]any
		bad   bool
	}{
		{"a list", service("cap_add", []string{"SYS_PTRACE"}), false},
		{"said twice", service("cap_add", []string{"SYS_PTRACE", "SYS_PTRACE"}), true},
		{"an unknown key", service("imagee", "alpine"), true},
		{"an extension", service("x-mine", 1), false},
		{"the wrong type", service("command", 3), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := validateCompose(c.model), composeschema.Validate(c.model)
			if (got != nil) != c.bad || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %v, compose-go says %v", got, want)
			}
		})
	}
}
