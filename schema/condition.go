package schema

import (
	"fmt"
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
)

// badConditions finds each @if at the beginning of the files that is no condition: CUE tells of one without a place.
func badConditions(files []string) (ps problemList) {
	for _, file := range files {
		f, err := parser.ParseFile(file, nil, parser.PackageClauseOnly)
		if err != nil {
			continue // the whole parse reports it
		}
		for _, d := range f.Decls {
			a, ok := d.(*ast.Attribute)
			if !ok {
				continue
			}
			key, body := a.Split()
			if x, err := parser.ParseExpr(file, body); key == "if" && (err != nil || !isCondition(x)) {
				at := a.Pos().Position()
				text := fmt.Sprintf("%s is no condition; want tags joined by && and ||, with ! for not", a.Text)
				ps = append(ps, Problem{Pos: Pos{label(file), at.Line, at.Column}, Text: text})
			}
		}
	}
	return ps
}

// isCondition reports whether x is made of tags as CUE takes them in an @if.
func isCondition(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return true
	case *ast.ParenExpr:
		return isCondition(x.X)
	case *ast.UnaryExpr:
		return x.Op == token.NOT && isCondition(x.X)
	case *ast.BinaryExpr:
		return slices.Contains([]token.Token{token.LAND, token.LOR}, x.Op) && isCondition(x.X) && isCondition(x.Y)
	}
	return false
}
