package schema

import (
	"errors"
	"fmt"

	"cuelang.org/go/cue"
)

// decode is the whole Spec. Fields come in the user's order: of a map with a pattern CUE yields them as they were
// written.
func (d decoder) decode() (*Spec, error) {
	s := &Spec{places: d.places}
	get := func(path string) cue.Value { return d.root.LookupPath(cue.ParsePath(path)) }
	var errs []error
	into := func(path string, dst any) {
		if f := get(path); f.Exists() {
			errs = append(errs, f.Decode(dst))
		}
	}
	into("name", &s.Name)
	into("workspace", &s.Workspace)
	into("user", &s.User)
	into("image", &s.Image)
	into("caches", &s.Caches)
	into("tags", &s.Tags)
	into("buildkit", &s.BuildKit)
	into("workflow", &s.Workflow)
	into("drift", &s.Drift)
	into("objectives", &s.Objectives)
	errs = append(errs,
		list(get("requirements"), &s.Requirements, func(id string, x *Requirement) any { x.ID = id; return x }),
		list(get("image.args"), &s.Image.Args, func(name string, x *Arg) any { x.Name = name; return &x.Value }),
		list(get("image.secrets"), &s.Image.Secrets, func(id string, x *Secret) any { x.ID = id; return x }),
		list(get("volumes"), &s.Volumes, func(name string, x *Volume) any { x.Name = name; return x }),
		list(get("mounts"), &s.Mounts, func(name string, x *Mount) any { x.Name = name; return x }),
		list(get("buildkit.mirrors"), &s.BuildKit.Mirrors, func(name string, x *Mirror) any { x.Registry = name; return &x.Hosts }),
		list(get("lint.ignore"), &s.Lint.Ignore, func(rule string, x *Ignore) any { x.Rule = rule; return &x.Reason }),
		each(get("platforms"), func(name string, v cue.Value) error { return decodePlatform(s, name, v) }),
		each(get("tags"), func(rule string, _ cue.Value) error {
			s.Tags.Order = append(s.Tags.Order, rule)
			return nil
		}),
		each(get("outputs"), func(id string, v cue.Value) error {
			path, _ := v.String() // the other kind is false
			s.Outputs = append(s.Outputs, Output{id, path})
			return nil
		}),
		each(get("services"), func(name string, v cue.Value) error {
			keys, err := d.native(v)
			s.Services = append(s.Services, Service{name, keys})
			return err
		}),
		d.steps(s.Workflow, get("workflow")),
	)
	if s.Drift != nil {
		var err error
		s.Drift.Before, err = d.items(get("drift"), "steps.before")
		errs = append(errs, err)
	}
	var err error
	if s.Devcontainer, err = d.native(get("devcontainer")); err != nil {
		errs = append(errs, err)
	}
	if s.Tags != nil {
		s.Tags.Order = s.places.order(s.Tags.Order, "tags")
	}
	return s, errors.Join(errs...)
}

// each calls f for every field of v in order. A v that does not exist has none.
func each(v cue.Value, f func(name string, v cue.Value) error) error {
	if !v.Exists() {
		return nil
	}
	it, err := v.Fields()
	if err != nil {
		return err
	}
	for it.Next() {
		if err := f(it.Selector().Unquoted(), it.Value()); err != nil {
			return err
		}
	}
	return nil
}

// list appends every field of v to dst. item gives an element its key and says what the field is decoded into.
func list[T any](v cue.Value, dst *[]T, item func(name string, x *T) any) error {
	return each(v, func(name string, v cue.Value) error {
		var x T
		err := v.Decode(item(name, &x))
		*dst = append(*dst, x)
		return err
	})
}

func decodePlatform(s *Spec, name string, v cue.Value) error {
	p := Platform{Name: name}
	if err := v.LookupPath(cue.ParsePath("emulated")).Decode(&p.Emulated); err != nil {
		return err
	}
	switch runner := v.LookupPath(cue.ParsePath("runner")); {
	case !runner.Exists():
	case runner.Kind() == cue.StringKind:
		label, err := runner.String()
		if err != nil {
			return err
		}
		p.Runner = []string{label}
	default:
		if err := runner.Decode(&p.Runner); err != nil {
			return err
		}
	}
	s.Platforms = append(s.Platforms, p)
	return nil
}

func (d decoder) steps(w *Workflow, v cue.Value) error {
	if w == nil {
		return nil
	}
	var errs [4]error
	w.Before, errs[0] = d.items(v, "steps.before")
	w.After, errs[1] = d.items(v, "steps.after")
	checkout := v.LookupPath(cue.ParsePath("checkout"))
	errs[2] = checkout.LookupPath(cue.ParsePath("fetchDepth")).Decode(&w.Checkout.FetchDepth)
	switch submodules, err := d.native(checkout.LookupPath(cue.ParsePath("submodules"))); {
	case err != nil:
		errs[3] = fmt.Errorf("submodules: %w", err)
	case submodules.Scalar != "false":
		w.Checkout.Submodules = submodules.Scalar
	}
	return errors.Join(errs[:]...)
}

// items are the elements of the native list at path in v.
func (d decoder) items(v cue.Value, path string) ([]Value, error) {
	list, err := d.native(v.LookupPath(cue.ParsePath(path)))
	return list.Items, err
}
