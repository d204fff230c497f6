package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// patience is how long a run waits for another one without a word, and pause how long it waits to ask again.
const (
	patience = time.Second
	pause    = 20 * time.Millisecond
)

// lock waits until no other devgen writes here, or ctx is done, and keeps further ones out until unlock. alone reports
// whether it does. The lock is on
// the folder itself: it is the same one by whatever path it was reached, there is no lock file to be left behind, and the
// end of the process, however it comes, gives it back. Where a folder cannot be locked (on Windows, on some network file
// systems) nobody waits: no run replaces what has changed since it looked.
func lock(ctx context.Context, w io.Writer) (unlock func(), alone bool) {
	l := flock.New(".", flock.SetFlag(os.O_RDONLY))
	unlock = func() { l.Unlock() }
	if locked, err := l.TryLock(); locked || err != nil {
		return unlock, locked
	}
	brief, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	alone, _ = l.TryLockContext(brief, pause)
	if !alone && ctx.Err() == nil {
		fmt.Fprintln(w, "devgen: waiting for another devgen that writes here")
		alone, _ = l.TryLockContext(ctx, pause)
	}
	return unlock, alone
}
