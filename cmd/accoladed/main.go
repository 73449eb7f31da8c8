// Command accoladed is the controller service. All it does itself is to hand its
// arguments and its signals to package daemon.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // an installation without zone files must still know Europe/Paris

	"codeberg.org/accolade/accolade/internal/controller/daemon"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := daemon.Main(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(code)
}
