package enrol

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Finding is something that does not belong where it is, or is missing.
type Finding struct {
	Of   string // box/kerlann, vault/central, server/kerlann
	What string
	Fix  string // the command that mends it
}

// Doctor compares boxes, vaults and store, asking each machine now. It changes
// nothing. What could not be asked is told as such, never as missing.
func (s *Service) Doctor(ctx context.Context) ([]Finding, error) {
	var known struct {
		boxes   []fleet.Box
		vaults  []fleet.Vault
		servers []fleet.Server
		wrecks  []fleet.Wreck

		restored map[string]map[int]string // by the box's name
	}
	err := s.DB.View(func(tx store.Tx) (err error) {
		if known.boxes, err = fleet.Boxes.List(tx); err != nil {
			return err
		}
		if known.vaults, err = fleet.Vaults.List(tx); err != nil {
			return err
		}
		if known.wrecks, err = fleet.Wrecks.List(tx); err != nil {
			return err
		}
		if known.servers, err = fleet.Servers.List(tx); err != nil || s.Restored == nil {
			return err
		}
		known.restored = map[string]map[int]string{}
		for _, b := range known.boxes {
			if known.restored[b.Name], err = s.Restored(tx, b.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	open, err := s.Engine.List(operation.Filter{Open: true})
	if err != nil {
		return nil, err
	}
	busy := map[string]bool{}
	for _, op := range open {
		for _, lease := range op.Leases {
			busy[lease] = true
		}
	}
	known.wrecks = slices.DeleteFunc(known.wrecks, func(w fleet.Wreck) bool { // whose number one of ours has since
		_, restored := known.restored[w.Box][w.VMID]
		return restored || slices.ContainsFunc(known.servers, func(one fleet.Server) bool { return one.Box == w.Box && one.VMID == w.VMID })
	})
	var looks []look
	for _, b := range known.boxes {
		if b.State == fleet.BoxRetired || busy["box/"+b.Name] {
			continue // somebody is at work there: half-done is no finding
		}
		looks = append(looks, func(ctx context.Context) ([]Finding, error) {
			return s.examineBox(ctx, b, known.servers, known.restored[b.Name], known.wrecks)
		})
	}
	for _, v := range known.vaults {
		looks = append(looks, func(ctx context.Context) ([]Finding, error) { return s.examineVault(ctx, v, known.boxes) })
	}
	return s.lookAtAll(ctx, looks)
}

// look examines one machine.
type look func(ctx context.Context) ([]Finding, error)

// atOnce is how many machines are asked at the same time: one that is away keeps us
// waiting for half a minute.
const atOnce = 8

// lookAtAll keeps the order of the looks.
func (s *Service) lookAtAll(ctx context.Context, looks []look) ([]Finding, error) {
	found, errs := make([][]Finding, len(looks)), make([]error, len(looks))
	clock.Each(ctx, s.Clock, len(looks), atOnce, func(ctx context.Context, i int) { found[i], errs[i] = looks[i](ctx) })
	return slices.Concat(found...), errors.Join(errs...)
}

func (s *Service) examineBox(ctx context.Context, b fleet.Box, servers []fleet.Server, restored map[int]string, wrecked []fleet.Wreck) ([]Finding, error) {
	of := "box/" + b.Name
	if b.State == fleet.BoxEnrolling {
		return []Finding{{of, "is not enrolled to its end, and no operation is at it", "accolade box enrol " + b.Name}}, nil
	}
	o := s.Observe(ctx, b)
	if o.Error != "" {
		return []Finding{{of, "could not be asked: " + o.Error, "look whether it has power and a line"}}, nil
	}
	var all []Finding
	for _, d := range o.Drift {
		what := fmt.Sprintf("%s is %q, not %q", d.What, d.Actual, d.Wanted)
		if d.Actual == "" {
			what = d.What + " is missing: " + d.Wanted
		}
		all = append(all, Finding{of, what, d.Fix})
	}
	for _, v := range o.VMs {
		if name, ours := restored[v.VMID]; ours && name == v.Name {
			continue // waits for the technician who wanted it
		}
		if slices.ContainsFunc(wrecked, func(w fleet.Wreck) bool { return w.Box == b.Name && w.VMID == v.VMID }) {
			continue // told below
		}
		if !slices.ContainsFunc(servers, func(one fleet.Server) bool {
			return one.Box == b.Name && one.VMID == v.VMID && one.State != fleet.ServerGone
		}) {
			all = append(all, Finding{of, fmt.Sprintf("VM %d (%s) in pool %s belongs to no server that we know", v.VMID, v.Name, b.Pool), fmt.Sprintf("look whose it is; on the box: qm destroy %d --purge, or take it out of the pool", v.VMID)})
		}
	}
	for _, one := range servers {
		if one.Box != b.Name || one.State != fleet.ServerReady {
			continue
		}
		i := slices.IndexFunc(o.VMs, func(v fleet.ObservedVM) bool { return v.VMID == one.VMID })
		switch {
		case i < 0:
			all = append(all, Finding{"server/" + one.Name, fmt.Sprintf("its VM %d is not on box %s", one.VMID, b.Name), "accolade backup restore " + one.Name + " --as-new"})
		case o.VMs[i].Status == "stopped":
			all = append(all, Finding{"server/" + one.Name, fmt.Sprintf("its VM %d is switched off", one.VMID), fmt.Sprintf("unless somebody meant it, on the box: qm start %d", one.VMID)})
		}
	}
	left, err := s.wrecks(ctx, b, wrecked)
	if err != nil {
		return append(all, Finding{of, "its VMIDs could not be read: " + err.Error(), "accolade box show " + b.Name + " --now"}), nil //nolint:nilerr // it is a finding
	}
	all = append(all, left...)
	held, err := s.locks(ctx, b, o.VMs, wrecked)
	if err != nil {
		return append(all, Finding{of, "its tasks could not be read: " + err.Error(), "accolade box show " + b.Name + " --now"}), nil //nolint:nilerr // it is a finding
	}
	all = append(all, held...)
	seeds, err := s.seeds(ctx, b)
	if err != nil {
		return append(all, Finding{of, "its storage " + b.Storages.Images + " could not be read: " + err.Error(), "accolade box show " + b.Name + " --now"}), nil //nolint:nilerr // it is a finding
	}
	for _, id := range seeds {
		all = append(all, Finding{of, "the seed " + id + " was left behind; it holds secrets", "on the box: pvesm free " + id})
	}
	return all, nil
}

// seeds lists the ISO images on our own storage: no operation is at work on the
// box, so that none belongs there.
func (s *Service) seeds(ctx context.Context, b fleet.Box) ([]string, error) {
	host, err := s.dialOurs(b)
	if err != nil {
		return nil, err
	}
	defer host.Close()
	volumes, err := host.Content(ctx, b.Storages.Images, "iso", 0)
	var ids []string
	for _, v := range volumes {
		ids = append(ids, v.ID)
	}
	return ids, err
}

// examineVault compares the logins and namespaces on a vault with the boxes.
func (s *Service) examineVault(ctx context.Context, v fleet.Vault, boxes []fleet.Box) ([]Finding, error) {
	of := "vault/" + v.Name
	key, err := s.Keeper.Open(v.TokenSecret)
	if err != nil {
		return nil, fmt.Errorf("vault %s: open its token: %w", v.Name, err)
	}
	there := s.DialVault(v, key)
	defer there.Close()
	namespaces, err := there.Namespaces(ctx)
	if err != nil {
		return []Finding{{of, "could not be asked: " + err.Error(), "look whether it runs, and whether the line there is up"}}, nil
	}
	users, err := there.Users(ctx)
	if err != nil {
		return []Finding{{of, "its users could not be read: " + err.Error(), "accolade vault edit " + v.Name + " --token-file FILE"}}, nil
	}
	var all []Finding
	ours := map[string]bool{}
	for _, b := range boxes {
		if b.Vault != v.Name {
			continue
		}
		e := enrolment{in: Input{Name: b.Name}}
		ours[e.vaultUser()] = true
		if b.State == fleet.BoxEnrolling || b.State == fleet.BoxRetired {
			continue
		}
		mend := "accolade box enrol " + b.Name + " --repair"
		if !slices.Contains(namespaces, b.Namespace) {
			all = append(all, Finding{of, "the namespace " + b.Namespace + " of box " + b.Name + " is missing", mend})
		}
		if !slices.Contains(users, e.vaultUser()) {
			all = append(all, Finding{of, "the login " + e.vaultUser() + " of box " + b.Name + " is missing", mend})
			continue
		}
		for _, who := range []string{e.vaultUser(), e.vaultToken()} {
			may, err := there.MayBackUp(ctx, who, b.Namespace)
			if err != nil {
				return nil, err
			}
			if !may {
				all = append(all, Finding{of, who + " may not back up into the namespace " + b.Namespace, mend})
			}
		}
	}
	for _, user := range users {
		if strings.HasPrefix(user, "accolade-") && strings.HasSuffix(user, "@pbs") && !ours[user] {
			all = append(all, Finding{of, "the login " + user + " belongs to no box that we know", "on the vault: proxmox-backup-manager user remove " + user})
		}
	}
	return all, nil
}
