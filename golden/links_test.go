package golden

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link is what a page leads to, in brackets and parentheses.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks follows the links between the pages: each leads to a file that is there.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md") {
		for _, m := range link.FindAllStringSubmatch(readFile(t, page), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}
