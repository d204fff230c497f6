package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
)

// A Kind is the kind of a native Value.
type Kind int

const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Object
)

// A Value is a native value that passes through devgen: a devcontainer.json key, a compose key or a workflow
// step. It is a tree and never a Go map, because the order of the fields is the user's.
type Value struct {
	Kind   Kind
	Scalar string  // of a String its text, of a Number its literal, of a Bool "true" or "false"
	Items  []Value // of a List
	Fields []Field // of an Object, in the order in which they were written
}

// A Field is one named value of an Object.
type Field struct {
	Name  string
	Value Value
}

// Get is the field called name, or nil.
func (v Value) Get(name string) *Value {
	for i := range v.Fields {
		if v.Fields[i].Name == name {
			return &v.Fields[i].Value
		}
	}
	return nil
}

// StringValue is s as a native value.
func StringValue(s string) Value { return Value{Kind: String, Scalar: s} }

// StringList is items as a native value.
func StringList(items ...string) Value {
	v := Value{Kind: List}
	for _, s := range items {
		v.Items = append(v.Items, StringValue(s))
	}
	return v
}

// A decoder reads a valid value into a Spec.
type decoder struct {
	root   cue.Value
	places *places
}

// native reads v as a tree.
func (d decoder) native(v cue.Value) (Value, error) {
	if standard, ok := v.Default(); ok {
		v = standard
	}
	switch v.Kind() {
	case cue.StructKind:
		return d.object(v)
	case cue.ListKind:
		return d.list(v)
	case cue.StringKind:
		s, err := v.String()
		if strings.ContainsFunc(s, isControl) {
			return Value{}, &kindError{v, "holds a control character, which no consumer takes"}
		}
		return StringValue(s), err
	case cue.BoolKind:
		b, err := v.Bool()
		return Value{Kind: Bool, Scalar: fmt.Sprint(b)}, err
	case cue.IntKind, cue.FloatKind, cue.NumberKind:
		// CUE would write 1e3 as 1E+3, and knows numbers that JSON does not.
		if lit, ok := d.places.exprs[key(fieldPath(v))].(*ast.BasicLit); ok && json.Valid([]byte(lit.Value)) {
			return Value{Kind: Number, Scalar: lit.Value}, nil
		}
		text, err := v.MarshalJSON()
		return Value{Kind: Number, Scalar: string(text)}, err
	case cue.NullKind:
		return Value{}, nil
	}
	return Value{}, &kindError{v, fmt.Sprintf("%s is not allowed; want a value that JSON has", fmt.Sprint(v))}
}

// isControl reports whether r is a control character other than those of a text of several lines.
func isControl(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f }

// A kindError is a native value that nothing can be made of.
type kindError struct {
	v    cue.Value
	text string
}

func (e *kindError) Error() string { return e.text }

// kindErrors are those that were joined to one error.
func kindErrors(err error) []*kindError {
	var kind *kindError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*kindError
		for _, e := range joined.Unwrap() {
			all = append(all, kindErrors(e)...)
		}
		return all
	}
	if errors.As(err, &kind) {
		return []*kindError{kind}
	}
	return nil
}

// fieldPath is where v lies in the spec.
func fieldPath(v cue.Value) (path []string) {
	for _, sel := range v.Path().Selectors() {
		if sel.Type() == cue.IndexLabel {
			path = append(path, fmt.Sprint(sel.Index()))
			continue
		}
		path = append(path, sel.Unquoted())
	}
	return path
}

func (d decoder) object(v cue.Value) (Value, error) {
	it, err := v.Fields()
	if err != nil {
		return Value{}, err
	}
	object := Value{Kind: Object}
	var errs []error
	for it.Next() {
		if strings.ContainsFunc(it.Selector().Unquoted(), isControl) {
			return Value{}, &kindError{it.Value(), "has a control character in its name, which no consumer takes"}
		}
		field, err := d.native(it.Value())
		errs = append(errs, err)
		object.Fields = append(object.Fields, Field{it.Selector().Unquoted(), field})
	}
	return object, errors.Join(errs...)
}

func (d decoder) list(v cue.Value) (Value, error) {
	it, err := v.List()
	if err != nil {
		return Value{}, err
	}
	list := Value{Kind: List}
	var errs []error
	for it.Next() {
		item, err := d.native(it.Value())
		errs = append(errs, err)
		list.Items = append(list.Items, item)
	}
	return list, errors.Join(errs...)
}
