package generators

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/devgen/devgen/schema"
	"gopkg.in/yaml.v3"
)

// This file is the little language in which the YAML outputs are written: dict, list and kv read like the file that
// they make. YAML never comes from a text template, where a branch called "feature: x" becomes a mapping.

// An entry is one key of a mapping. The zero entry stands for none.
type entry struct{ key, value *yaml.Node }

// kv is an entry. A value is a *yaml.Node, a string, an int, a bool or a []string, which is written in one line.
func kv(key string, value any) entry { return entry{key: node(key), value: node(value)} }

// bare is kv with a key that stays without quotes: every consumer of a workflow takes on for a string.
func bare(key string, value any) entry {
	return entry{key: &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value: node(value)}
}

// only is e if the condition holds.
func only(when bool, e entry) entry {
	if !when {
		return entry{}
	}
	return e
}

// note puts a comment above the entry.
func (e entry) note(comment string) entry {
	if e.key != nil {
		blank, _, _ := strings.Cut(e.key.HeadComment, "#")
		e.key.HeadComment = blank + asComment(comment)
	}
	return e
}

// remark puts a comment behind the entry's value.
func (e entry) remark(comment string) entry {
	if e.key != nil {
		e.value.LineComment = asComment(comment)
	}
	return e
}

// apart puts a blank line above the entry, and above its comment.
func (e entry) apart() entry {
	if e.key != nil {
		e.key.HeadComment = "\n" + e.key.HeadComment
	}
	return e
}

// dict is a mapping of the entries, without the zero ones.
func dict(entries ...entry) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range entries {
		if e.key != nil {
			n.Content = append(n.Content, e.key, e.value)
		}
	}
	return n
}

// list is a sequence, one item a line, without the nil ones.
func list(items ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, item := range items {
		if x, ok := item.(*yaml.Node); !ok || x != nil {
			n.Content = append(n.Content, node(item))
		}
	}
	return n
}

// add appends entries to a mapping.
func add(n *yaml.Node, entries ...entry) {
	n.Content = append(n.Content, dict(entries...).Content...)
}

// noted is n with a comment above it; for items of a list.
func noted(n *yaml.Node, comment string) *yaml.Node {
	n.HeadComment = asComment(comment)
	return n
}

// spaced puts a blank line above every item but the first.
func spaced(n *yaml.Node) *yaml.Node {
	for _, item := range n.Content[min(1, len(n.Content)):] {
		item.HeadComment = "\n" + item.HeadComment
	}
	return n
}

// lines is a literal block of the lines that are not empty.
func lines(text ...string) *yaml.Node {
	var kept []string
	for _, l := range text {
		if l != "" {
			kept = append(kept, l)
		}
	}
	return block(strings.Join(kept, "\n") + "\n")
}

// block is a literal block.
func block(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.LiteralStyle, Value: text}
}

// quoted is a string in single quotes.
func quoted(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.SingleQuotedStyle, Value: s}
}

func node(value any) *yaml.Node {
	switch v := value.(type) {
	case *yaml.Node:
		return v
	case string:
		if ambiguous(v) {
			return quoted(v)
		}
		if strings.Contains(v, "\n") && awkward.MatchString(v) {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: v}
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}
	case int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(v)}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	case []string:
		n := list()
		n.Style = yaml.FlowStyle
		for _, s := range v {
			n.Content = append(n.Content, node(s))
		}
		return n
	}
	panic(fmt.Sprintf("no YAML for %T", value))
}

// notText are the plain scalars that a YAML 1.1 parser takes for something other than a string.
// Source: yaml.org/type, bool, null, int, float, timestamp, merge, value.
var notText = regexp.MustCompile(`(?i)^(y|yes|n|no|true|false|on|off|null|~|[-+]?(\.[0-9_]+|[0-9][0-9_.:exa-f+-]*|\.inf)|\.nan|<<|=)$`)

// awkward is a text that a literal block does not keep: one that begins with an empty line, has a line of blanks,
// begins a line with a tab, or has one of Unicode's own ends of a line.
var awkward = regexp.MustCompile(`(?m)\A\n|^[ \t]+$|^\t|[ \t]$|[\x{85}\x{2028}\x{2029}]`)

func ambiguous(s string) bool { return notText.MatchString(s) }

// native is a value of the user as it is.
func native(v schema.Value) *yaml.Node {
	switch v.Kind {
	case schema.Object:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, f := range v.Fields {
			n.Content = append(n.Content, node(f.Name), native(f.Value))
		}
		return n
	case schema.List:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v.Items {
			n.Content = append(n.Content, native(item))
		}
		return n
	case schema.String:
		return node(v.Scalar)
	case schema.Number:
		tag := "!!int"
		if strings.ContainsAny(v.Scalar, ".eE") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v.Scalar}
	case schema.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: v.Scalar}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
}

// asComment puts "# " before every line.
func asComment(text string) string {
	if text == "" {
		return ""
	}
	return "# " + strings.ReplaceAll(text, "\n", "\n# ")
}

// A source remembers which field of the spec a node comes from, so that a judge's finding in the output can be
// shown at the user's place, and a line be traced.
type source map[*yaml.Node]origin

// from notes that n is what the user says in the field at path.
func (s source) from(n *yaml.Node, path ...string) *yaml.Node {
	s[n] = origin{path: path}
	return n
}

// after notes that n follows from the field at path, in devgen's own words.
func (s source) after(n *yaml.Node, path ...string) *yaml.Node {
	s[n] = origin{path: path, derived: true}
	return n
}

// encode is the YAML text of root below the header.
func encode(header string, root *yaml.Node) []byte {
	var b bytes.Buffer
	b.WriteString(header)
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		panic(err) // the tree is ours and has no cycles
	}
	// A blank line in a comment comes out indented. In a scalar such a line cannot be: node quotes it.
	text := make([]byte, 0, b.Len())
	for line := range bytes.Lines(b.Bytes()) {
		if len(bytes.Trim(line, " \t\n")) == 0 {
			line = []byte("\n")
		}
		text = append(text, line...)
	}
	return text
}

// at is, for a line of the data that encode made of root, the field of the spec that the line comes from: that of the
// deepest noted node around it. The data is parsed once, when the first line is asked for.
func (s source) at(root *yaml.Node, data []byte) func(line int) origin {
	index := sync.OnceValue(func() map[int]origin { return s.index(root, data) })
	return func(line int) origin { return index()[line] }
}

func (s source) index(root *yaml.Node, data []byte) map[int]origin {
	var parsed yaml.Node
	if yaml.Unmarshal(data, &parsed) != nil || len(parsed.Content) == 0 {
		return nil
	}
	index := map[int]origin{}
	// walk notes the lines of b, whose twin is a, and returns the last one.
	var walk func(a, b *yaml.Node, around origin) int
	walk = func(a, b *yaml.Node, around origin) int {
		if o, ok := s[a]; ok {
			around = o
		}
		last := b.Line + strings.Count(strings.TrimSuffix(b.Value, "\n"), "\n")
		if b.Style&yaml.LiteralStyle != 0 {
			last++
		}
		for line := b.Line; line <= last && around.path != nil; line++ {
			index[line] = around
		}
		for i := range min(len(a.Content), len(b.Content)) {
			with := around
			if o, ok := s[valueOf(a, i)]; ok { // a key comes from where its value comes from
				with = o
			}
			end := walk(a.Content[i], b.Content[i], with)
			for line := last + 1; line <= end && around.path != nil; line++ {
				if _, ok := index[line]; !ok {
					index[line] = around
				}
			}
			last = max(last, end)
		}
		return last
	}
	walk(root, parsed.Content[0], origin{})
	return index
}

// valueOf is the value of n's child i if that is a key, or else the child itself.
func valueOf(n *yaml.Node, i int) *yaml.Node {
	if n.Kind == yaml.MappingNode && i%2 == 0 && i+1 < len(n.Content) {
		return n.Content[i+1]
	}
	return n.Content[i]
}
