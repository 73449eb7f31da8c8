// Command accolade is the technicians' tool: it asks the controller (accoladed)
// over its API, and draws the answers. It keeps no state and decides nothing; each
// noun of the command line is one file of this package.
//
// Results go to standard output, talk to standard error, exit codes are those of
// exit.go. The sandbox verb is the one exception: it runs simulated counterparts
// in this process.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // an installation without zone files must still know Europe/Paris
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], newEnv(os.Stdin, os.Stdout, os.Stderr, os.Getenv))
	stop()
	os.Exit(code)
}
