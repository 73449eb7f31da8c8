package fleet

import (
	"slices"
	"strings"
)

// PathKind is a place in a box's access control tree where our token has rights.
// Every kind has a role of its own, so that a right for one storage is none for
// another.
type PathKind string

const (
	PathRoot   PathKind = "root"   // /
	PathNode   PathKind = "node"   // /nodes/{node}
	PathPool   PathKind = "pool"   // /pool/accolade, and with it every VM in the pool
	PathVM     PathKind = "vm"     // /storage/{the VMs' disks}
	PathBackup PathKind = "backup" // /storage/hdd
	PathImages PathKind = "images" // /storage/accolade
	PathVault  PathKind = "vault"  // /storage/vault
	PathBridge PathKind = "bridge" // /sdn/zones/localnetwork/{bridge}
)

// PathKinds lists them in the order in which people read them.
var PathKinds = []PathKind{PathRoot, PathNode, PathPool, PathVM, PathBackup, PathImages, PathVault, PathBridge}

// rights are exactly what the calls need that the controller makes with its own
// token. A test in internal/proxmox computes them from the table of those calls
// and compares; docs/privileges.md shows which call needs which.
var rights = map[PathKind][]string{
	PathRoot:   {"Sys.Audit"},
	PathNode:   {"Sys.AccessNetwork", "Sys.Audit"},
	PathPool:   {"VM.Allocate", "VM.Audit", "VM.Backup", "VM.Config.CDROM", "VM.Config.CPU", "VM.Config.Disk", "VM.Config.HWType", "VM.Config.Memory", "VM.Config.Network", "VM.Config.Options", "VM.PowerMgmt"},
	PathVM:     {"Datastore.AllocateSpace"},
	PathBackup: {"Datastore.AllocateSpace"},
	PathImages: {"Datastore.Allocate", "Datastore.AllocateTemplate", "Datastore.Audit"},
	PathVault:  {"Datastore.AllocateSpace"},
	PathBridge: {"SDN.Use"},
}

// agentRight is the right to run commands in a guest. Each release refuses the
// other's name, and 9.x ignores the old one where an upgraded box still carries it.
func agentRight(version string) string {
	if strings.HasPrefix(version, "8.") {
		return "VM.Monitor"
	}
	return "VM.GuestAgent.Unrestricted"
}

// Rights are the privileges of our token at one kind of path on a box of that
// version, sorted.
func Rights(kind PathKind, version string) []string {
	privs := slices.Clone(rights[kind])
	if kind == PathPool {
		privs = append(privs, agentRight(version))
	}
	slices.Sort(privs)
	return privs
}

// RoleFor is the role that carries them.
func RoleFor(kind PathKind, version string) Role {
	return Role{Name: "Accolade" + strings.ToUpper(string(kind[:1])) + string(kind[1:]), Privs: Rights(kind, version)}
}

// Path is where a kind of path lies on this box.
func (b Box) Path(kind PathKind) string {
	switch kind {
	case PathNode:
		return "/nodes/" + b.Node
	case PathPool:
		return "/pool/" + b.Pool
	case PathVM:
		return "/storage/" + b.Storages.VM
	case PathBackup:
		return "/storage/" + b.Storages.Backup
	case PathImages:
		return "/storage/" + b.Storages.Images
	case PathVault:
		return "/storage/" + b.Storages.Vault
	case PathBridge:
		return "/sdn/zones/localnetwork/" + b.Bridge
	default:
		return "/"
	}
}

// Our identity on every box.
const (
	BoxUser  = "accolade@pve"
	BoxToken = "accolade@pve!controller"
)

// Grants are all that user and token are given on this box: a token with
// privilege separation has only what both have. What is given on / and on the
// node does not pass down to what lies below.
func (b Box) Grants() []Grant {
	var out []Grant
	for _, kind := range PathKinds {
		for _, who := range []string{BoxUser, BoxToken} {
			out = append(out, Grant{Path: b.Path(kind), Role: RoleFor(kind, b.Version).Name, Who: who, Propagate: kind != PathRoot && kind != PathNode})
		}
	}
	return out
}
