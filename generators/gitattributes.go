package generators

import (
	"bytes"
	"fmt"
	"path"
	"slices"
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
	b.WriteString(asComment(p.Mark("gitattributes", "GITATTRIBUTES")+"Generated files keep LF line endings. Reviews fold those that run nothing.") + "\n")
	for _, o := range p.Outputs {
		switch {
		case o.ID == "gitattributes":
		case runs(o):
			fmt.Fprintf(&b, "/%s text eol=lf\n", o.Path)
		default:
			fmt.Fprintf(&b, "/%s text eol=lf linguist-generated\n", o.Path)
		}
	}
	fmt.Fprintf(&b, "/%s text eol=lf linguist-generated\n", plan.ManifestPath)
	b.WriteString(SectionEnd + "\n")
	return document{data: b.Bytes()}
}

// runs reports whether an output runs commands: with the rights of CI, or on the machine of whoever opens a branch. A
// change of such a file by hand must be seen in the review, for it may be a change of the check that would find it.
func runs(o plan.Output) bool {
	return slices.Contains([]string{"workflow", "drift", "devcontainer"}, o.ID) || path.Ext(o.Path) == ".sh"
}
