package backup

import (
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// Watch puts a server under the nightly schedule.
func (s *Service) Watch(server fleet.Server) error {
	box, err := s.fleet.Box(server.Box)
	if err != nil {
		return err
	}
	if box.Storages.Vault == "" {
		return nil
	}
	return s.scheduler.Add(schedule.Entry{Name: "backup/remote/" + server.Name, Spec: s.policy.Remote, Zone: s.policy.Zone,
		Begin: func(tx store.Tx, at time.Time) error { return s.night(tx, server.Name, at) }})
}

// WatchAll puts every server in service under its schedule, and the morning's look.
func (s *Service) WatchAll() error {
	servers, err := s.fleet.Servers()
	if err != nil {
		return err
	}
	for _, server := range servers {
		if server.State == fleet.ServerReady {
			if err := s.Watch(server); err != nil {
				return err
			}
		}
	}
	return s.scheduler.Add(schedule.Entry{Name: "backup/morning", Spec: s.policy.Morning, Zone: s.policy.Zone, Run: s.Morning})
}

// night starts the backup that was planned for an instant.
func (s *Service) night(tx store.Tx, name string, at time.Time) error {
	until, err := s.policy.nextMorning(s.clk.Now())
	if err != nil {
		return err
	}
	_, err = s.start(tx, name, Remote, at, until, "schedule", "")
	return err
}
