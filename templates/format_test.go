package templates

import (
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// Scripts look as shfmt -i 2 -ci prints them.
func TestFormat(t *testing.T) {
	printer := syntax.NewPrinter(syntax.Indent(2), syntax.SwitchCaseIndent(true))
	for _, dir := range []string{"scripts", "tests", "workflow"} {
		walk(t, dir, ".sh", func(path, text string) {
			variant := syntax.LangBash
			if strings.HasPrefix(text, "#!/bin/sh\n") {
				variant = syntax.LangPOSIX
			}
			file, err := syntax.NewParser(syntax.Variant(variant), syntax.KeepComments(true)).Parse(strings.NewReader(text), path)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := printer.Print(&b, file); err != nil {
				t.Fatal(err)
			}
			equal(t, path, text, b.String())
		})
	}
}
