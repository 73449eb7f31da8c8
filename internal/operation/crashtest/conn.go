package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
)

// Dialer connects to a counterpart.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Dial stands between an adapter and a network on which it does not speak HTTP: each
// thing that is written to a connection is a request to the counterpart.
func (c *Controller) Dial(next Dialer) Dialer {
	if c.line == nil {
		return next
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if c.line.isCut() {
			return nil, errCut
		}
		connected, err := next(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{connected, c.line}, nil
	}
}

// conn is a connection over the line.
type conn struct {
	net.Conn
	line *line
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.line.isCut() {
		return 0, errCut
	}
	return n, err
}

// Write sends, or does not, or sends and loses the answer: the counterpart then has all
// the time that it needs to act on what it got.
func (c *conn) Write(p []byte) (int, error) {
	first, _, _ := bytes.Cut(p[:min(len(p), 60)], []byte("\r\n"))
	number, err := c.line.begin(&c.line.so.requests, fmt.Sprintf("the words %q", first))
	if err != nil {
		_ = c.Conn.Close() // as the system does for a program that died
		return 0, err
	}
	n, err := c.Conn.Write(p)
	if !c.line.done(number) {
		return n, err
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c.Conn) // nobody hears it
	}
	_ = c.Conn.Close()
	return n, errCut
}
