package sandbox

import (
	"errors"
	"net"
	"sync"
)

// gate is a TCP listener that can go away and come back: while it is shut nobody
// listens at its address, so that connections are refused as they are in life.
type gate struct {
	mu     sync.Mutex
	change *sync.Cond
	addr   string
	inner  net.Listener // nil while shut
	closed bool
}

func listen(addr string) (*gate, error) {
	inner, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	g := &gate{addr: inner.Addr().String(), inner: inner}
	g.change = sync.NewCond(&g.mu)
	return g, nil
}

// shut makes the address refuse connections; open ends that. Both may be called
// again without effect.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inner != nil {
		g.inner.Close()
		g.inner = nil
	}
}

func (g *gate) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inner != nil || g.closed {
		return nil
	}
	inner, err := net.Listen("tcp", g.addr)
	if err != nil {
		return err
	}
	g.inner = inner
	g.change.Broadcast()
	return nil
}

// Accept waits through the times in which the gate is shut.
func (g *gate) Accept() (net.Conn, error) {
	for {
		g.mu.Lock()
		for g.inner == nil && !g.closed {
			g.change.Wait()
		}
		inner, closed := g.inner, g.closed
		g.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		conn, err := inner.Accept()
		if errors.Is(err, net.ErrClosed) {
			continue // shut, or closed: the loop finds out
		}
		return conn, err
	}
}

func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.change.Broadcast()
	if g.inner == nil {
		return nil
	}
	err := g.inner.Close()
	g.inner = nil
	return err
}

func (g *gate) Addr() net.Addr {
	addr, err := net.ResolveTCPAddr("tcp", g.addr)
	if err != nil { // it was an address when it was listened on
		return &net.TCPAddr{}
	}
	return addr
}
