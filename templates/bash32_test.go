package templates

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// Scripts of the host run on macOS, whose bash is 3.2 of 2007: what it lacks is a syntax error there, or something
// quiet and worse. The test of the library runs where the library does. The other tests and those of ci run where bash
// is newer.
func TestHostScriptsRunOnBash32(t *testing.T) {
	hold := func(path, text string) {
		for _, found := range newerThan32(t, text) {
			t.Errorf("%s:%s", path, found)
		}
	}
	walk(t, "scripts", ".sh", func(path, text string) {
		if !strings.HasPrefix(path, "scripts/ci/") {
			hold(path, text)
		}
	})
	for _, path := range []string{"tests/lib_test.sh", "tests/tap.sh"} {
		hold(path, read(path))
	}
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
		"[[ -v x ]] || x":                  "[[ -v",
		"exec {fd}>file":                   "{fd}>",
		"printf '%(%s)T' -1":               "printf %(…)T",
		"printf -v x '%(%F)T'":             "printf %(…)T",
		"wait -n":                          "wait -n",
		"shopt -s globstar":                "shopt globstar",
		"shopt -s lastpipe":                "shopt lastpipe",
		`source <(echo x)`:                 "source <(…)",
		`. <(echo x)`:                      "source <(…)",
		"read -N 3 x":                      "read -N",
		"read -rN3 x":                      "read -N",
		"read -t 0.5 x":                    "read -t 0.5",
		"read -i text x":                   "read -i",
		"declare -p x":                     "declare -p",
		"printf -v 'a[0]' x":               "printf -v a[…]",
		"[ -v x ]":                         "[ -v",
		"test -v x":                        "test -v",
		`echo $'\u00e9'`:                   `$'\u'`,
		`echo "${x:0:-1}"`:                 "a negative length",
		`echo "${x//a/"b"}"`:               "quotes in a replacement",
		`echo "${x/a/'b'}"`:                "quotes in a replacement",
		"echo {01..10}":                    "a padded or stepped range",
		"echo {1..9..2}":                   "a padded or stepped range",
		`echo "${a[@]}"`:                   "${a[@]} may be empty",
		`a=(); echo "${a[@]}"`:             "${a[@]} may be empty",
		`a=("$@"); echo "${a[*]}"`:         "${a[*]} may be empty",
		`a=(x); a=(); echo "${a[@]:1}"`:    "${a[@]} may be empty",
		`a=(x); unset a; echo "${a[@]}"`:   "${a[@]} may be empty",
		`x=${a[@]+"${b[@]}"}`:              "${b[@]} may be empty",
		"x=$(case y in y) ;; esac)":        "case in $(…)",
		"cat <(case y in y) ;; esac)":      "case in $(…)",
		"x=$(cat <<E\n)\nE\n)":             "a here-document in $(…)",
		"x=$(\n# it's\ntrue)":              "a quote in a comment in $(…)",
		"(false); true":                    "(…) does not end the script",
		"[[ -e x ]]\ntrue":                 "[[ does not end the script",
		"((0))\ntrue":                      "(( does not end the script",
		"f() { (false); true; }":           "(…) does not end the script",
		"if x; then (false); fi":           "(…) does not end the script",
	} {
		t.Run(snippet, func(t *testing.T) {
			found := newerThan32(t, snippet)
			if len(found) == 1 {
				_, found[0], _ = strings.Cut(found[0], ": ")
			}
			equal(t, "found", found, []string{want})
		})
	}
}

func TestNewerThan32IsSilent(t *testing.T) {
	const fine = `
declare -a list=(a b)
local -r x=1
echo "${x:-1}" "${x//a/b}" "${x#a}" "${x%%b*}" "${#x}" "${!x}" "${list[@]}" "${list[0]}" "${list[@]:1:2}" "${x: -1}"
echo ${none[@]+"${none[@]}"} "${#none[@]}" "${!none[@]}" "${BASH_SOURCE[@]}"; files=(*.json); echo "${files[@]}"
read -r x; read -t 1 y; x=$(echo y | { read -r z; echo "$z"; }) # it's
y=$(printf %s $'\n' {1..3}); test -n "$y"
(echo) || true; if (echo); then x=1; fi; ! (echo); x=$( (echo) ); ((i > 1)) && x=1; for ((;;)); do :; done
f() { if x; then (echo); else [[ -n $x ]]; fi; }
echo x &>file; echo x >>file 2>&1; echo x | cat
case x in a) echo ;; *) ;; esac
[[ $x == a* && -n $x && -f file ]] || true
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
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(true)).Parse(strings.NewReader(text), "")
	if err != nil {
		t.Fatal(err)
	}
	rules := []func(syntax.Node) string{newer, emptyArrays(file), inSubstitution, unnoticed(file)}
	syntax.Walk(file, func(node syntax.Node) bool {
		for _, rule := range rules {
			if what := rule(node); what != "" {
				found = append(found, fmt.Sprintf("%d: %s", node.Pos().Line(), what))
			}
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
	case *syntax.SglQuoted:
		if n.Dollar && strings.Contains(strings.ToLower(n.Value), `\u`) {
			return `$'\u'`
		}
	case *syntax.Lit:
		if newerRange.MatchString(n.Value) {
			return "a padded or stepped range"
		}
	}
	return ""
}

var newerRange = regexp.MustCompile(`\{(-?0[0-9]+\.\.|[^{}]*\.\.-?0[0-9]|[^{}]*\.\.[^{}]*\.\.)[^{}]*\}`)

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
		case strings.Contains(option, "p") && n.Variant.Value != "export":
			return "declare -p" // prints arrays in other words
		case strings.ContainsAny(option, "glu"):
			return "declare " + option
		}
	}
	return ""
}

func newerCommand(n *syntax.CallExpr) string {
	words := literals(n.Args)
	if len(words) == 0 {
		return ""
	}
	name, rest := words[0], words[1:]
	switch name {
	case "mapfile", "readarray":
		return name
	case "printf":
		return newerPrintf(rest)
	case "read":
		return newerRead(rest)
	case "wait":
		if slices.Contains(rest, "-n") {
			return "wait -n"
		}
	case "[", "test":
		if slices.Contains(rest, "-v") {
			return name + " -v"
		}
	case "source", ".":
		if len(n.Args) > 1 && isProcess(n.Args[1]) {
			return "source <(…)" // reads nothing, and says nothing
		}
	case "shopt":
		for _, option := range []string{"globstar", "lastpipe", "inherit_errexit", "autocd"} {
			if slices.Contains(rest, option) {
				return "shopt " + option
			}
		}
	}
	return ""
}

func newerPrintf(args []string) string {
	for i, w := range args {
		switch {
		case strings.Contains(w, "%("):
			return "printf %(…)T"
		case w == "-v" && i+1 < len(args) && strings.Contains(args[i+1], "["):
			return "printf -v a[…]"
		}
	}
	return ""
}

func newerRead(args []string) string {
	for i, w := range args {
		switch {
		case !strings.HasPrefix(w, "-"):
		case strings.Contains(w, "N"):
			return "read -N"
		case strings.Contains(w, "i"):
			return "read -i"
		case w == "-t" && i+1 < len(args) && strings.Contains(args[i+1], "."):
			return "read -t " + args[i+1]
		}
	}
	return ""
}

// literals are words without what they expand.
func literals(words []*syntax.Word) (all []string) {
	for _, w := range words {
		var b strings.Builder
		for _, part := range w.Parts {
			switch part := part.(type) {
			case *syntax.Lit:
				b.WriteString(part.Value)
			case *syntax.SglQuoted:
				b.WriteString(part.Value)
			}
		}
		all = append(all, b.String())
	}
	return all
}

func isProcess(w *syntax.Word) bool {
	_, ok := w.Parts[0].(*syntax.ProcSubst)
	return ok
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
	if n.Slice != nil && negative(n.Slice.Length) {
		return "a negative length"
	}
	if n.Repl != nil && n.Repl.With != nil && slices.ContainsFunc(n.Repl.With.Parts, isQuoted) {
		return "quotes in a replacement" // within quotes they stay there
	}
	if n.Param != nil && slices.Contains(newerVariables, n.Param.Value) && !hasDefault(n) {
		return n.Param.Value
	}
	return ""
}

func isQuoted(part syntax.WordPart) bool {
	switch part.(type) {
	case *syntax.SglQuoted, *syntax.DblQuoted:
		return true
	}
	return false
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

// emptyArrays finds ${a[@]} where a may be empty: with set -u bash 3.2 ends the script there. ${a[@]+"${a[@]}"} does not.
func emptyArrays(file *syntax.File) func(syntax.Node) string {
	filled := filledArrays(file)
	guarded := map[*syntax.ParamExp]bool{}
	return func(node syntax.Node) string {
		n, ok := node.(*syntax.ParamExp)
		if !ok || n.Param == nil || n.Length || n.Excl {
			return ""
		}
		index, ok := n.Index.(*syntax.Word)
		if !ok || index.Lit() != "@" && index.Lit() != "*" {
			return ""
		}
		if n.Exp != nil && n.Exp.Op == syntax.AlternateUnset {
			syntax.Walk(n.Exp.Word, func(inner syntax.Node) bool {
				if p, ok := inner.(*syntax.ParamExp); ok && p.Param.Value == n.Param.Value {
					guarded[p] = true
				}
				return true
			})
			return ""
		}
		if guarded[n] || filled[n.Param.Value] {
			return ""
		}
		return "${" + n.Param.Value + "[" + index.Lit() + "]} may be empty"
	}
}

// filledArrays are the arrays that a script never leaves empty, beside those of bash itself.
func filledArrays(file *syntax.File) map[string]bool {
	filled := map[string]bool{"BASH_SOURCE": true, "FUNCNAME": true, "BASH_LINENO": true, "PIPESTATUS": true}
	emptied := map[string]bool{}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.Assign:
			if n.Array != nil && !n.Append {
				filled[n.Name.Value] = true
				emptied[n.Name.Value] = emptied[n.Name.Value] || !slices.ContainsFunc(n.Array.Elems, isSomething)
			}
		case *syntax.CallExpr:
			if words := literals(n.Args); len(words) > 0 && words[0] == "unset" {
				for _, word := range words[1:] {
					name, _, _ := strings.Cut(word, "[")
					emptied[name] = true
				}
			}
		}
		return true
	})
	for name := range emptied {
		filled[name] = filled[name] && !emptied[name]
	}
	return filled
}

// isSomething reports whether an element of an array is there whatever it expands to: it is quoted and no list, or has
// some text.
func isSomething(e *syntax.ArrayElem) bool {
	list := false
	syntax.Walk(e.Value, func(node syntax.Node) bool {
		if p, ok := node.(*syntax.ParamExp); ok {
			index, _ := p.Index.(*syntax.Word)
			list = list || p.Param.Value == "@" || index != nil && index.Lit() == "@"
		}
		return true
	})
	if list {
		return false
	}
	return slices.ContainsFunc(e.Value.Parts, func(part syntax.WordPart) bool {
		switch part.(type) {
		case *syntax.Lit, *syntax.SglQuoted, *syntax.DblQuoted:
			return true
		}
		return false
	})
}

// inSubstitution finds what bash 3.2 cannot read in $(…) and <(…): it looks for the parenthesis that ends it before it
// parses.
func inSubstitution(node syntax.Node) (what string) {
	switch node.(type) {
	case *syntax.CmdSubst, *syntax.ProcSubst:
	default:
		return ""
	}
	syntax.Walk(node, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.CaseClause:
			what = "case in $(…)"
		case *syntax.Redirect:
			if n.Hdoc != nil {
				what = "a here-document in $(…)"
			}
		case *syntax.Comment:
			if strings.ContainsAny(n.Text, "'\"`()") {
				what = "a quote in a comment in $(…)"
			}
		}
		return true
	})
	return what
}

// unnoticed finds (…), [[ and (( whose failure bash 3.2 does not notice: its set -e ends a script at simple commands
// alone. The last command of a function is noticed by the call.
func unnoticed(file *syntax.File) func(syntax.Node) string {
	listed := map[*syntax.Stmt]bool{}
	syntax.Walk(file, func(node syntax.Node) bool {
		for _, s := range statements(node) {
			listed[s] = true
		}
		return true
	})
	syntax.Walk(file, func(node syntax.Node) bool {
		if f, ok := node.(*syntax.FuncDecl); ok {
			unlistLast(f.Body, listed)
		}
		return true
	})
	return func(node syntax.Node) string {
		s, ok := node.(*syntax.Stmt)
		if !ok || !listed[s] || s.Negated || s.Background {
			return ""
		}
		switch s.Cmd.(type) {
		case *syntax.Subshell:
			return "(…) does not end the script"
		case *syntax.TestClause:
			return "[[ does not end the script"
		case *syntax.ArithmCmd:
			return "(( does not end the script"
		}
		return ""
	}
}

// statements are those of a list that is no condition.
func statements(node syntax.Node) []*syntax.Stmt {
	switch n := node.(type) {
	case *syntax.File:
		return n.Stmts
	case *syntax.Block:
		return n.Stmts
	case *syntax.IfClause:
		return n.Then
	case *syntax.WhileClause:
		return n.Do
	case *syntax.ForClause:
		return n.Do
	case *syntax.CaseItem:
		return n.Stmts
	}
	return nil
}

// unlistLast takes the statements that a function can end with from those that are listed.
func unlistLast(s *syntax.Stmt, listed map[*syntax.Stmt]bool) {
	delete(listed, s)
	lists := [][]*syntax.Stmt{statements(s.Cmd)}
	switch n := s.Cmd.(type) {
	case *syntax.IfClause:
		for e := n.Else; e != nil; e = e.Else {
			lists = append(lists, e.Then)
		}
	case *syntax.CaseClause:
		for _, item := range n.Items {
			lists = append(lists, item.Stmts)
		}
	case *syntax.WhileClause, *syntax.ForClause:
		return
	}
	for _, list := range lists {
		if len(list) > 0 {
			unlistLast(list[len(list)-1], listed)
		}
	}
}
