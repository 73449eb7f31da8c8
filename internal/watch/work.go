package watch

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/schedule"
)

// remembered is how long a failed operation stays in the table when nothing of
// its kind succeeded since.
const remembered = 7 * 24 * time.Hour

// Operations tells which operations failed or are stuck, unless a later one of the
// same kind on the same subject went well.
func Operations(engine *operation.Engine, clk clock.Clock) Source {
	return func() ([]Condition, error) {
		list, err := engine.List(operation.Filter{})
		if err != nil {
			return nil, err
		}
		var all []Condition
		settled := map[string]bool{}
		for _, op := range list { // the newest first
			key := op.Kind + " " + op.Subject
			since := op.Created
			if op.Ended != nil {
				since = *op.Ended
			}
			switch {
			case op.State == operation.Blocked:
				all = append(all, Condition{Critical, "operation/" + op.ID, fmt.Sprintf("%s of %s is stuck: %s", op.Kind, op.Subject, op.Waiting), "accolade operation show " + op.ID, since})
			case op.State == operation.Failed && !settled[key] && clk.Now().Sub(since) < remembered:
				c := Condition{Warning, "operation/" + op.ID, fmt.Sprintf("%s of %s failed", op.Kind, op.Subject), "accolade operation show " + op.ID, since}
				if op.Problem != nil {
					c.What += ": " + op.Problem.What
					if op.Problem.Fix != "" {
						c.Fix = op.Problem.Fix + "; then accolade operation retry " + op.ID
					}
				}
				all = append(all, c)
			}
			if op.State.Ended() {
				settled[key] = true // older ones say nothing any more
			}
		}
		return all, nil
	}
}

// Schedule tells which entries failed at their last run.
func Schedule(list func() ([]schedule.Status, error)) Source {
	return func() ([]Condition, error) {
		entries, err := list()
		if err != nil {
			return nil, err
		}
		var all []Condition
		for _, e := range entries {
			if e.Result != "" && e.Result != "ok" && e.Result != "running" {
				all = append(all, Condition{Warning, "schedule/" + e.Name, "its last run failed: " + e.Result, "accolade schedule list shows when it runs next", e.Ended})
			}
		}
		return all, nil
	}
}
