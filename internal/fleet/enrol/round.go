package enrol

import (
	"context"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
)

// seldomEvery is how often a round reads what changes seldom.
const seldomEvery = time.Hour

// seldom is what a box was last found to have that changes only by somebody's hand:
// its clock, the definitions of its storages, our rights. There is one for each box,
// so it holds what came of the comparison where that is less.
type seldom struct {
	at      time.Time
	clock   fleet.BoxClock
	skew    time.Duration // by how much that clock was off
	configs []fleet.StorageConfig
	version string        // of Proxmox VE, which decides what rights are wanted
	rights  []fleet.Drift // those that are missing

	token string      // sealed, of which login is the opened form
	login fleet.Login // ours
}

// Round is Observe for a loop that comes round every few minutes: version, storages,
// jobs and VMs are read each time; clock, definitions and rights once an hour, and
// each time as long as something is not as it should be.
func (s *Service) Round(ctx context.Context, b fleet.Box) fleet.Observation {
	s.mu.Lock()
	last := s.known[b.Name]
	s.mu.Unlock()
	known := last
	if known != nil && (known.token != string(b.TokenSecret) || s.Clock.Now().Sub(known.at) >= seldomEvery || b.Observed.Error != "" || len(b.Observed.Drift) > 0) {
		known = nil
	}
	login, err := s.ourLogin(b, last)
	if err != nil {
		return unlessFailed(b, fleet.Observation{}, err, s.Clock.Now())
	}
	o, known, err := s.observe(ctx, b, login, known)
	if known == nil { // after an error all is read anew, but the login stays
		known = &seldom{token: string(b.TokenSecret), login: login}
	}
	s.mu.Lock()
	s.known[b.Name] = known
	s.mu.Unlock()
	return unlessFailed(b, o, err, s.Clock.Now())
}

// ourLogin opens our token on a box, unless that was done already: it costs more than
// a question to the box.
func (s *Service) ourLogin(b fleet.Box, last *seldom) (fleet.Login, error) {
	if len(b.TokenSecret) == 0 {
		return fleet.Login{}, &operation.Refused{Why: "box " + b.Name + " is not enrolled to its end", Fix: "accolade box enrol " + b.Name}
	}
	if last != nil && last.token == string(b.TokenSecret) {
		return last.login, nil
	}
	value, err := s.Keeper.Open(b.TokenSecret)
	if err != nil {
		return fleet.Login{}, fmt.Errorf("box %s: open our token: %w", b.Name, err)
	}
	return fleet.Login{TokenID: b.TokenID, User: fleet.BoxUser, Secret: value}, nil
}

// dialOurs speaks to a box with the login that its enrolment made.
func (s *Service) dialOurs(b fleet.Box) (Host, error) {
	login, err := s.ourLogin(b, nil)
	if err != nil {
		return nil, err
	}
	return s.DialBox(b, login), nil
}

func (s *Service) readSeldom(ctx context.Context, host Host, b fleet.Box, version string, now time.Time) (*seldom, error) {
	k := &seldom{at: now, version: version}
	var err error
	asked := s.Clock.Now()
	if k.clock, err = host.Time(ctx); err != nil {
		return nil, err
	}
	k.skew = skewOf(k.clock.Now, asked, s.Clock.Now())
	if k.configs, err = host.StorageConfigs(ctx); err != nil {
		return nil, err
	}
	held, err := host.Permissions(ctx)
	if err != nil {
		return nil, err
	}
	k.rights = rightsDrift(b, version, held)
	return k, nil
}
