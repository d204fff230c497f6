//go:build unix

package main

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C ends devgen with one line also where it waits for something that never comes: a spec that is a pipe.
func TestSignalWaiting(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("devcontainer.cue", 0o600); err != nil {
		t.Skip(err)
	}
	cmd := process(t, "-")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// The pipe opens for writing once devgen reads it.
	var pipe *os.File
	for range 500 {
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
	select {
	case <-ended:
		if code := cmd.ProcessState.ExitCode(); code != exitFailed || said.String() != "devgen: interrupted\n" {
			t.Errorf("exit %d, it says %q", code, said.String())
		}
	case <-time.After(5 * time.Second):
		t.Error("Ctrl-C does not end it")
		cmd.Process.Kill()
		<-ended
	}
}
