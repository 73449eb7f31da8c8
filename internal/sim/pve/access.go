package pve

// access is a box's user configuration, plain data that is saved with the box.
type access struct {
	Users  map[string]*user    `json:"users"`
	Groups map[string]*group   `json:"groups"`
	Roles  map[string][]string `json:"roles"` // own roles; the built-in ones are code
	ACL    []aclEntry          `json:"acl"`
}

// user is an account; a disabled or expired one cannot log in.
type user struct {
	Enable    bool              `json:"enable"`
	Expire    int64             `json:"expire"` // Unix seconds, 0 never
	Firstname string            `json:"firstname,omitempty"`
	Lastname  string            `json:"lastname,omitempty"`
	Email     string            `json:"email,omitempty"`
	Comment   string            `json:"comment,omitempty"`
	Keys      string            `json:"keys,omitempty"`
	Password  string            `json:"password,omitempty"` // of the realms pam and pve
	Tokens    map[string]*token `json:"tokens,omitempty"`
}

// token is an API token of a user.
type token struct {
	Secret  string `json:"secret"`
	Expire  int64  `json:"expire"`
	Privsep bool   `json:"privsep"`
	Comment string `json:"comment,omitempty"`
}

// group is a named set of users.
type group struct {
	Comment string   `json:"comment,omitempty"`
	Users   []string `json:"users,omitempty"`
}

// aclEntry gives a role on a path to a user, a group or a token.
type aclEntry struct {
	Path      string `json:"path"`
	Type      string `json:"type"` // user, group or token
	ID        string `json:"id"`
	Role      string `json:"role"`
	Propagate bool   `json:"propagate"`
}

// poolMembers are the VMIDs ("100") and storage names in one pool; rights on the pool
// are rights on them.
type poolMembers struct {
	VMs      []string
	Storages []string
}
