// Command accoladed is the controller service as it is, except that it writes each
// secret that comes into being to the file SECRETS_TOLD, for the test that started it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata"

	"codeberg.org/accolade/accolade/internal/controller/daemon"
	"codeberg.org/accolade/accolade/internal/secret/secrettest"
)

func main() {
	if err := secrettest.Record(os.Getenv("SECRETS_TOLD")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := daemon.Main(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(code)
}
