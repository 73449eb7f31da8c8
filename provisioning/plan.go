package provisioning

import (
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
)

// observed is what a box said about itself before a server is made on it.
type observed struct {
	Node     fleet.Node
	Storages []fleet.ObservedStorage
	VMs      []fleet.VM
	Images   []fleet.Volume // on our own storage, content import
	Servers  []fleet.Server // ours on this box, those that are only planned too
}

// order is one server to be made.
type order struct {
	Server    string
	Client    string
	Box       fleet.Box
	Blueprint Blueprint
	Mark      string // of its operation; in a plan that is only shown, a placeholder
	SHA512    string // of the image; empty: read beside it
	Users     int
}

// PlannedCall is one call that making the server will send.
type PlannedCall struct {
	Step   string         `json:"step"`
	Method string         `json:"method"`
	Path   string         `json:"path"`
	Params map[string]any `json:"params,omitempty"`
	Note   string         `json:"note,omitempty"`
}

// Plan is what making a server would do.
type Plan struct {
	Server   string        `json:"server"`
	Box      string        `json:"box"`
	VMID     int           `json:"vmid"`
	Calls    []PlannedCall `json:"calls"`
	Warnings []string      `json:"warnings,omitempty"`
}

// newPlan checks that the box has room and lists the exact calls, with the VMID
// that is free now. It asks nobody.
func newPlan(o order, seen observed) (Plan, error) {
	warnings, err := room(o, seen)
	if err != nil {
		return Plan{}, err
	}
	taken := map[int]bool{}
	for _, vm := range seen.VMs {
		taken[vm.VMID] = true
	}
	for _, server := range seen.Servers {
		taken[server.VMID] = true
	}
	vmid := machine.FirstVMID
	for taken[vmid] {
		vmid++
	}
	return Plan{Server: o.Server, Box: o.Box.Name, VMID: vmid, Calls: calls(o, seen, vmid), Warnings: warnings}, nil
}

// spareMemory stays free for the box itself.
const spareMemory = int64(GiB)

// imageRoom is what a cloud image may take on our own storage.
const imageRoom = int64(2 * GiB)

// room refuses what the box cannot carry, with the figures.
func room(o order, seen observed) (warnings []string, err error) {
	size := o.Blueprint.Size
	refuse := func(format string, args ...any) error {
		return &operation.Refused{Why: fmt.Sprintf("box %s: ", o.Box.Name) + fmt.Sprintf(format, args...), Fix: "choose a smaller blueprint or another box"}
	}
	if size.Cores > seen.Node.Cores {
		return nil, refuse("the blueprint wants %d cores, the box has %d", size.Cores, seen.Node.Cores)
	}
	promised := int64(0) // to servers that do not use it yet
	for _, server := range seen.Servers {
		if runs := slices.ContainsFunc(seen.VMs, func(vm fleet.VM) bool { return vm.VMID == server.VMID && vm.Running }); !runs {
			promised += server.Memory
		}
	}
	if free := seen.Node.MemoryFree - promised - spareMemory; int64(size.Memory) > free {
		return nil, refuse("the blueprint wants %s of memory, %s are free (%s beside what is promised to other servers and kept for the box)",
			size.Memory, gib(seen.Node.MemoryFree), gib(max(free, 0)))
	}
	disks, err := activeStorage(seen.Storages, o.Box, o.Box.Storages.VM)
	if err != nil {
		return nil, err
	}
	if int64(size.Disk) > disks.Free {
		return nil, refuse("the blueprint wants a disk of %s, storage %s has %s free", size.Disk, disks.Name, gib(disks.Free))
	}
	images, err := activeStorage(seen.Storages, o.Box, o.Box.Storages.Images)
	if err != nil {
		return nil, err
	}
	if !hasImage(o, seen) && images.Free < imageRoom {
		return nil, refuse("the image needs up to %s, storage %s has %s free", gib(imageRoom), images.Name, gib(images.Free))
	}
	if _, err := activeStorage(seen.Storages, o.Box, o.Box.Storages.Backup); err != nil {
		return nil, err
	}
	if o.Box.Storages.Vault != "" {
		if _, err := activeStorage(seen.Storages, o.Box, o.Box.Storages.Vault); err != nil {
			warnings = append(warnings, err.Error()+": the first remote backup will wait for it")
		}
	}
	return warnings, nil
}

func activeStorage(all []fleet.ObservedStorage, box fleet.Box, name string) (fleet.ObservedStorage, error) {
	i := slices.IndexFunc(all, func(s fleet.ObservedStorage) bool { return s.Name == name })
	if i < 0 {
		return fleet.ObservedStorage{}, &operation.Refused{Why: fmt.Sprintf("box %s has no storage %q", box.Name, name), Fix: "accolade box enrol " + box.Name + " --repair"}
	}
	if !all[i].Active {
		return all[i], &operation.Refused{Why: fmt.Sprintf("box %s: storage %s is not active", box.Name, name), Fix: "look at the storage on the box"}
	}
	return all[i], nil
}

func gib(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/float64(GiB)) }

func hasImage(o order, seen observed) bool {
	return slices.ContainsFunc(seen.Images, func(v fleet.Volume) bool { return v.ID == imageVolume(o) })
}

func imageVolume(o order) string {
	return o.Box.Storages.Images + ":import/" + o.Blueprint.Image.File()
}

func seedFile(o order) string { return "accolade-" + o.Mark + ".iso" }

func seedVolume(o order) string { return o.Box.Storages.Images + ":iso/" + seedFile(o) }
