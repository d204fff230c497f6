package plan

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/devgen/devgen/schema"
)

// A Drift is the resolved workflow that fails when a generated file is stale.
type Drift struct {
	*schema.Drift
	Branches []string // whose pushes are checked
	Timeout  int      // minutes
	Check    string   // the command line of the check
	Go       *Go      // nil: the command needs none
}

// A Go is the Go that runs a command: that of a file, or the newest one.
type Go struct {
	VersionFile string // "": the newest
	Cached      bool   // what it builds is kept between runs
}

func resolveDrift(p *Plan) {
	s := p.Spec.Drift
	if s == nil || !p.on("drift") {
		return
	}
	d := &Drift{
		Drift:    s,
		Branches: s.Branches,
		Timeout:  p.checkJobs("drift", s.Runner, s.Timeout),
		Check:    s.Command + " check --format github",
		Go:       goOf(s),
	}
	if len(d.Branches) == 0 {
		d.Branches = []string{p.DefaultBranch()}
	}
	if file := p.Spec.FileName(); file != schema.DefaultFile {
		d.Check += " --spec " + file
		if !plainPath.MatchString(file) {
			p.problem(fmt.Sprintf("the workflow cannot name the spec %q; want a file inside the repository with a plain name such as %s", file, schema.DefaultFile), "drift")
		}
	}
	p.checkCommand(s.Command)
	p.checkNativeSteps(s.Before, driftStepIDs, "drift", "steps", "before")
	if s.GoVersionFile != "" && d.Go == nil {
		p.problem(fmt.Sprintf("drift.command (%s) does not begin with go, so nothing reads it; remove it", p.at("drift", "command")), "drift", "goVersionFile")
	}
	p.Drift = d
}

// reserved are the words of bash that are no commands. Source: bash manual, "Reserved Words".
var reserved = []string{"if", "then", "elif", "else", "fi", "for", "in", "until", "while", "do", "done", "case", "esac", "coproc", "select", "function"}

// checkCommand refuses what bash or devgen would not take for the call of devgen.
func (p *Plan) checkCommand(command string) {
	words := strings.Fields(command)
	if first := words[0]; slices.Contains(reserved, first) {
		p.problem(first+" is a word of the shell; want a command such as go tool devgen", "drift", "command")
	}
	if last := words[len(words)-1]; slices.Contains([]string{"check", "generate"}, last) {
		p.problem("the workflow puts check behind it; want the command without "+last, "drift", "command")
	}
}

// plainPath is a path from the root in which no shell reads anything: the form of #RelativePath.
var plainPath = regexp.MustCompile(`^\.?[A-Za-z0-9_@+][A-Za-z0-9_@+.-]*(/\.?[A-Za-z0-9_@+][A-Za-z0-9_@+.-]*)*$`)

// versioned is a command with a package of a version.
var versioned = regexp.MustCompile(` [^ =]+@`)

// goOf is the Go that the command asks for. A command of a version is no part of the repository's module, and neither
// go.mod nor go.sum of the root tells anything about it.
func goOf(s *schema.Drift) *Go {
	switch {
	case !strings.HasPrefix(s.Command, "go "):
		return nil
	case s.GoVersionFile != "":
		return &Go{VersionFile: s.GoVersionFile, Cached: s.GoVersionFile == "go.mod"}
	case versioned.MatchString(s.Command):
		return &Go{}
	}
	return &Go{VersionFile: "go.mod", Cached: true}
}

// Scripts are the outputs that are bash, in the order of their rows.
func (p *Plan) Scripts() (scripts []*Output) {
	for _, o := range outputs() {
		if made := p.Output(o.id); made != nil && path.Ext(o.path) == ".sh" {
			scripts = append(scripts, made)
		}
	}
	return scripts
}
