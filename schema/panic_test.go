package schema

import "testing"

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
