package pve

import (
	"strconv"
	"strings"
)

// The checks below are those of calls for users whose work goes on in a task: the
// caller is long gone, so its name is all there is.

// need refuses unless who holds the privileges on the path.
func (b *Box) need(who, path string, privs ...string) error {
	for _, priv := range privs {
		if !b.allowed(who, path, priv) {
			return permissionDenied(path + ", " + priv)
		}
	}
	return nil
}

// needAny refuses unless who holds one of the privileges on the path.
func (b *Box) needAny(who, path string, privs ...string) error {
	for _, priv := range privs {
		if b.allowed(who, path, priv) {
			return nil
		}
	}
	return permissionDenied(path + ", " + strings.Join(privs, "|"))
}

// needVM refuses unless who holds the privileges on the VM or, when the VM is to be
// made in a pool, on that pool.
func (b *Box) needVM(who string, vmid int, pool string, privs ...string) error {
	if pool != "" && b.need(who, "/pool/"+pool, privs...) == nil {
		return nil
	}
	return b.need(who, vmPath(vmid), privs...)
}

func vmPath(vmid int) string { return "/vms/" + strconv.Itoa(vmid) }

// onlyRoot refuses a parameter to everybody but root@pam's own login.
func (c *call) onlyRoot(names ...string) error {
	for _, name := range names {
		if c.p.Has(name) && c.p.Str(name) != "0" && !c.auth.rootPassword() {
			return badParam(name, "Only root may use this option.")
		}
	}
	return nil
}
