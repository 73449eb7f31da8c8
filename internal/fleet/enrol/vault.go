package enrol

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

// The box's login on the vault: it may back up into its own namespace and nothing
// else. It can neither prune nor read what others stored.
func (e *enrolment) vaultUser() string  { return "accolade-" + e.in.Name + "@pbs" }
func (e *enrolment) vaultToken() string { return e.vaultUser() + "!box" }

func (e *enrolment) namespace(ctx context.Context) ([]action, error) {
	there, err := e.vault.HasNamespace(ctx, e.in.Namespace)
	if err != nil || there {
		return nil, err
	}
	return []action{{fmt.Sprintf("make the namespace %s on vault %s", e.in.Namespace, e.to.Name), func(ctx context.Context) error {
		if err := e.made("namespace"); err != nil {
			return err
		}
		return e.vault.CreateNamespace(ctx, e.in.Namespace)
	}}}, nil
}

// dropNamespace leaves one in which there are backups: those are never ours to remove.
func (e *enrolment) dropNamespace(ctx context.Context) error {
	made, err := e.undoing("namespace")
	if err != nil || !made {
		return err
	}
	if there, err := e.vault.HasNamespace(ctx, e.in.Namespace); err != nil || !there {
		return err
	}
	if empty, err := e.vault.Empty(ctx, e.in.Namespace); err != nil || !empty {
		return err
	}
	return e.vault.DeleteNamespace(ctx, e.in.Namespace)
}

// vaultLogin makes user, token and rights. A token whose secret was never stored
// (we died in between, perhaps with the secret of an earlier one in the store) is
// worth nothing: it is made anew.
func (e *enrolment) vaultLogin(ctx context.Context) ([]action, error) {
	var needed []action
	user, err := e.vault.HasUser(ctx, e.vaultUser())
	if err != nil {
		return nil, err
	}
	if !user {
		needed = append(needed, action{"make the user " + e.vaultUser() + " on vault " + e.to.Name, func(ctx context.Context) error {
			if err := e.made("vault user"); err != nil {
				return err
			}
			return e.vault.CreateUser(ctx, e.vaultUser(), "box "+e.in.Name+", made by Accolade")
		}})
	}
	token := false
	if user {
		if token, err = e.vault.HasToken(ctx, e.vaultToken()); err != nil {
			return nil, err
		}
	}
	fresh := !token || len(e.box.VaultSecret) == 0 || e.box.VaultToken != e.vaultToken()
	if !fresh {
		accepted, err := e.vaultAccepts(ctx)
		if err != nil {
			return nil, err
		}
		fresh = !accepted
	}
	if fresh {
		needed = append(needed, action{"make the token " + e.vaultToken() + " on vault " + e.to.Name, func(ctx context.Context) error { return e.newVaultToken(ctx) }})
	}
	for _, who := range []string{e.vaultUser(), e.vaultToken()} {
		may := false
		if user {
			if may, err = e.vault.MayBackUp(ctx, who, e.in.Namespace); err != nil {
				return nil, err
			}
		}
		if !may || who == e.vaultToken() && fresh { // its rights go with a token
			needed = append(needed, action{fmt.Sprintf("let %s back up into the namespace %s", who, e.in.Namespace), func(ctx context.Context) error {
				return e.vault.AllowBackup(ctx, who, e.in.Namespace)
			}})
		}
	}
	return needed, nil
}

// vaultAccepts tells whether the vault still knows the secret that we have of the
// box's token.
func (e *enrolment) vaultAccepts(ctx context.Context) (bool, error) {
	value, err := e.open("its secret for the vault", e.box.VaultSecret)
	if ofAnotherKey(err) { // as good as lost
		return false, nil
	}
	if err != nil {
		return false, err
	}
	as := e.to
	as.TokenID = e.vaultToken()
	there := e.svc.DialVault(as, value)
	defer there.Close()
	_, err = there.Version(ctx)
	if errors.Is(err, fleet.ErrUnauthorized) {
		return false, nil
	}
	return err == nil, err
}

func (e *enrolment) newVaultToken(ctx context.Context) error {
	there, err := e.vault.HasToken(ctx, e.vaultToken())
	if err != nil {
		return err
	}
	if there { // its secret is lost
		if err := e.vault.DeleteToken(ctx, e.vaultToken()); err != nil {
			return err
		}
	}
	value, err := e.vault.CreateToken(ctx, e.vaultToken(), "box "+e.in.Name)
	if err != nil {
		return err
	}
	sealed, err := e.svc.Keeper.Seal(value)
	if err != nil {
		return err
	}
	return e.save(func(b *fleet.Box) { b.VaultToken, b.VaultSecret, b.VaultPassed = e.vaultToken(), sealed, false })
}

// dropVaultLogin removes the user, and with it its token and rights.
func (e *enrolment) dropVaultLogin(ctx context.Context) error {
	made, err := e.undoing("vault user")
	if err != nil || !made {
		return err
	}
	if there, err := e.vault.HasUser(ctx, e.vaultUser()); err != nil || !there {
		return err
	}
	return e.vault.DeleteUser(ctx, e.vaultUser())
}

// key makes the client-side encryption key and stores it before anybody uses it:
// a key that only the box knows dies with the box.
func (e *enrolment) key(context.Context) ([]action, error) {
	if len(e.box.VaultKey) > 0 {
		return nil, nil
	}
	return []action{{"make an encryption key for what goes to the vault; it stays with us", func(context.Context) error {
		text, print, err := fleet.NewVaultKey(e.svc.Clock.Now())
		if err != nil {
			return err
		}
		sealed, err := e.svc.Keeper.Seal(text)
		if err != nil {
			return err
		}
		return e.save(func(b *fleet.Box) { b.VaultKey, b.KeyPrint, b.VaultPassed = sealed, print, false })
	}}}, nil
}

func (e *enrolment) vaultConfig() fleet.StorageConfig {
	host, port := hostPort(e.to.URL)
	if port == 8007 {
		port = 0
	}
	return fleet.StorageConfig{Name: fleet.VaultStorage, Type: "pbs", Content: []string{"backup"}, Nodes: []string{e.box.Node}, Server: host, Port: port,
		Datastore: e.to.Datastore, Namespace: e.in.Namespace, Username: e.vaultToken(), Fingerprint: e.to.Fingerprint, KeyPrint: e.box.KeyPrint}
}

// vaultStorage adds the vault to the box. The box logs in there at once.
func (e *enrolment) vaultStorage(ctx context.Context) ([]action, error) {
	want := e.vaultConfig()
	have, found, err := e.storage(ctx, want.Name)
	if err != nil {
		return nil, err
	}
	if !found {
		return []action{{fmt.Sprintf("add the storage %s: vault %s (%s, datastore %s, namespace %s), encrypted", want.Name, e.to.Name, e.to.URL, want.Datastore, want.Namespace),
			func(ctx context.Context) error {
				if err := e.made("storage " + want.Name); err != nil {
					return err
				}
				return e.pass(ctx, e.host.AddVault, false)
			}}}, nil
	}
	if have.Type != "pbs" || have.Server != want.Server || have.Datastore != want.Datastore {
		return nil, e.refuse(fmt.Sprintf("has a storage %s already that is not ours: %s %s %s", want.Name, have.Type, have.Server, have.Datastore), "rename or remove it on the box, then try again")
	}
	diff := vaultDiff(want, have)
	if !e.box.VaultPassed {
		diff = append(diff, "its secret is new")
	}
	if len(diff) == 0 {
		return nil, nil
	}
	return []action{{fmt.Sprintf("mend the storage %s: %s", want.Name, strings.Join(diff, ", ")), func(ctx context.Context) error {
		return e.pass(ctx, e.host.UpdateVault, have.KeyPrint == want.KeyPrint)
	}}}, nil
}

type passing = func(context.Context, fleet.StorageConfig, secret.Value, secret.Value) error

// pass hands the vault's secret and the key to the box. A box that has the key keeps it if
// ours cannot be opened.
func (e *enrolment) pass(ctx context.Context, hand passing, has bool) error {
	want := e.vaultConfig() // the key's fingerprint may be newer than the plan
	password, err := e.open("its secret for the vault", e.box.VaultSecret)
	if err != nil {
		return err
	}
	key, err := e.open("its encryption key", e.box.VaultKey)
	if err != nil && !(has && ofAnotherKey(err)) {
		return err
	}
	if err := hand(ctx, want, password, key); err != nil {
		return err
	}
	return e.save(func(b *fleet.Box) { b.VaultPassed = true })
}

func vaultDiff(want, have fleet.StorageConfig) []string {
	var out []string
	for _, d := range []struct{ name, have, want string }{
		{"namespace", have.Namespace, want.Namespace},
		{"username", have.Username, want.Username},
		{"fingerprint", have.Fingerprint, want.Fingerprint},
		{"port", fmt.Sprint(standard(have.Port)), fmt.Sprint(standard(want.Port))},
		{"encryption key", have.KeyPrint, want.KeyPrint},
	} {
		if d.have != d.want {
			out = append(out, fmt.Sprintf("%s is %q, not %q", d.name, d.have, d.want))
		}
	}
	if !slices.Equal(want.Content, have.Content) {
		out = append(out, "content is "+strings.Join(have.Content, ",")+", not "+strings.Join(want.Content, ","))
	}
	return append(out, placeDiff(want, have)...)
}

func standard(port int) int {
	if port == 0 {
		return 8007
	}
	return port
}

func (e *enrolment) dropVaultStorage(ctx context.Context) error {
	return e.dropStorage(ctx, fleet.VaultStorage)
}
