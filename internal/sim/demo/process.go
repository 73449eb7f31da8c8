package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// child is a program that runs beside the story.
type child struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait, valid once done is closed
}

// start runs a program in a process group of its own, so that an interrupt at the
// terminal reaches the story alone and it can stop its children in order.
func start(name string, cmd *exec.Cmd) (*child, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	c := &child{name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// stop asks the program to end and waits for it.
func (c *child) stop() error {
	select {
	case <-c.done:
		return fmt.Errorf("%s ended by itself: %w", c.name, c.err)
	default:
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", c.name, err)
	}
	select {
	case <-c.done:
	case <-time.After(20 * time.Second):
		err := c.kill()
		return errors.Join(fmt.Errorf("%s did not end within 20 s of SIGTERM", c.name), err)
	}
	if c.err != nil {
		return fmt.Errorf("%s: %w", c.name, c.err)
	}
	return nil
}

// kill is SIGKILL: the program gets no chance to do anything.
func (c *child) kill() error {
	if err := c.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill %s: %w", c.name, err)
	}
	<-c.done
	return nil
}

// ended says why the program is gone, nil while it runs.
func (c *child) ended() error {
	select {
	case <-c.done:
		return fmt.Errorf("%s ended: %w", c.name, c.err)
	default:
		return nil
	}
}

// firstLine reads what a program prints once it is ready; the rest is read and dropped.
func firstLine(ctx context.Context, c *child, r io.Reader) ([]byte, error) {
	type result struct {
		line []byte
		err  error
	}
	got := make(chan result, 1)
	go func() {
		br := bufio.NewReader(r)
		line, err := br.ReadBytes('\n')
		got <- result{line, err}
		io.Copy(io.Discard, br) //nolint:errcheck // ends with the program
	}()
	select {
	case res := <-got:
		return res.line, res.err
	case <-c.done:
		return nil, c.ended()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(30 * time.Second):
		return nil, fmt.Errorf("%s is not ready after 30 s", c.name)
	}
}

// open makes a file of the story's folder for a program to write into.
func (s *story) open(name string) (*os.File, error) {
	return os.Create(s.dir + "/" + name)
}
