package provisioning

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/templates"
)

// inside is a step's way into the server.
func (s *Service) inside(r *operation.Run) (*job, Guest, error) {
	j, vmid, err := s.ofVM(r)
	if err != nil {
		return nil, nil, err
	}
	return j, s.guest(j, vmid, r), nil
}

func (s *Service) guest(j *job, vmid int, r *operation.Run) Guest {
	guest := s.enter(j.hv, vmid, r.ID())
	if r.First() {
		guest.Fresh()
	}
	return guest
}

// later makes an error of a guest that just restarts a transient one.
func later(err error) error {
	if errors.Is(err, fleet.ErrAgentDown) || errors.Is(err, fleet.ErrNotFound) {
		return operation.Transient(err)
	}
	return err
}

// leastInstall is what YunoHost's installer takes at the least: its own page says ten
// to twenty minutes.
const leastInstall = 10 * time.Minute

// installTries is how often the installer may fail: it fetches hundreds of
// packages over a line that may be bad.
const installTries = 3

// install runs YunoHost's installer, once, and waits for it.
func (s *Service) install(ctx context.Context, r *operation.Run) error {
	j, guest, err := s.inside(r)
	if err != nil {
		return err
	}
	script, err := templates.Script("install")
	if err != nil {
		return err
	}
	r.Progress(0, "YunoHost is being installed: ten to twenty minutes")
	done, err := guest.Once(ctx, "install", []string{"/bin/sh", "-c", script, "install", j.Blueprint.Installer}, nil,
		poll.Work{Kind: "install YunoHost", Least: leastInstall})
	if err != nil {
		return later(err)
	}
	if done.ExitCode == 0 {
		return nil
	}
	var tries int
	if _, err := r.Get("install.tries", &tries); err != nil {
		return err
	}
	if err := r.Set("install.tries", tries+1); err != nil {
		return err
	}
	failed := fmt.Errorf("server %s: YunoHost's installer ended with status %d: %s", j.Server, done.ExitCode, tail(done))
	if tries+1 >= installTries {
		return operation.Permanent(failed, "read /var/log/yunohost-installation_*.log in the VM, mend the cause, and provision again")
	}
	return operation.Transient(failed)
}

// tail is the last line that a command said.
func tail(done fleet.Exec) string {
	for _, out := range [][]byte{done.Err, done.Out} {
		if text := strings.TrimSpace(string(out)); text != "" {
			return text[strings.LastIndex(text, "\n")+1:]
		}
	}
	return "it said nothing"
}

// passwordLength is what YunoHost takes as strong for an admin, and more.
const passwordLength = 24

// postInstall sets YunoHost up. The password is in our store, sealed, before the
// server hears it.
func (s *Service) postInstall(ctx context.Context, r *operation.Run) error {
	j, guest, err := s.inside(r)
	if err != nil {
		return err
	}
	password, err := s.password(j, r)
	if err != nil {
		return err
	}
	return later(guest.PostInstall(ctx, j.Blueprint.Domain, j.Blueprint.Admin.Username, j.Blueprint.Admin.FullName, password))
}

// password is the admin's, generated when there is none yet.
func (s *Service) password(j *job, r *operation.Run) (secret.Value, error) {
	server, err := s.fleet.Server(j.Server)
	if err != nil {
		return secret.Value{}, err
	}
	if len(server.AdminSecret) > 0 {
		return s.keeper.Open(server.AdminSecret)
	}
	password := secret.Generate(passwordLength)
	sealed, err := s.keeper.Seal(password)
	if err != nil {
		return secret.Value{}, err
	}
	return password, s.edit(r, j.Server, func(server *fleet.Server) { server.AdminSecret = sealed })
}

// setRelay sends the server's mail through the cooperative's relay.
func (s *Service) setRelay(ctx context.Context, r *operation.Run) error {
	j, guest, err := s.inside(r)
	if err != nil || !j.Blueprint.Relay {
		return err
	}
	relay, password, ok := s.relay()
	if !ok {
		return s.warn(r, "the blueprint wants a mail relay, and the controller's configuration has none any more: mail goes out directly")
	}
	return later(guest.SetRelay(ctx, relay, password))
}

// domain sets the main domain, the certificate, and keeps the DNS records that
// somebody has to publish.
func (s *Service) domain(ctx context.Context, r *operation.Run) error {
	j, guest, err := s.inside(r)
	if err != nil {
		return err
	}
	name := j.Blueprint.Domain
	now, err := guest.Domain(ctx, name)
	if err != nil {
		return later(err)
	}
	changed := false
	if !now.Main {
		if err := guest.SetMainDomain(ctx, name); err != nil {
			return later(err)
		}
		changed = true
	}
	if j.Blueprint.Reachable.Port80 && now.Certificate.Authority != "letsencrypt" {
		changed = true
		if err := later(guest.InstallCertificate(ctx, name)); err != nil {
			if operation.IsTransient(err) || ctx.Err() != nil {
				return err
			}
			if err := s.warn(r, "no certificate of Let's Encrypt: "+err.Error()); err != nil {
				return err
			}
		}
	}
	if changed {
		if now, err = guest.Domain(ctx, name); err != nil {
			return later(err)
		}
	}
	return s.tell(r, func(result *Result) { result.Certificate, result.DNS = now.Certificate, now.DNS })
}

// apps installs the blueprint's apps, one after the other. One that cannot be
// installed is told at the end: the server is of use without it.
func (s *Service) apps(ctx context.Context, r *operation.Run) error {
	j, guest, err := s.inside(r)
	if err != nil {
		return err
	}
	if guest, err = s.overHTTPS(ctx, r, j, guest); err != nil {
		return err
	}
	for i, app := range j.Blueprint.Apps {
		r.Progress(float64(i)/float64(len(j.Blueprint.Apps)), "installing "+app.ID)
		err := later(guest.InstallApp(ctx, app.ID, appLabel(app), appArgs(j.Blueprint, app)))
		switch {
		case err == nil:
			err = s.tell(r, func(result *Result) { result.Apps = addOnce(result.Apps, app.ID) })
		case operation.IsTransient(err), ctx.Err() != nil:
			return err
		default:
			err = s.warn(r, fmt.Sprintf("app %s is not installed: %v", app.ID, err))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func addOnce(list []string, item string) []string {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// overHTTPS changes to the server's own API where the blueprint says that it can
// be reached. One that is not reached after all is told, and served through the
// agent.
func (s *Service) overHTTPS(ctx context.Context, r *operation.Run, j *job, guest Guest) (Guest, error) {
	if !j.Blueprint.Reachable.HTTPS {
		return guest, nil
	}
	server, err := s.fleet.Server(j.Server)
	if err != nil {
		return nil, err
	}
	reached, err := s.reach(ctx, r, j.hv, server, j.Blueprint.Admin.Username)
	switch {
	case err == nil && reached != nil:
		return reached, nil
	case err == nil, ctx.Err() != nil:
		return guest, ctx.Err()
	default:
		return guest, s.warn(r, "the server is not reached over HTTPS, as the blueprint says it is; all went through the guest agent: "+err.Error())
	}
}

// reach logs in to a server's own API, whose certificate is read through the agent
// first, and pinned. It is nil where HTTPS is not to be used at all.
func (s *Service) reach(ctx context.Context, r *operation.Run, hv Hypervisor, server fleet.Server, admin string) (Guest, error) {
	if s.https == nil || len(server.AdminSecret) == 0 {
		return nil, nil
	}
	guest := s.enter(hv, server.VMID, r.ID())
	fingerprint, err := certificate(ctx, guest, server.Domain)
	if err != nil {
		return nil, err
	}
	password, err := s.keeper.Open(server.AdminSecret)
	if err != nil {
		return nil, err
	}
	reached := s.https(guest, Access{Domain: server.Domain, Fingerprint: fingerprint, User: admin, Password: password})
	_, _, err = reached.Domains(ctx)
	return reached, err
}

// certificate is the fingerprint of a domain's certificate, read on the server.
func certificate(ctx context.Context, guest Guest, domain string) (string, error) {
	file := "/etc/yunohost/certs/" + domain + "/crt.pem"
	done, err := guest.Exec(ctx, []string{"cat", file}, nil)
	if err != nil {
		return "", later(err)
	}
	block, _ := pem.Decode(done.Out)
	if done.ExitCode != 0 || block == nil {
		return "", fmt.Errorf("%s holds no certificate", file)
	}
	return pin.Fingerprint(block.Bytes), nil
}

// diagnosis runs YunoHost's own and keeps what it has to say.
func (s *Service) diagnosis(ctx context.Context, r *operation.Run) error {
	_, guest, err := s.inside(r)
	if err != nil {
		return err
	}
	findings, err := guest.Diagnose(ctx)
	if err != nil {
		if err = later(err); operation.IsTransient(err) || ctx.Err() != nil {
			return err
		}
		return s.warn(r, "the diagnosis did not run: "+err.Error())
	}
	return s.tell(r, func(result *Result) {
		result.Findings = nil
		for _, finding := range findings {
			if !finding.Ignored && (finding.Status == "ERROR" || finding.Status == "WARNING") {
				result.Findings = append(result.Findings, finding)
			}
		}
	})
}

// Result is what a provisioning has to tell at its end.
type Result struct {
	Admin       string            `json:"admin"` // user name of YunoHost's first admin
	Certificate fleet.Certificate `json:"certificate"`
	DNS         string            `json:"dns"` // zone text to publish
	Users       int               `json:"users"`
	Apps        []string          `json:"apps,omitempty"`
	Findings    []fleet.Finding   `json:"findings,omitempty"`
	Warnings    []string          `json:"warnings,omitempty"`
	Local       string            `json:"local_backup,omitempty"`  // volid of the first one
	Remote      string            `json:"remote_backup,omitempty"` // volid of the first one
}

// Results are kept by the name of the server.
var Results = store.NewCollection[Result]("server-result", 1)

// tell adds to the result.
func (s *Service) tell(r *operation.Run, change func(*Result)) error {
	var in Input
	if err := r.Input(&in); err != nil {
		return err
	}
	return r.Update(func(tx store.Tx) error {
		result, err := Results.Get(tx, in.Server)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		change(&result)
		return Results.Put(tx, in.Server, result)
	})
}

func (s *Service) warn(r *operation.Run, text string) error {
	r.LogLine("warning: " + text)
	return s.tell(r, func(result *Result) { result.Warnings = addOnce(result.Warnings, text) })
}
