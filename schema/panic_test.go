package schema

import (
	"testing"

	"cuelang.org/go/cue/literal"
)

// A panic of devgen's own is never taken for one of CUE's, which TestProblemsWhole has.
func TestOnPanicOfCUE(t *testing.T) {
	defer func() {
		if r := recover(); r != "devgen's own" {
			t.Errorf("got %v, want the panic", r)
		}
	}()
	func() {
		defer onPanicOfCUE(func() { t.Error("it was taken for one of CUE's") })
		panic("devgen's own")
	}()
}

// What CUE calls may panic, too: a big number, a string that is repeated.
func TestOnPanicBelowCUE(t *testing.T) {
	told := false
	func() {
		defer onPanicOfCUE(func() { told = true })
		_ = literal.String.WithTabIndent(-1)
	}()
	if !told {
		t.Error("it was not taken for one of CUE's")
	}
}
