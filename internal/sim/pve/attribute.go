package pve

func (b *Box) setNotes(s *storage, volid, notes string) error {
	n, err := b.parseVolname(volid)
	if err != nil {
		return err
	}
	if n.content != "backup" {
		return failf("only backups can have notes")
	}
	if s.Type == "pbs" {
		session, err := b.openVault(s)
		if err != nil {
			return err
		}
		ref, err := refOf(n.file)
		if err != nil {
			return err
		}
		return vaultError(session.SetNotes(ref, notes))
	}
	v, err := b.backupVolume(s, volid)
	if err != nil {
		return err
	}
	v.Notes = notes
	return nil
}

// setProtected marks a backup; who decides how many one guest may have.
func (b *Box) setProtected(who string, s *storage, volid string, protected bool) error {
	n, err := b.parseVolname(volid)
	if err != nil {
		return err
	}
	if n.content != "backup" {
		return failf("only backups support attribute 'protected'")
	}
	it, err := b.lookup(s, volid)
	if err != nil {
		return err
	}
	if protected && !it.protected && n.vmid != 0 {
		if err := b.protectedLimit(who, s, n.vmid); err != nil {
			return err
		}
	}
	if s.Type != "pbs" {
		b.machine.Volumes[volid].Protected = protected
		return nil
	}
	session, err := b.openVault(s)
	if err != nil {
		return err
	}
	ref, err := refOf(n.file)
	if err != nil {
		return err
	}
	if err := session.SetProtected(ref, protected); err != nil {
		return failf("%s", vaultText(err))
	}
	return nil
}

// protectedLimit refuses one more protected backup of a guest: five are allowed
// where the storage sets no other limit and who may not allocate on it.
func (b *Box) protectedLimit(who string, s *storage, vmid int) error {
	limit := 5
	switch n := s.Options["max-protected-backups"]; {
	case n == "-1" || n == "" && b.allowed(who, "/storage/"+s.ID, "Datastore.Allocate"):
		return nil
	case n != "":
		limit = atoi(n)
	}
	items, err := b.list(s, vmid, "backup")
	if err != nil {
		return err
	}
	count := 0
	for _, it := range items {
		count += bit(it.protected)
	}
	if count >= limit {
		return failf("The number of protected backups per guest is limited to %d on storage '%s'", limit, s.ID)
	}
	return nil
}

func (b *Box) backupVolume(s *storage, volid string) (*volume, error) {
	if err := b.activate(s); err != nil {
		return nil, err
	}
	v := b.machine.Volumes[volid]
	if v == nil {
		return nil, failf("file '%s' does not exist", volid)
	}
	return v, nil
}
