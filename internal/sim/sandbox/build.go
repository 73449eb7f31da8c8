package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"

	"codeberg.org/accolade/accolade/internal/sim/pbs"
	"codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/sim/smtp"
)

// secrets are the credentials of a sandbox, made from its seed, and the
// certificates, by name. They are made once and kept with the state.
type secrets struct {
	RootPassword map[string]string          `json:"root_password"`
	Token        map[string]string          `json:"token"` // the UUID alone
	Certificate  map[string]pve.Certificate `json:"certificate"`
}

const (
	tokenName = "sandbox"
	datastore = "main"
	// vaultSize is the room in the vault's datastore.
	vaultSize = 8 << 40

	relayUser = "accolade"
	// RelayPassword is what the relay wants from its user accolade.
	RelayPassword = "relay-of-the-sandbox"
)

func newSecrets(seed uint64, names []string) (secrets, error) {
	rng := rand.New(rand.NewPCG(seed, 0x5ec7e75))
	s := secrets{
		RootPassword: map[string]string{}, Token: map[string]string{}, Certificate: map[string]pve.Certificate{},
	}
	for _, name := range names {
		cert, err := pve.NewCertificate(name)
		if err != nil {
			return s, err
		}
		s.Certificate[name] = cert
		s.RootPassword[name] = fmt.Sprintf("%s-%012x", name, rng.Uint64()>>16)
		a, b := rng.Uint64(), rng.Uint64()
		s.Token[name] = fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
	}
	return s, nil
}

func (s *Sandbox) buildVault(addr string, saved *state) error {
	s.vault = pbs.New(pbs.Config{Name: vaultName, World: s.world, Seed: s.opts.Seed, Report: s.opts.Report})
	if saved != nil {
		if err := json.Unmarshal(saved.Vault, s.vault); err != nil {
			return err
		}
	}
	s.vault.AddDatastore(datastore, vaultSize)
	if err := s.vault.SetPassword("root@pam", s.secrets.RootPassword[vaultName]); err != nil {
		return err
	}
	if err := s.vault.AddToken("root@pam", tokenName, s.secrets.Token[vaultName], "Admin"); err != nil {
		return err
	}
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return err
	}
	cert := s.secrets.Certificate[vaultName]
	s.vault.Listens(host, port, cert.Fingerprint())
	s.info.PBS = VaultInfo{
		URL: "https://" + addr, Fingerprint: cert.Fingerprint(), Datastore: datastore,
		Token: "root@pam!" + tokenName + ":" + s.secrets.Token[vaultName],
	}
	s.world.Add(s.vault)
	return s.serve(vaultName, s.vault.Handler(), &cert)
}

func (s *Sandbox) buildBoxes(addrs map[string]string, saved *state) error {
	for i, name := range s.boxNames() {
		cfg := pve.Config{
			Name: name, Version: s.opts.Version, World: s.world, Seed: s.opts.Seed + uint64(i),
			Vaults: network{s.vault, s}, Downloads: s.info.Control.URL, Report: s.opts.Report, Port80: s.opts.Reachable,
		}
		if s.opts.Box != nil {
			s.opts.Box(&cfg)
		}
		box := pve.NewBox(cfg)
		if saved != nil {
			raw, ok := saved.Boxes[name]
			if !ok {
				return fmt.Errorf("state: it has no box %s; start with as many boxes as before, or in another folder", name)
			}
			if err := json.Unmarshal(raw, box); err != nil {
				return err
			}
		}
		if err := box.SetPassword("root@pam", s.secrets.RootPassword[name]); err != nil {
			return err
		}
		if saved == nil {
			// Only once: a client that was done with it may have revoked it.
			if err := box.AddToken("root@pam", tokenName, s.secrets.Token[name], false); err != nil {
				return err
			}
		}
		cert := s.secrets.Certificate[name]
		box.SetFingerprint(cert.Fingerprint())
		s.boxes = append(s.boxes, box)
		s.info.PVE = append(s.info.PVE, BoxInfo{
			Name: name, URL: "https://" + addrs[name], Fingerprint: cert.Fingerprint(),
			RootPassword: s.secrets.RootPassword[name],
			Token:        "root@pam!" + tokenName + "=" + s.secrets.Token[name],
		})
		s.world.Add(box)
		if err := s.serve(name, box.Handler(), &cert); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sandbox) buildRelay(addr string, saved *state) error {
	s.relay = smtp.New(smtp.Config{User: relayUser, Password: RelayPassword, Now: s.world.Now})
	if saved != nil {
		if err := json.Unmarshal(saved.Relay, s.relay); err != nil {
			return err
		}
	}
	s.info.SMTP.Address = addr
	g := s.gates[relayName]
	s.wg.Go(func() {
		if err := s.relay.Serve(g); err != nil && !errors.Is(err, net.ErrClosed) {
			s.fail(err)
		}
	})
	return nil
}
