package enrol

import (
	"context"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// seldomEvery is how often a round reads what changes seldom.
const seldomEvery = time.Hour

// seldom is what a box was last found to have that changes only by somebody's hand:
// its clock, the definitions of its storages, our rights.
type seldom struct {
	at      time.Time
	clock   fleet.BoxClock
	configs []fleet.StorageConfig
	rights  map[string]map[string]bool

	token string      // sealed, of which login is the opened form
	login fleet.Login // ours
}

// Round is Observe for a loop that comes round every few minutes: version, storages,
// jobs and VMs are read each time; clock, definitions and rights once an hour, and
// each time as long as something is not as it should be.
func (s *Service) Round(ctx context.Context, b fleet.Box) fleet.Observation {
	s.mu.Lock()
	known := s.known[b.Name]
	s.mu.Unlock()
	if known != nil && (known.token != string(b.TokenSecret) || s.Clock.Now().Sub(known.at) >= seldomEvery || b.Observed.Error != "" || len(b.Observed.Drift) > 0) {
		known = nil
	}
	o, known, err := s.observe(ctx, b, known)
	s.mu.Lock()
	s.known[b.Name] = known // nil after an error: read anew
	s.mu.Unlock()
	return unlessFailed(b, o, err, s.Clock.Now())
}

// ourLogin opens our token on a box, unless that was done already.
func (s *Service) ourLogin(b fleet.Box, known *seldom) (fleet.Login, error) {
	if known != nil {
		return known.login, nil
	}
	value, err := s.Keeper.Open(b.TokenSecret)
	if err != nil {
		return fleet.Login{}, fmt.Errorf("box %s: open our token: %w", b.Name, err)
	}
	return fleet.Login{TokenID: b.TokenID, User: fleet.BoxUser, Secret: value}, nil
}

func readSeldom(ctx context.Context, host Host, now time.Time) (*seldom, error) {
	k := &seldom{at: now}
	var err error
	if k.clock, err = host.Time(ctx); err != nil {
		return nil, err
	}
	if k.configs, err = host.StorageConfigs(ctx); err != nil {
		return nil, err
	}
	if k.rights, err = host.Permissions(ctx); err != nil {
		return nil, err
	}
	return k, nil
}
