package templates

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// Scripts of the host run on macOS, whose bash is 3.2 of 2007: what it lacks is a syntax error there, or something
// quiet and worse. Those of ci and tests run where bash is newer.
func TestHostScriptsRunOnBash32(t *testing.T) {
	walk(t, "scripts", ".sh", func(path, text string) {
		if strings.HasPrefix(path, "scripts/ci/") || strings.HasPrefix(path, "scripts/tests/") {
			return
		}
		for _, found := range newerThan32(t, text) {
			t.Errorf("%s:%s", path, found)
		}
	})
}

// Each line is one construct that the walker must find, and what it is to say of it.
func TestNewerThan32(t *testing.T) {
	for snippet, want := range map[string]string{
		"declare -A map":                   "an associative array",
		"f() { local -A map; }":            "an associative array",
		"typeset -rA map=()":               "an associative array",
		"declare -n ref=x":                 "a name reference",
		"local -n ref=x":                   "a name reference",
		"declare -g x=1":                   "declare -g",
		"declare -l x=A":                   "declare -l",
		"mapfile -t lines <file":           "mapfile",
		"readarray lines <file":            "readarray",
		`echo "${x,,}"`:                    "a change of case",
		`echo "${x,}"`:                     "a change of case",
		`echo "${x^^}"`:                    "a change of case",
		`echo "${x^}"`:                     "a change of case",
		`echo "${x@Q}"`:                    "${x@Q}",
		`echo "${x@U}"`:                    "${x@U}",
		"echo x &>>file":                   "&>>",
		"echo x |& cat":                    "|&",
		"coproc cat":                       "coproc",
		"case x in a) echo ;& b) ;; esac":  ";&",
		"case x in a) echo ;;& b) ;; esac": ";;&",
		`echo "${a[-1]}"`:                  "a negative index",
		"a[-1]=x":                          "a negative index",
		"echo $EPOCHREALTIME":              "EPOCHREALTIME",
		"echo $((EPOCHSECONDS + 1))":       "EPOCHSECONDS",
		"echo ${BASHPID}":                  "BASHPID",
		"[[ -v x ]]":                       "[[ -v",
		"exec {fd}>file":                   "{fd}>",
		"printf '%(%s)T' -1":               "printf %(…)T",
		"printf -v x '%(%F)T'":             "printf %(…)T",
		"wait -n":                          "wait -n",
		"shopt -s globstar":                "shopt globstar",
		"shopt -s lastpipe":                "shopt lastpipe",
	} {
		t.Run(snippet, func(t *testing.T) { equal(t, "found", newerThan32(t, snippet), []string{"1: " + want}) })
	}
}

func TestNewerThan32IsSilent(t *testing.T) {
	const fine = `
declare -a list=(a b)
local -r x=1
echo "${x:-1}" "${x//a/b}" "${x#a}" "${x%%b*}" "${#x}" "${!x}" "${list[@]}" "${list[0]}" "${list[@]:1:2}" "${x: -1}"
echo x &>file; echo x >>file 2>&1; echo x | cat
case x in a) echo ;; *) ;; esac
[[ $x == a* && -n $x && -f file ]]
printf -v y '%s' "$x"; wait; shopt -s nullglob
echo "mapfile |& coproc \${x,,}" # declare -A
i=$((i - 1)); echo "${list[i - 1]}"
EPOCHREALTIMES=1; echo $EPOCHREALTIMES "${EPOCHREALTIME:-}"
`
	equal(t, "found", newerThan32(t, fine), []string(nil))
}

// newerThan32 are the constructs of a script that bash 3.2 lacks, each with its line.
func newerThan32(t *testing.T, text string) (found []string) {
	t.Helper()
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		t.Fatal(err)
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		if what := newer(node); what != "" {
			found = append(found, fmt.Sprintf("%d: %s", node.Pos().Line(), what))
		}
		return true
	})
	return found
}

// newer says what of a node bash 3.2 lacks, "" if it lacks nothing.
func newer(node syntax.Node) string {
	switch n := node.(type) {
	case *syntax.DeclClause:
		return newerDeclaration(n)
	case *syntax.CallExpr:
		return newerCommand(n)
	case *syntax.ParamExp:
		return newerExpansion(n)
	case *syntax.Assign:
		if negative(n.Index) {
			return "a negative index"
		}
	case *syntax.Redirect:
		return newerRedirect(n)
	case *syntax.BinaryCmd:
		if n.Op == syntax.PipeAll {
			return "|&"
		}
	case *syntax.CoprocClause:
		return "coproc"
	case *syntax.CaseItem:
		if n.Op == syntax.Fallthrough || n.Op == syntax.Resume {
			return n.Op.String()
		}
	case *syntax.UnaryTest:
		if n.Op == syntax.TsVarSet || n.Op == syntax.TsRefVar {
			return "[[ " + n.Op.String()
		}
	case *syntax.ArithmExp:
		return newerArithmetic(n)
	}
	return ""
}

// newerVariables are set by bash itself since 4 or 5; bash 3.2 leaves them empty.
var newerVariables = []string{"BASHPID", "EPOCHREALTIME", "EPOCHSECONDS", "SRANDOM", "BASH_ARGV0"}

// newerArithmetic finds variables without a dollar: in $((x)) they are words.
func newerArithmetic(n *syntax.ArithmExp) (what string) {
	syntax.Walk(n.X, func(node syntax.Node) bool {
		if word, ok := node.(*syntax.Word); ok && slices.Contains(newerVariables, word.Lit()) {
			what = word.Lit()
		}
		return true
	})
	return what
}

func newerDeclaration(n *syntax.DeclClause) string {
	if n.Variant.Value == "nameref" {
		return "a name reference"
	}
	for _, a := range n.Args {
		if a.Name != nil || a.Value == nil {
			continue
		}
		switch option := a.Value.Lit(); {
		case !strings.HasPrefix(option, "-"):
		case strings.Contains(option, "A"):
			return "an associative array"
		case strings.Contains(option, "n") && n.Variant.Value != "export":
			return "a name reference"
		case strings.ContainsAny(option, "glu"):
			return "declare " + option
		}
	}
	return ""
}

func newerCommand(n *syntax.CallExpr) string {
	var words []string
	for _, w := range n.Args {
		var b strings.Builder
		for _, part := range w.Parts {
			switch part := part.(type) {
			case *syntax.Lit:
				b.WriteString(part.Value)
			case *syntax.SglQuoted:
				b.WriteString(part.Value)
			}
		}
		words = append(words, b.String())
	}
	if len(words) == 0 {
		return ""
	}
	name, rest := words[0], words[1:]
	switch {
	case name == "mapfile" || name == "readarray":
		return name
	case name == "printf" && slices.ContainsFunc(rest, func(w string) bool { return strings.Contains(w, "%(") }):
		return "printf %(…)T"
	case name == "wait" && slices.Contains(rest, "-n"):
		return "wait -n"
	}
	for _, option := range []string{"globstar", "lastpipe", "inherit_errexit", "autocd"} {
		if name == "shopt" && slices.Contains(rest, option) {
			return "shopt " + option
		}
	}
	return ""
}

func newerExpansion(n *syntax.ParamExp) string {
	if n.Exp != nil {
		switch n.Exp.Op {
		case syntax.UpperFirst, syntax.UpperAll, syntax.LowerFirst, syntax.LowerAll:
			return "a change of case"
		case syntax.OtherParamOps:
			return "${" + n.Param.Value + "@" + n.Exp.Word.Lit() + "}"
		}
	}
	if negative(n.Index) {
		return "a negative index"
	}
	if n.Param != nil && slices.Contains(newerVariables, n.Param.Value) && !hasDefault(n) {
		return n.Param.Value
	}
	return ""
}

// hasDefault reports whether an expansion says what holds where the variable is empty.
func hasDefault(n *syntax.ParamExp) bool {
	return n.Exp != nil && (n.Exp.Op == syntax.DefaultUnsetOrNull || n.Exp.Op == syntax.AlternateUnsetOrNull)
}

func newerRedirect(n *syntax.Redirect) string {
	if n.Op == syntax.AppAll {
		return "&>>"
	}
	if n.N != nil && strings.HasPrefix(n.N.Value, "{") {
		return n.N.Value + n.Op.String()
	}
	return ""
}

// negative reports whether an index is written as a negative number.
func negative(index syntax.ArithmExpr) bool {
	switch x := index.(type) {
	case *syntax.UnaryArithm:
		return x.Op == syntax.Minus
	case *syntax.Word:
		return strings.HasPrefix(x.Lit(), "-")
	}
	return false
}
