package generators

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/devgen/devgen/generators/plan"
)

// The lines around devgen's part of a file that is the user's. SectionBegin is followed by the header.
const (
	SectionBegin = "# BEGIN devgen: "
	SectionEnd   = "# END devgen"
)

// isSection reports whether a document is a part of a file that is the user's.
func isSection(data []byte) bool { return bytes.HasPrefix(data, []byte(SectionBegin)) }

// gitattributes keeps git from changing the line endings of what devgen wrote, for no script runs with others than LF,
// and folds it in GitHub's reviews (github-linguist, docs/overrides.md). A pattern that begins with a slash is of one
// place; paths of the language have no character that git's patterns would read otherwise.
func gitattributes(p *plan.Plan) document {
	var b bytes.Buffer
	b.WriteString(SectionBegin + strings.TrimPrefix(header(p), "# "))
	b.WriteString(asComment(p.Mark("gitattributes", "GITATTRIBUTES")+"Generated files keep LF line endings, and reviews fold them.") + "\n")
	line := func(path string) { fmt.Fprintf(&b, "/%s text eol=lf linguist-generated\n", path) }
	for _, o := range p.Outputs {
		if o.ID != "gitattributes" {
			line(o.Path)
		}
	}
	line(plan.ManifestPath)
	b.WriteString(SectionEnd + "\n")
	return document{data: b.Bytes()}
}
