package generators

import (
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/devgen/devgen/schema"
)

// A stream makes decisions of bytes. At its end every decision is 0.
type stream struct{ data []byte }

// below is a number less than n.
func (s *stream) below(n int) int {
	if len(s.data) == 0 || n < 2 {
		return 0
	}
	b := int(s.data[0])
	s.data = s.data[1:]
	return b % n
}

// one is true once in n times.
func (s *stream) one(n int) bool { return s.below(n) == n-1 }

// text is a string that a form takes, preferably an odd one.
func (s *stream) text(form string) string {
	if words, ok := strings.CutPrefix(form, "|"); ok {
		list := strings.Split(strings.TrimSuffix(words, "|"), "|")
		return list[s.below(len(list))]
	}
	if form == passes {
		texts := passing()
		return texts[s.below(len(texts))]
	}
	re, err := syntax.Parse(forms()[form].String(), syntax.Perl)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	s.match(re.Simplify(), &b)
	return b.String()
}

// passing are the hostile strings that pass through.
var passing = sync.OnceValue(func() (texts []string) {
	for _, h := range hostile {
		if takes(place{form: passes}, h.name, h.text) && utf8.ValidString(h.text) && !strings.Contains(h.text, "\ufeff") {
			texts = append(texts, h.text)
		}
	}
	return texts
})

// match writes a string that the expression matches.
func (s *stream) match(re *syntax.Regexp, b *strings.Builder) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		i := 2 * s.below(len(re.Rune)/2)
		first, last := re.Rune[i], re.Rune[i+1]
		r := first + rune(s.below(int(min(last-first+1, 256))))
		if s.one(4) {
			r = last
		}
		if !utf8.ValidRune(r) {
			r = first
		}
		b.WriteRune(r)
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			s.match(sub, b)
		}
	case syntax.OpAlternate:
		s.match(re.Sub[s.below(len(re.Sub))], b)
	case syntax.OpQuest, syntax.OpStar, syntax.OpPlus:
		n := s.below(4)
		if re.Op == syntax.OpPlus {
			n++
		}
		if re.Op == syntax.OpQuest {
			n = min(n, 1)
		}
		for range n {
			s.match(re.Sub[0], b)
		}
	}
}

// needed are the fields that a spec of any kind must say. All others are left out now and then.
var needed = []string{"name", "image", "platforms", "repository", "title", "covers", "env", "username", "secret", "bucket", "region", "accessKey", "secretKey",
	"account", "key", "target", "persistence", "source", "cron", "purpose"}

// spec is a spec over the fields of v: some left out, some written again under another name, and strings of the
// places' forms in place of those that are there.
func (s *stream) spec(v schema.Value, path ...string) schema.Value {
	below := func(name string) []string { return append(path[:len(path):len(path)], name) }
	switch v.Kind {
	case schema.Object:
		var fields []schema.Field
		for _, f := range v.Fields {
			if !slices.Contains(needed, f.Name) && s.one(4) {
				continue
			}
			at := below(f.Name)
			fields = append(fields, schema.Field{Name: f.Name, Value: s.spec(f.Value, at...)})
			p := placeOf(at, true)
			if p == nil || p.path == "services ~" || strings.HasSuffix(p.path, "**") {
				continue
			}
			if s.one(3) {
				fields = append(fields, schema.Field{Name: s.text(p.form), Value: s.spec(f.Value, at...)})
			}
		}
		v.Fields = once(fields)
	case schema.List:
		var items []schema.Value
		for i, item := range v.Items {
			for range 1 + s.below(2) {
				items = append(items, s.spec(item, below("0")...))
			}
			if i > 0 && s.one(3) {
				break
			}
		}
		v.Items = items
	case schema.String:
		if anything(path) {
			return s.native(3)
		}
		if p := placeOf(path, false); p != nil && s.one(3) {
			v.Scalar = s.text(p.form)
		}
	case schema.Bool:
		v.Scalar = []string{"true", "false"}[s.below(2)]
	}
	return v
}

// anything reports whether any value may stand at path.
func anything(path []string) bool {
	return match([]string{"services", "*", "x-any", "*"}, path) || match([]string{"devcontainer", "customizations", "*", "*"}, path)
}

// native is a value of any kind, at most so many levels deep.
func (s *stream) native(depth int) (v schema.Value) {
	v.Kind = schema.Kind(s.below(6))
	if depth == 0 && v.Kind > schema.String {
		v.Kind = schema.String
	}
	switch v.Kind {
	case schema.Bool:
		v.Scalar = []string{"true", "false"}[s.below(2)]
	case schema.Number:
		numbers := []string{"0", "-0", "1", "-1", "0.1", "1.0", "1e3", "1E+3", "1e-3", "-1.5e-7", "12345678901234567890", "123456789012345678901234567890", "0.30000000000000004", "1e22"}
		v.Scalar = numbers[s.below(len(numbers))]
	case schema.String:
		v.Scalar = s.text(passes)
	case schema.List:
		for range s.below(4) {
			v.Items = append(v.Items, s.native(depth-1))
		}
	case schema.Object:
		for range s.below(4) {
			v.Fields = append(v.Fields, schema.Field{Name: s.text(passes), Value: s.native(depth - 1)})
		}
		v.Fields = once(v.Fields)
	}
	return v
}

// once are the fields without those whose name comes again.
func once(fields []schema.Field) (kept []schema.Field) {
	for _, f := range fields {
		if !slices.ContainsFunc(kept, func(k schema.Field) bool { return k.Name == f.Name }) {
			kept = append(kept, f)
		}
	}
	return kept
}

// repaired is a spec in which what has a problem is taken back to what whole says, until it is accepted. Chance alone
// makes few specs without a contradiction.
func repaired(t *testing.T, v schema.Value) schema.Value {
	good := fromJSON(whole)
	for range 5 {
		c := compileText(t, specText(v))
		for _, p := range c.problems {
			for i, f := range v.Fields {
				if strings.HasPrefix(p.Path+".", f.Name+".") || strings.HasPrefix(p.Path, f.Name+"[") || strings.Contains(p.Text, f.Name+".") {
					v.Fields[i].Value = *good.Get(f.Name)
				}
			}
		}
		if len(c.problems) == 0 {
			break
		}
	}
	return v
}

// FuzzSpecs makes whole specs of bytes.
func FuzzSpecs(f *testing.F) {
	for i := range 16 {
		seed := make([]byte, 600)
		for j := range seed {
			seed[j] = byte((j*j*7 + j*i*13 + i*i*31) >> (i % 4))
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		t.Parallel()
		s := &stream{data}
		checkSpec(t, repaired(t, s.spec(fromJSON(whole))), false)
	})
}
