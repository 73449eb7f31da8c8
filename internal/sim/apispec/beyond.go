package apispec

import "regexp"

// Beyond is what real answers hold otherwise than their description says: a method,
// the part of the answer, and how it is known. CheckReturn lets it pass.
type Beyond struct {
	Spec string // "pve-9.2", or "pve" for both versions
	Sig  string
	Path string // of the part, an expression for the whole of it
	Why  string
}

// Known lists what is known beyond the descriptions.
var Known = []Beyond{
	{"pve", "GET /nodes/{node}/disks/list", `\[\d+\]\.osdid-list`, "pve-storage, Diskmanage.pm: undef where there is no Ceph"},
	{"pve", "GET /nodes/{node}/disks/list", `\[\d+\]\.mounted`, "pve-storage, Diskmanage.pm: only where the device itself is mounted"},
	{"pve", "GET /nodes/{node}/network", `\[\d+\]\.netmask`, "pve-manager gives the length of the prefix, as go-proxmox's recordings show"},
	{"pve", "GET /nodes/{node}/network/{iface}", `netmask`, "as above"},
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

// known tells whether a part of an answer is listed as beyond its description.
func (s *Spec) known(m *Method, path string) bool {
	for _, b := range Known {
		if (b.Spec == s.Name || b.Spec == "pve" && s.Name != PBS) && b.Sig == m.Sig() && regexp.MustCompile(`^(?:`+b.Path+`)$`).MatchString(path) {
			return true
		}
	}
	return false
}
