package sandbox

// Info is what `accolade sandbox -o json` prints: all that a client needs.
type Info struct {
	PVE     []BoxInfo   `json:"pve"`
	PBS     VaultInfo   `json:"pbs"`
	SMTP    RelayInfo   `json:"smtp"`
	Control ControlInfo `json:"control"`
}

// BoxInfo is one box. Token belongs to root@pam with privsep=0 and has the form that
// an Authorization header takes after "PVEAPIToken=".
type BoxInfo struct {
	Name         string `json:"name"` // the node's name
	URL          string `json:"url"`  // https://HOST:PORT
	Fingerprint  string `json:"fingerprint"`
	RootPassword string `json:"root_password"`
	Token        string `json:"token"`
}

// VaultInfo is the vault. Token has the form that an Authorization header takes
// after "PBSAPIToken=".
type VaultInfo struct {
	URL         string `json:"url"`
	Fingerprint string `json:"fingerprint"`
	Token       string `json:"token"`
	Datastore   string `json:"datastore"`
}

// RelayInfo is the relay.
type RelayInfo struct {
	Address string `json:"address"` // HOST:PORT
}

// ControlInfo is the control address.
type ControlInfo struct {
	URL string `json:"url"`
}
