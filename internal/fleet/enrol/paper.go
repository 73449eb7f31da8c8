package enrol

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/paperkey"
	"codeberg.org/accolade/accolade/internal/operation"
)

// PaperKey prints the key of a box's vault for the client's safe, as PDF.
func (s *Service) PaperKey(name string) ([]byte, error) {
	registry := fleet.NewRegistry(s.DB, s.Clock)
	b, err := registry.Box(name)
	if err != nil {
		return nil, err
	}
	if len(b.VaultKey) == 0 {
		return nil, &operation.Refused{Why: "box " + name + " has no encryption key yet", Fix: "enrol it to its end first"}
	}
	v, err := registry.Vault(b.Vault)
	if err != nil {
		return nil, err
	}
	text, err := s.Keeper.Open(b.VaultKey)
	if err != nil {
		return nil, fmt.Errorf("box %s: open its encryption key: %w", name, err)
	}
	zone, err := time.LoadLocation(b.Zone)
	if err != nil {
		return nil, fmt.Errorf("box %s: %w", name, err)
	}
	return paperkey.Render(paperkey.Key{Box: b.Name, Client: b.Client, Vault: v.Name, URL: v.URL, Datastore: v.Datastore, Namespace: b.Namespace,
		Text: text, Printed: s.Clock.Now().In(zone)})
}
