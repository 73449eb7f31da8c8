package pve

// Builtin are the built-in roles of a version and the privileges that it knows.
func Builtin(version string) (roles map[string][]string, privs map[string]bool) {
	p := makePrivileges(version)
	return p.builtin, p.valid
}
