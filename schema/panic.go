package schema

import (
	"runtime"
	"strings"
)

// onPanicOfCUE is deferred around CUE, whose parser and evaluator panic on some specs that nobody has a reason to write,
// such as those of cue-lang/cue#4490: then makes the result. A mistake of devgen's own still ends the program.
func onPanicOfCUE(then func()) {
	r := recover()
	if r == nil {
		return
	}
	if !inCUE() {
		panic(r)
	}
	then()
}

// inCUE reports whether the panic that is being recovered began in CUE, or in a library that CUE calls.
func inCUE() bool {
	const devgen = "github.com/devgen/devgen/"
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for panicked := false; ; {
		f, more := frames.Next()
		switch {
		case panicked && strings.HasPrefix(f.Function, "cuelang.org/go/"):
			return true
		case panicked && strings.HasPrefix(f.Function, devgen):
			return false
		case f.Function == "runtime.gopanic":
			panicked = true
		}
		if !more {
			return false
		}
	}
}
