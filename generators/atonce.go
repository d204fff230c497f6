package generators

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// atOnce calls do with 0 to n-1 at the same time, and returns when all are done. What one panics with is the caller's panic, as
// text with the place where it began: in a goroutine of its own it would end devgen where nothing can tell of it.
func atOnce(n int, do func(i int)) {
	panics := make([]string, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					panics[i] = fmt.Sprintf("%v\n%s", p, debug.Stack())
				}
			}()
			do(i)
		})
	}
	wait.Wait()
	for _, text := range panics {
		if text != "" {
			panic(text)
		}
	}
}
