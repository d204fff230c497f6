package golden

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	option = regexp.MustCompile(`(?:^|[\s[(|])(--[a-z][a-z-]+)`)
	// variables are those that a script reads and somebody else may set.
	setting = regexp.MustCompile(`\$\{((?:DEVGEN|GITHUB|CR|REGISTRY|BUILDKIT|COMPOSE_PROJECT|NO|XDG|ASSUME)_[A-Z_]+):-`)
)

// TestScriptsPage holds docs/scripts.md against the scripts: it has each option that a script tells with --help, each
// variable that one reads, and no others.
func TestScriptsPage(t *testing.T) {
	page := readFile(t, "../docs/scripts.md")
	options, variables := map[string]bool{"--help": true}, map[string]bool{}
	for _, script := range scripts(t) {
		for _, m := range setting.FindAllStringSubmatch(readFile(t, script), -1) {
			variables[m[1]] = !strings.HasSuffix(m[1], "_LOADED")
		}
		info, err := os.Stat(script)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&0o100 == 0 || strings.Contains(script, "/ci/") {
			continue // a library, or a step of the workflow
		}
		tell := exec.Command(script, "--help")
		tell.Env = append(os.Environ(), "DEVGEN_STATE_DIR="+t.TempDir())
		help, err := tell.Output()
		if err != nil {
			t.Fatalf("%s --help: %v", script, err)
		}
		for _, m := range option.FindAllStringSubmatch(string(help), -1) {
			options[m[1]] = true
		}
	}
	for _, word := range slices.Sorted(maps.Keys(options)) {
		if !strings.Contains(page, "`"+word) {
			t.Errorf("docs/scripts.md has no %s", word)
		}
	}
	for word, read := range variables {
		if read && !strings.Contains(page, word) {
			t.Errorf("docs/scripts.md has no %s", word)
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(page, -1) {
		word, _, _ := strings.Cut(m[1], " ")
		switch {
		case strings.HasPrefix(word, "--") && !options[word]:
			t.Errorf("no script has the option %s of docs/scripts.md", word)
		case regexp.MustCompile(`^[A-Z]+_[A-Z_]+$`).MatchString(word) && !variables[word]:
			t.Errorf("no script reads the variable %s of docs/scripts.md", word)
		}
	}
}

// scripts are the bash files of this repository's outputs.
func scripts(t *testing.T) (files []string) {
	t.Helper()
	for _, folder := range []string{"scripts", "scripts/lib", "scripts/ci", "tests"} {
		found, err := filepath.Glob("../.devcontainer/" + folder + "/*.sh")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}
