package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"codeberg.org/accolade/accolade/internal/sim/dolibarr"
)

var dolibarrs sync.Map // *testscript.TestScript → *dolibarr.Server

// dolibarrCommand is a simulated Dolibarr:
//
//	dolibarr start         sets DOLIBARR_URL, and writes its key to the file dolibarr.key
//	dolibarr spoil REF     adds a cent to the draft with that customer reference
//	dolibarr mend REF      takes it off again
//	dolibarr list          what is there, to stdout
func dolibarrCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: dolibarr start|spoil|mend|list")
	}
	if args[0] == "start" {
		s := dolibarr.New(dolibarr.Config{Key: "8f2c0d1e", CodeRequired: true, Now: time.Now})
		web := httptest.NewServer(s)
		ts.Defer(web.Close)
		ts.Setenv("DOLIBARR_URL", web.URL)
		ts.Check(os.WriteFile(ts.MkAbs("dolibarr.key"), []byte("8f2c0d1e\n"), 0o600))
		dolibarrs.Store(ts, s)
		return
	}
	v, ok := dolibarrs.Load(ts)
	if !ok {
		ts.Fatalf("no Dolibarr was started")
	}
	s := v.(*dolibarr.Server)
	for _, i := range s.Invoices() {
		switch {
		case args[0] == "list":
			fmt.Fprintf(ts.Stdout(), "%s %s %d %d\n", i.RefClient, i.Ref, i.Status, i.Total)
		case len(args) == 2 && i.RefClient == args[1]:
			cent := int64(1)
			if args[0] == "mend" {
				cent = -1
			}
			s.Edit(i.ID, func(i *dolibarr.Invoice) { i.Total += cent })
		}
	}
}
