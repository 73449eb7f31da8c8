package crashtest

import (
	"strings"

	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// leftover is what lies in a store when all is over, as far as it must not depend on
// a crash whatever the workflow is.
type leftover struct {
	Operations []string // each with its kind and state: a crash begins none twice
	Leases     []operation.Lease
	Keys       []string // of all records, those of the audit too: a crash leaves none behind, and none is missing
}

// leftBehind reads what is left.
func leftBehind(db store.DB) (l leftover, err error) {
	engine := operation.New(db, nil, operation.Options{})
	if l.Leases, err = engine.Leases(); err != nil {
		return l, err
	}
	all, err := engine.List(operation.Filter{})
	if err != nil {
		return l, err
	}
	known := map[string]bool{}
	for _, op := range all {
		l.Operations = append(l.Operations, op.ID+" "+op.Kind+" "+string(op.State))
		known[op.ID] = true
	}
	err = db.View(func(tx store.Tx) error {
		for key := range tx.Scan(nil) {
			kind, rest, _ := strings.Cut(string(key), "/")
			id, _, _ := strings.Cut(rest, "/")
			switch {
			case kind == "i": // indexes hold instants
			case kind == "o" && known[id]: // a step that goes on may have noted other things for itself
			default:
				l.Keys = append(l.Keys, string(key))
			}
		}
		return nil
	})
	return l, err
}
