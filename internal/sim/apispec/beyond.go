package apispec

import (
	"regexp"
	"sync"
)

// beyond is what real answers hold otherwise than their description says: a method,
// the part of the answer, and how it is known. CheckReturn lets it pass.
type beyond struct {
	Spec string // "pve-9.2", or "pve" for both versions
	Sig  string
	Path string // of the part, an expression for the whole of it
	Why  string
}

// known lists what is known beyond the descriptions.
var known = []beyond{
	// recorded in pve-9.2.4
	{"pve", "POST /access/ticket", `cap`, "recorded"},
	{"pve", "GET /nodes/{node}/tasks/{upid}/status", `tokenid`, "recorded"},
	{"pve", "GET /cluster/resources", `\[\d+\]\.(shared|sdn)`, "recorded; 8.x names a zone by sdn"},

	// from the sources, and from the answers that go-proxmox carries for its own tests
	{"pve", "GET /nodes", `\[\d+\]\.(disk|id|maxdisk|type)`, "pve-manager, API2/Nodes.pm: an entry of the cluster's resources"},
	{"pve", "GET /nodes/{node}/status", `idle|ksm|kversion|swap|uptime|wait|memory\.available|cpuinfo\.(flags|hvm|mhz|user_hz)`, "pve-manager, API2/Nodes.pm"},
	{"pve", "GET /nodes/{node}/tasks", `\[\d+\]\.tokenid`, "as in a task's status"},
	{"pve", "GET /cluster/tasks", `\[\d+\]\.(endtime|id|node|pid|pstart|saved|starttime|status|tokenid|type|user)`, "pve-manager: an entry of the task list"},
	{"pve", "GET /cluster/backup", `\[\d+\]\.(compress|enabled|fleecing|mode|next-run|notes-template|pool|prune-backups|repeat-missed|schedule|storage|type|vmid|all|mailto|exclude|node|bwlimit|comment)`, "pve-manager, API2/Backup.pm: an entry of jobs.cfg"},
	{"pve", "GET /cluster/backup/{id}", `type`, "as in the list"},
	{"pve", "GET /cluster/backup/{id}/included_volumes", `children\[\d+\]\.children\[\d+\]\.leaf`, "pve-manager, API2/Backup.pm"},
	{"pve", "GET /storage", `\[\d+\]\.(content|datastore|digest|disable|encryption-key|fingerprint|is_mountpoint|namespace|nodes|path|port|prune-backups|server|shared|thinpool|type|username|vgname)`, "pve-storage: an entry of storage.cfg"},
	{"pve", "GET /nodes/{node}/storage", `\[\d+\]\.(format|formats)`, "pve-storage, API2/Storage/Status.pm, with format=1"},
	{"pve", "GET /nodes/{node}/storage/{storage}/content", `\[\d+\]\.(content|subtype)`, "pve-storage, Plugin.pm"},
	{"pve", "GET /nodes/{node}/disks/list", `\[\d+\]\.(by_id_link|rpm|type|wearout)`, "pve-storage, Diskmanage.pm"},
	{"pve", "GET /nodes/{node}/network", `\[\d+\]\.(bridge_fd|bridge_stp)`, "pve-common, INotify.pm: a stanza of /etc/network/interfaces"},
	{"pve", "GET /nodes/{node}/network/{iface}", `active|address|autostart|bridge_fd|bridge_ports|bridge_stp|cidr|families|gateway|iface|method6|priority`, "as in the list"},
	{"pve", "GET /nodes/{node}/qemu", `\[\d+\]\.(balloon|disk|freemem)`, "qemu-server, vmstatus"},
	{"pve", "GET /nodes/{node}/qemu/{vmid}/status/current", `balloon|disk|freemem`, "qemu-server, vmstatus"},
	{"pve", "GET /nodes/{node}/qemu/{vmid}/config", `meta|parent`, "qemu-server: keys of the configuration that no one sets by the API"},
	{"pve", "GET /nodes/{node}/qemu/{vmid}/snapshot", `\[\d+\]\.(digest|running)`, "qemu-server, API2/Qemu.pm: of the entry \"current\""},
	{"pve", "GET /nodes/{node}/qemu/{vmid}/agent/file-read", `bytes-read`, "qemu-server, API2/Qemu/Agent.pm"},
	{"pve", "GET /pools", `\[\d+\]\.members\[\d+\]\.\w+`, "pve-manager, API2/Pool.pm: what the cluster's resources say of a guest"},
	{"pve", "GET /pools/{poolid}", `members\[\d+\]\.\w+`, "as in the list"},

	{"pve", "GET /nodes/{node}/disks/list", `\[\d+\]\.osdid-list`, "pve-storage, Diskmanage.pm: undef where there is no Ceph"},
	{"pve", "GET /nodes/{node}/disks/list", `\[\d+\]\.mounted`, "pve-storage, Diskmanage.pm: only where the device itself is mounted"},
	{"pve", "GET /nodes/{node}/network", `\[\d+\]\.netmask`, "pve-manager gives the length of the prefix, as go-proxmox's recordings show"},
	{"pve", "GET /nodes/{node}/network/{iface}", `netmask`, "as above"},
	// Proxmox Backup Server
	{"pbs", "GET /admin/datastore/{store}/snapshots", `\[\d+\]\.files\[\d+\]`, "proxmox-backup lists objects with filename, size and crypt-mode"},
	{"pbs", "GET /admin/datastore/{store}/notes", `_root`, "proxmox-backup answers the text"},
	{"pbs", "GET /admin/datastore/{store}/group-notes", `_root`, "proxmox-backup answers the text"},
	{"pbs", "GET /admin/datastore/{store}/protected", `_root`, "proxmox-backup answers the boolean"},
	{"pbs", "POST /admin/datastore/{store}/prune", `\[\d+\]\.(ns|protected)`, "proxmox-backup, struct PruneResult"},
	{"pbs", "POST /admin/datastore/{store}/prune", `_root`, "with use-task the answer is a UPID"},
	{"pbs", "GET /nodes/{node}/tasks/{upid}/log", `_root`, "proxmox-backup answers the lines"},
	{"pbs", "POST /admin/prune/{id}/run", `_root`, "proxmox-backup answers the UPID"},
	{"pbs", "POST /admin/verify/{id}/run", `_root`, "proxmox-backup answers the UPID"},
	{"pbs", "GET /nodes", `_root`, "an index like all others"},
	{"pbs", "GET /nodes/{node}/tasks/{upid}", `_root`, "an index like all others"},
	{"pbs", "GET /access", `_root`, "an index like all others"},
	{"pbs", "GET /admin/datastore/{store}", `_root`, "an index like all others"},
}

// The expressions of known, in its order.
var knownPaths = sync.OnceValue(func() []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(known))
	for i, b := range known {
		out[i] = regexp.MustCompile(`^(?:` + b.Path + `)$`)
	}
	return out
})

// known tells whether a part of an answer is listed as beyond its description.
func (s *Spec) known(m *Method, path string) bool {
	for i, b := range known {
		if (b.Spec == s.Name || b.Spec == "pve" && s.Name != PBS) && b.Sig == m.Sig() && knownPaths()[i].MatchString(path) {
			return true
		}
	}
	return false
}
