package controller

import (
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// buildAudit has audit records older than a year let go, once a month. A chain that is
// broken there stays as it is: the run fails, and `accolade audit verify` says where.
func (c *Controller) buildAudit() error {
	return c.scheduler.Add(schedule.Entry{Name: "audit prune", Spec: "45 4 1 * *", Zone: c.conf.Timezone, Begin: func(tx store.Tx, at time.Time) error {
		n, err := audit.Prune(tx, at, "controller", "schedule")
		if n > 0 && err == nil {
			c.log.Info("audit records older than a year let go", "records", n)
		}
		return err
	}})
}
