package fleet

import (
	"time"

	"codeberg.org/accolade/accolade/internal/secret"
)

// ServerState is where a server stands in its life.
type ServerState string

const (
	ServerProvisioning ServerState = "provisioning" // an operation is building it; its VMID is reserved
	ServerReady        ServerState = "ready"        // in service
	ServerFailed       ServerState = "failed"       // the operation that built it gave up
	ServerGone         ServerState = "gone"         // destroyed on purpose; its record stays
)

// Server is a VM of ours on a box: the YunoHost server of one client.
type Server struct {
	Name       string      `json:"name"`
	Client     string      `json:"client"`
	Box        string      `json:"box"`
	VMID       int         `json:"vmid"`
	Domain     string      `json:"domain"`
	State      ServerState `json:"state"`
	Blueprint  string      `json:"blueprint"`  // its name or file
	Protection bool        `json:"protection"` // Proxmox refuses to destroy it
	Operation  string      `json:"operation"`  // the operation that built it; stands in the VM's description too
	Memory     int64       `json:"memory"`     // bytes, as planned
	Disk       int64       `json:"disk"`       // bytes, as planned
	Cores      int         `json:"cores"`
	Address    string      `json:"address,omitempty"` // as the guest agent told it
	Reachable  bool        `json:"reachable"`         // the controller may speak HTTPS to it

	AdminSecret secret.Sealed `json:"admin_secret,omitempty"` // password of YunoHost's first admin
	Created     time.Time     `json:"created"`
	Ready       time.Time     `json:"ready"`
}
