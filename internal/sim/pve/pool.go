package pve

// poolMembers are the members of each pool, by its name.
func (b *Box) poolMembers() map[string]poolMembers { return nil }
