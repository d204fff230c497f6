package generators

import (
	"fmt"
	"strings"
	"testing"
)

// Every call is made, and a panic of one reaches the caller, who can tell of it, with the way to where it began.
func TestAtOnce(t *testing.T) {
	done := make([]bool, 5)
	defer func() {
		text := fmt.Sprint(recover())
		if !strings.HasPrefix(text, "a judge broke\n") || !strings.Contains(text, "atonce_test.go") {
			t.Errorf("the panic is %s", text)
		}
		if fmt.Sprint(done) != "[true true false true true]" {
			t.Errorf("done: %v", done)
		}
	}()
	atOnce(len(done), func(i int) {
		if i == 2 {
			panic("a judge broke")
		}
		done[i] = true
	})
}
