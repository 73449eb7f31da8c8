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
		s := &http.Server{
			Handler:           answers.Handler(),
			ConnContext:       server.ConnContext,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       2 * time.Minute,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    64 << 10,
			ErrorLog:          slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
		}
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
