package pve

import (
	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// readBackup gives the content of a backup, wherever it lies.
func (b *Box) readBackup(volid string) (archive.Image, error) {
	id, _, _ := parseVolid(volid)
	s, err := b.storageConfig(id)
	if err != nil {
		return archive.Image{}, err
	}
	n, err := b.parseVolname(volid)
	if err != nil {
		return archive.Image{}, err
	}
	if s.Type != "pbs" {
		if err := b.activate(s); err != nil {
			return archive.Image{}, err
		}
		vol := b.machine.Volumes[volid]
		if vol == nil || vol.Image == nil {
			return archive.Image{}, failf("volume '%s' does not exist", volid)
		}
		return *vol.Image, nil
	}
	session, err := b.openVault(s)
	if err != nil {
		return archive.Image{}, err
	}
	ref, err := refOf(n.file)
	if err != nil {
		return archive.Image{}, err
	}
	snapshots, err := session.List()
	if err != nil {
		return archive.Image{}, failf("error listing snapshots - %s", vaultText(err))
	}
	for _, snap := range snapshots {
		if snap.Type != ref.Type || snap.ID != ref.ID || !snap.Time.Equal(ref.Time) {
			continue
		}
		if snap.Key != "" && snap.Key != s.keyFingerprint() {
			if s.Key == "" {
				return archive.Image{}, failf("proxmox-backup-client failed: Error: missing key - manifest was created with key %s", shortKey(snap.Key))
			}
			return archive.Image{}, failf("proxmox-backup-client failed: Error: wrong key - manifest's key %s does not match provided key %s", shortKey(snap.Key), shortKey(s.keyFingerprint()))
		}
	}
	image, err := session.Get(ref)
	return image, vaultError(err)
}

// shortKey is the part of a fingerprint that the client prints.
func shortKey(fingerprint string) string {
	if len(fingerprint) > 23 {
		return fingerprint[:23]
	}
	return fingerprint
}
