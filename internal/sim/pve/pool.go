package pve

import "strconv"

// pool groups guests and storages; rights on it are rights on them.
type pool struct {
	Comment  string   `json:"comment,omitempty"`
	VMs      []int    `json:"vms,omitempty"` // sorted
	Storages []string `json:"storages,omitempty"`
}

// poolMembers are the members of each pool, by its name.
func (b *Box) poolMembers() map[string]poolMembers {
	out := make(map[string]poolMembers, len(b.machine.Pools))
	for name, p := range b.machine.Pools {
		m := poolMembers{Storages: p.Storages}
		for _, vmid := range p.VMs {
			m.VMs = append(m.VMs, strconv.Itoa(vmid))
		}
		out[name] = m
	}
	return out
}
