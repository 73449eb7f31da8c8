package controller

import (
	"context"
	"log/slog"

	"github.com/coreos/go-systemd/v22/daemon"

	"codeberg.org/accolade/accolade/internal/clock"
)

// notify tells systemd about a change of state; without systemd it does nothing.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd was not told", "state", state, "error", err)
	}
}

// watchdog tells systemd at half its interval that the controller lives, as long as
// alive says so. The interval is real time, whatever time the controller lives in.
func watchdog(ctx context.Context, log *slog.Logger, alive func() error) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return
	}
	for clock.Real().Sleep(ctx, interval/2) == nil {
		if err := alive(); err != nil {
			log.Error("not alive, so systemd will restart the controller", "error", err)
			return
		}
		notify(log, daemon.SdNotifyWatchdog)
	}
}
