package main

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
)

// A turn is taken once: by the command that begins to write, or by the signal that ends devgen before it.
type turn struct{ taken atomic.Bool }

type turnKey struct{}

// run is the whole command; it returns the exit code. Results go to stdout, everything else to stderr. When ctx is done
// it ends at once, unless it is writing: then it ends after the step that it is at, and takes back what it can.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	t := new(turn)
	ended := make(chan int, 1)
	go func() { ended <- execute(context.WithValue(ctx, turnKey{}, t), args, stdout, stderr) }()
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
	}
	if t.taken.Swap(true) {
		return <-ended
	}
	fmt.Fprintln(stderr, "devgen: interrupted")
	return exitFailed
}

// beginWriting reports whether a command may write. If not, it was interrupted, and run has said so.
func beginWriting(ctx context.Context) bool {
	t, ok := ctx.Value(turnKey{}).(*turn)
	return !ok || !t.taken.Swap(true)
}
