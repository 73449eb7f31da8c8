package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Missed is a server without a remote backup since the evening before. It stands
// until there is one again.
type Missed struct {
	Server string    `json:"server"`
	Box    string    `json:"box"`
	Vault  string    `json:"vault"`
	Since  time.Time `json:"since"` // the first morning without
	Last   time.Time `json:"last"`  // of the newest point that was listed; zero: none
	Why    string    `json:"why"`
	Mailed bool      `json:"mailed"` // the one mail about it went out
}

func (m Missed) String() string {
	last := "never"
	if !m.Last.IsZero() {
		last = m.Last.Format("2006-01-02 15:04")
	}
	return fmt.Sprintf("server %s on box %s has no remote backup of the night (last: %s): %s", m.Server, m.Box, last, m.Why)
}

// misses are kept by server.
var misses = store.NewCollection[Missed]("backup-missed", 1)

// arrived ends what was missed.
func (s *Service) arrived(r *operation.Run, run Run) error {
	if run.Kind != Remote {
		return nil
	}
	return r.Update(func(tx store.Tx) error {
		err := misses.Delete(tx, run.Server)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
}

// Missing lists the servers that have no remote backup of the last night, as the
// last morning found it.
func (s *Service) Missing() (all []Missed, err error) {
	err = s.db.View(func(tx store.Tx) error {
		all, err = misses.List(tx)
		return err
	})
	return all, err
}

// evening is how long before the morning a night begins.
const evening = 14 * time.Hour // 18:00 the day before, for 08:00

// Morning looks at the vaults for a point of each server since the evening
// before, and tells what is missing: as a condition, in the log, and by one mail.
func (s *Service) Morning(ctx context.Context, at time.Time) error {
	servers, err := s.fleet.Servers()
	if err != nil {
		return err
	}
	var told []Missed
	for _, server := range servers {
		if server.State != fleet.ServerReady || server.Ready.After(at.Add(-evening)) {
			continue
		}
		box, err := s.fleet.Box(server.Box)
		if err != nil {
			return err
		}
		if box.Storages.Vault == "" {
			continue
		}
		missed, ok := s.look(ctx, server, box, at)
		kept, err := s.keep(server.Name, missed, ok)
		if err != nil {
			return err
		}
		if ok {
			s.log.LogAttrs(ctx, slog.LevelError, "no remote backup", slog.String("server", kept.Server), slog.String("box", kept.Box),
				slog.String("vault", kept.Vault), slog.Time("last", kept.Last), slog.String("why", kept.Why))
			if !kept.Mailed {
				told = append(told, kept)
			}
		}
	}
	return s.mail(ctx, told)
}

// look asks the vault, through the box; ok is true when the night is missing.
func (s *Service) look(ctx context.Context, server fleet.Server, box fleet.Box, at time.Time) (m Missed, ok bool) {
	m = Missed{Server: server.Name, Box: box.Name, Vault: box.Vault, Since: at}
	hv, err := s.connect(box)
	if err == nil {
		var points []fleet.Volume
		points, err = hv.Content(ctx, box.Storages.Vault, "backup", server.VMID)
		for _, point := range points {
			if point.Created.After(m.Last) {
				m.Last = point.Created
			}
		}
	}
	if m.Last.After(at.Add(-evening)) {
		return m, false
	}
	if m.Why = s.lastError(server.Name); m.Why == "" {
		m.Why = "no point is listed"
		if err != nil {
			m.Why = err.Error()
		}
	}
	return m, true
}

// lastError is what the newest run of a server ended with.
func (s *Service) lastError(server string) string {
	runs, err := s.Runs(server)
	if err != nil || len(runs) == 0 {
		return ""
	}
	return runs[0].Error
}

// keep writes down or takes away what a server misses; what is missed longer
// keeps its first morning.
func (s *Service) keep(server string, m Missed, missing bool) (Missed, error) {
	return m, s.db.Update(func(tx store.Tx) error {
		old, err := misses.Get(tx, server)
		known := err == nil
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if !missing {
			if known {
				return misses.Delete(tx, server)
			}
			return nil
		}
		if known {
			m.Since, m.Mailed = old.Since, old.Mailed
			if m.Last.IsZero() {
				m.Last = old.Last
			}
		}
		return misses.Put(tx, server, m)
	})
}

// mail sends one mail about what nobody was told of yet.
func (s *Service) mail(ctx context.Context, told []Missed) error {
	if len(told) == 0 || s.notifier == nil {
		return nil
	}
	var lines []string
	for _, m := range told {
		lines = append(lines, m.String()+"\nTry: accolade backup run "+m.Server)
	}
	subject := fmt.Sprintf("Accolade: no remote backup of %s", told[0].Server)
	if len(told) > 1 {
		subject = fmt.Sprintf("Accolade: no remote backup of %d servers", len(told))
	}
	if err := s.notifier.Send(ctx, "backup/missed/"+told[0].Server+"/"+told[0].Since.Format("2006-01-02"), subject, strings.Join(lines, "\n\n")+"\n"); err != nil {
		return fmt.Errorf("tell of missing backups: %w", err)
	}
	return s.db.Update(func(tx store.Tx) error {
		for _, m := range told {
			kept, err := misses.Get(tx, m.Server)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			kept.Mailed = true
			if err := misses.Put(tx, m.Server, kept); err != nil {
				return err
			}
		}
		return nil
	})
}

// Runs lists the runs of a server, or of all when name is empty, newest first.
func (s *Service) Runs(name string) (runs []Run, err error) {
	err = s.db.View(func(tx store.Tx) error {
		if name == "" {
			runs, err = Runs.List(tx)
		} else {
			runs, err = Runs.ByIndex(tx, "server", name)
		}
		return err
	})
	slices.SortFunc(runs, func(a, b Run) int { return b.Started.Compare(a.Started) })
	return runs, err
}
