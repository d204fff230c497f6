//go:build unix

package main

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C ends devgen also where it waits for something that never comes: a spec that is a pipe.
func TestSignalWaiting(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("devcontainer.cue", 0o600); err != nil {
		t.Skip(err)
	}
	cmd := process(t, "-")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// The pipe opens for writing once devgen reads it.
	var pipe *os.File
	for range 200 {
		fd, err := syscall.Open("devcontainer.cue", syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			pipe = os.NewFile(uintptr(fd), "pipe")
			break
		}
		select {
		case <-ended:
			return // it refused the pipe: just as well
		case <-time.After(20 * time.Millisecond):
		}
	}
	if pipe != nil {
		defer pipe.Close()
	}
	cmd.Process.Signal(os.Interrupt)
	time.Sleep(100 * time.Millisecond)
	cmd.Process.Signal(os.Interrupt) // at the latest the second one
	select {
	case <-ended:
	case <-time.After(3 * time.Second):
		t.Error("Ctrl-C does not end it")
		cmd.Process.Kill()
		<-ended
	}
}
