// Command accoladed is the controller service. All it does itself is to hand its
// arguments and its signals to package daemon.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // an installation without zone files must still know Europe/Paris

	"codeberg.org/accolade/accolade/internal/controller/daemon"
)

// gcPercent has the collector run at half as much garbage as it would by itself: an
// idle controller of five hundred boxes uses a thousandth of a processor, and one small
// machine has more of that than of memory. GOGC in the environment goes first.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := daemon.Main(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(code)
}
