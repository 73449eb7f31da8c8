package controller

import (
	"io"
	"log/slog"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/config"
)

// newLog writes one event per line. In a sandbox each event carries the simulated
// instant besides the machine's.
func newLog(w io.Writer, conf config.Log) *slog.Logger {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[conf.Level]
	o := &slog.HandlerOptions{Level: level}
	if conf.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// instant is the time of a clock at the moment when the event is written.
type instant struct{ clock clock.Clock }

func (i instant) LogValue() slog.Value { return slog.TimeValue(i.clock.Now()) }
