package controller

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"codeberg.org/accolade/accolade/internal/api/server"
)

// listen opens the listeners and begins to answer.
func (c *Controller) listen(ctx context.Context) error {
	socket, err := listenSocket(c.conf.Socket, c.conf.SocketGroup)
	if err != nil {
		return err
	}
	listeners := []net.Listener{socket}
	if c.conf.Listen != "" {
		cert, err := certificate(c.conf, c.clock.Now())
		if err != nil {
			return errors.Join(err, socket.Close())
		}
		network, err := listenTLS(ctx, c.conf.Listen, cert)
		if err != nil {
			return errors.Join(err, socket.Close())
		}
		listeners = append(listeners, network)
		c.log.Info("listening for technicians", "address", network.Addr().String(), "fingerprint", fingerprint(cert))
	}
	answers := c.newServer(ctx)
	for _, l := range listeners {
		s := newHTTPServer(answers.Handler(), c.log)
		c.servers = append(c.servers, s)
		c.group.Go(func() error {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	return nil
}

// newHTTPServer bounds what a caller can hold: how long headers and a body take to
// arrive, how long a connection idles, how long headers are. How long an answer may
// stay unread is the chain's matter (package server): a stream has no end.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ConnContext:       server.ConnContext,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
