package measure

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// A Dockerfile knows at which line each of its steps is written.
type Dockerfile struct {
	stages []stage
}

// A stage is a FROM and what follows. Its steps are numbered from 1, and the first number is that of the FROM if the base
// is an image.
// Source: BuildKit v0.34.2, frontend/dockerfile/dockerfile2llb/convert.go, buildDispatchStates and prefixCommand.
type stage struct {
	name  string        // as steps have it: that of an unnamed one is stage-N, where there are several
	alias string        // as it was written, in lower case
	first map[int]bool  // the numbers that the first step may have: 1, 2, or both where the base is told by an ARG
	total int           // instructions that are counted
	steps []instruction // instructions that are numbered, as far as that is known
	dir   string        // the working folder so far; "" if it is not known
	lost  bool          // whether the next one is numbered is not known
}

type instruction struct {
	name string // RUN, COPY, ADD or WORKDIR
	line int
}

// ParseDockerfile reads a Dockerfile by BuildKit's own parser. The error names the line.
func ParseDockerfile(r io.Reader) (*Dockerfile, error) {
	parsed, err := parser.Parse(r)
	if err != nil {
		return nil, err
	}
	d := &Dockerfile{}
	for _, node := range parsed.AST.Children {
		switch name := strings.ToUpper(node.Value); name {
		case "FROM":
			d.stages = append(d.stages, d.stage(words(node)))
		case "RUN", "COPY", "ADD", "WORKDIR":
			if len(d.stages) > 0 {
				d.stages[len(d.stages)-1].add(instruction{name, node.StartLine}, words(node))
			}
		}
	}
	switch len(d.stages) {
	case 0:
		return nil, errors.New("no FROM in it; want a Dockerfile")
	case 1:
		d.stages[0].name = ""
	}
	return d, nil
}

// words are those behind the name of an instruction.
func words(node *parser.Node) (all []string) {
	for n := node.Next; n != nil; n = n.Next {
		all = append(all, n.Value)
	}
	return all
}

// stage is the stage that FROM begins, with the words BASE [AS NAME].
func (d *Dockerfile) stage(from []string) stage {
	s := stage{name: fmt.Sprintf("stage-%d", len(d.stages)), first: map[int]bool{2: true}}
	if len(from) == 3 {
		s.alias = strings.ToLower(from[2])
		s.name = s.alias
	}
	if len(from) == 0 {
		return s
	}
	isBase := func(earlier stage) bool { return earlier.alias == from[0] }
	switch {
	case strings.Contains(from[0], "$"):
		s.first[1] = true
	case from[0] == "scratch" || slices.ContainsFunc(d.stages, isBase):
		s.first = map[int]bool{1: true}
	}
	return s
}

// add adds an instruction. A WORKDIR to the root makes no layer: BuildKit counts it and gives it no number.
func (s *stage) add(i instruction, words []string) {
	s.total++
	if i.name == "WORKDIR" && s.enter(strings.Join(words, " ")) {
		return
	}
	if !s.lost {
		s.steps = append(s.steps, i)
	}
}

// enter changes the working folder and reports whether it is the root then. Of a way up from a folder that is not known nobody
// knows; what a variable holds is taken for another folder.
// Source: BuildKit v0.34.2, frontend/dockerfile/dockerfile2llb/convert.go, dispatchWorkdir.
func (s *stage) enter(dir string) (root bool) {
	dir = strings.Trim(dir, `"'`)
	switch {
	case strings.Contains(dir, "$"):
		s.dir = ""
	case path.IsAbs(dir):
		s.dir = path.Clean(dir)
	case s.dir != "":
		s.dir = path.Join(s.dir, dir)
	default:
		dir = path.Clean(dir)
		s.lost = s.lost || dir == "." || strings.HasPrefix(dir, "..")
	}
	return s.dir == "/"
}

// Line is the line at which a step is written, by the name that BuildKit gives it. It is 0 if the file has no such step:
// if it was changed since, or for a step that the base image adds by ONBUILD, which shifts the numbers of the others.
func (d *Dockerfile) Line(step string) int {
	m := stepName.FindStringSubmatch(step)
	if m == nil || m[4] != "" {
		return 0
	}
	number, err := strconv.Atoi(m[2])
	total, err2 := strconv.Atoi(m[3])
	if err != nil || err2 != nil {
		return 0
	}
	s := d.named(stageOf(m[1]))
	if s == nil {
		return 0
	}
	first := total - s.total + 1
	if !s.first[first] || number < first || number-first >= len(s.steps) || s.steps[number-first].name != m[5] {
		return 0
	}
	return s.steps[number-first].line
}

// stageOf is the name of the stage among what stands before the number: the last word, unless that is the platform, which
// has a slash. docker buildx bake puts the name of its target before both.
func stageOf(words string) string {
	all := strings.Fields(words)
	if len(all) == 0 || strings.Contains(all[len(all)-1], "/") {
		return ""
	}
	return all[len(all)-1]
}

// named is the last stage of that name, or nil.
func (d *Dockerfile) named(name string) *stage {
	for i := len(d.stages) - 1; i >= 0; i-- {
		if d.stages[i].name == name {
			return &d.stages[i]
		}
	}
	return nil
}
