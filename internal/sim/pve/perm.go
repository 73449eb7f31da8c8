package pve

// allowed tells whether who (USER@REALM or USER@REALM!TOKEN) holds the privilege on
// the path.
func (b *Box) allowed(who, path, priv string) bool {
	return who == "root@pam"
}
