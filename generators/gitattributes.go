package generators

import (
	"bytes"
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

// What stands between the markers: a comment, and a line for each file.
const (
	attributesComment = "Generated files keep LF line endings. Reviews fold those that run nothing."
	attributesLF      = " text eol=lf"
	attributesFolded  = attributesLF + " linguist-generated"
)

// IsSectionLine reports whether a line is of the form of those in the section. Whose it is the markers tell.
func IsSectionLine(line string) bool {
	isPattern := strings.HasPrefix(line, "/") && (strings.HasSuffix(line, attributesLF) || strings.HasSuffix(line, attributesFolded))
	return isPattern || strings.HasPrefix(line, "#") && strings.HasSuffix(line, attributesComment)
}

// gitattributes keeps git from changing the line endings of what devgen wrote, for no script runs with others than LF,
// and folds it in GitHub's reviews (github-linguist, docs/overrides.md). A pattern that begins with a slash is of one
// place; paths of the language have no character that git's patterns would read otherwise.
func gitattributes(p *plan.Plan) document {
	var b bytes.Buffer
	b.WriteString(SectionBegin + strings.TrimPrefix(header(p), "# "))
	b.WriteString(asComment(p.Mark("gitattributes", "GITATTRIBUTES")+attributesComment) + "\n")
	line := func(path, attributes string) { b.WriteString("/" + path + attributes + "\n") }
	for _, o := range p.Outputs {
		switch {
		case o.ID == "gitattributes":
		case runs(o):
			line(o.Path, attributesLF)
		default:
			line(o.Path, attributesFolded)
		}
	}
	line(plan.ManifestPath, attributesFolded)
	b.WriteString(SectionEnd + "\n")
	return document{data: b.Bytes()}
}

// runs reports whether an output runs commands: with the rights of CI, or on the machine of whoever opens a branch. A
// change of such a file by hand must be seen in the review, for it may be a change of the check that would find it.
func runs(o plan.Output) bool {
	return slices.Contains([]string{"workflow", "drift", "devcontainer"}, o.ID) || path.Ext(o.Path) == ".sh"
}
