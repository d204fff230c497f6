package golden

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReference holds docs/reference.md against what devgen doc prints. -update rewrites it.
func TestReference(t *testing.T) {
	const file = "../docs/reference.md"
	got, err := exec.Command(Build(t, ".."), "doc").Output()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/reference.md is not what devgen doc prints (-file +now); go test ./golden -update:\n%s", diff)
	}
	checkLinks(t, string(got))
	checkTables(t, string(got))
}

var (
	heading = regexp.MustCompile(`(?m)^#+ #?(.*)$`)
	anchor  = regexp.MustCompile(`\]\(#([^)]*)\)`)
	bar     = regexp.MustCompile(`(^|[^\\])\|`)
)

// checkLinks wants a heading for every link in the page. GitHub calls a heading by its text in lower case.
func checkLinks(t *testing.T, page string) {
	there := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		name := strings.ToLower(m[1])
		if there[name] {
			t.Errorf("two headings are called %s", name)
		}
		there[name] = true
	}
	for _, m := range anchor.FindAllStringSubmatch(page, -1) {
		if !there[m[1]] {
			t.Errorf("a link leads to #%s, where nothing is", m[1])
		}
	}
}

// checkTables wants four cells in every row.
func checkTables(t *testing.T, page string) {
	rows := 0
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		rows++
		if n := len(bar.FindAllString(line, -1)); n != 5 {
			t.Errorf("%d bars in %s", n, line)
		}
	}
	if rows < 100 {
		t.Errorf("only %d rows", rows)
	}
}
