package e2e

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Each stand-in is that of an action which the workflow may name, and docs/testing.md tells what it cannot prove.
func TestStandIns(t *testing.T) {
	standIns, err := filepath.Glob("actions/*/*/action.yml")
	if err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob("actions/*/*/*/action.yml")
	if err != nil {
		t.Fatal(err)
	}
	standIns = append(standIns, parts...)
	if len(standIns) == 0 {
		t.Fatal("there are no stand-ins")
	}
	var pins map[string]any
	if data, err := os.ReadFile("../../generators/plan/actions.json"); err != nil || json.Unmarshal(data, &pins) != nil {
		t.Fatal("generators/plan/actions.json cannot be read")
	}
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range standIns {
		action := strings.TrimPrefix(path.Dir(filepath.ToSlash(file)), "actions/")
		if pins[action] == nil {
			t.Errorf("%s stands in for nothing: generators/plan/actions.json has no %s", file, action)
		}
		if !strings.Contains(string(page), "`"+action+"`") {
			t.Errorf("docs/testing.md does not tell what the stand-in of %s cannot prove", action)
		}
	}
}
