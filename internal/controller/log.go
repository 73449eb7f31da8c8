package controller

import (
	"context"
	"io"
	"log/slog"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/config"
)

// newLog writes one event per line.
func newLog(w io.Writer, conf config.Log) *slog.Logger {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[conf.Level]
	o := &slog.HandlerOptions{Level: level}
	if conf.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// stamped adds the simulated instant to each event, beside the machine's.
type stamped struct {
	slog.Handler
	clock clock.Clock
}

func (s stamped) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.Time("simulated", s.clock.Now()))
	return s.Handler.Handle(ctx, r)
}

func (s stamped) WithAttrs(attrs []slog.Attr) slog.Handler {
	return stamped{s.Handler.WithAttrs(attrs), s.clock}
}

func (s stamped) WithGroup(name string) slog.Handler {
	return stamped{s.Handler.WithGroup(name), s.clock}
}
