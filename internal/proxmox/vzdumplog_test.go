package proxmox

import (
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
)

const remoteLog = `INFO: starting new backup job: vzdump 100 --storage vault --mode snapshot
INFO: Starting Backup of VM 100 (qemu)
INFO: Backup started at 2026-11-23 02:30:00
INFO: status = running
INFO: VM Name: kerlann
INFO: include disk 'scsi0' 'local-lvm:vm-100-disk-0' 32G
INFO: backup mode: snapshot
INFO: ionice priority: 7
INFO: creating Proxmox Backup Server archive 'vm/100/2026-11-23T01:30:00Z'
INFO: enabling encryption
INFO: issuing guest-agent 'fs-freeze' command
INFO: issuing guest-agent 'fs-thaw' command
INFO: started backup task '7f3c'
INFO: resuming VM again
INFO: scsi0: dirty-bitmap status: OK (1.2 GiB of 32.0 GiB dirty)
INFO: using fast incremental mode (dirty-bitmap), 1.2 GiB dirty of 32.0 GiB total
INFO:  12% (148.0 MiB of 1.2 GiB) in 10s, read: 14.8 MiB/s, write: 14.0 MiB/s
INFO: 100% (1.2 GiB of 1.2 GiB) in 60s, read: 20.5 MiB/s, write: 20.5 MiB/s
INFO: backup was done incrementally, reused 30.8 GiB (96%)
INFO: transferred 1.20 GiB in 60 seconds (20.5 MiB/s)
INFO: adding notes to backup
INFO: Finished Backup of VM 100 (00:10:01)
INFO: Backup finished at 2026-11-23 02:40:01
INFO: Backup job finished successfully
TASK OK`

const localLog = `INFO: Starting Backup of VM 100 (qemu)
INFO: backup mode: snapshot
INFO: creating vzdump archive '/mnt/pve/hdd/dump/vzdump-qemu-100-2026_11_23-01_30_00.vma.zst'
INFO:   1% (128.0 MiB of 32.0 GiB) in 3s, read: 42.6 MiB/s, write: 40.0 MiB/s
INFO: backup is sparse: 20.0 GiB (62%) total zero data
INFO: transferred 32.00 GiB in 300 seconds (109.2 MiB/s)
INFO: archive file size: 5.21GB
INFO: pruned 1 backup(s) not covered by keep-retention policy
INFO: Finished Backup of VM 100 (00:05:02)`

func TestParseVzdump(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	fraction := func(f float64, unit int64) int64 { return int64(f * float64(unit)) }
	for name, c := range map[string]struct {
		log  string
		want fleet.DumpReport
	}{
		"to a vault": {remoteLog, fleet.DumpReport{VMID: 100, Mode: "snapshot", Archive: "vm/100/2026-11-23T01:30:00Z", Bitmap: fleet.BitmapDirty,
			Total: 32 * gib, Dirty: fraction(1.2, gib), Sent: fraction(1.2, gib), Reused: fraction(30.8, gib), Duration: 10*time.Minute + time.Second}},
		"to the HDD": {localLog, fleet.DumpReport{VMID: 100, Mode: "snapshot", Archive: "/mnt/pve/hdd/dump/vzdump-qemu-100-2026_11_23-01_30_00.vma.zst",
			Total: 32 * gib, Dirty: 32 * gib, Sent: 32 * gib, Size: fraction(5.21, gib), Duration: 5*time.Minute + 2*time.Second}},
		"failed": {"INFO: Starting Backup of VM 101 (qemu)\nERROR: Backup of VM 101 failed - no space left", fleet.DumpReport{VMID: 101, Failed: "no space left"}},
		"empty":  {"", fleet.DumpReport{}},
	} {
		if got := ParseVzdump(strings.Split(c.log, "\n")); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
	for words, want := range map[string]fleet.Bitmap{
		"created new": fleet.BitmapNew, "OK (drive clean)": fleet.BitmapClean, "OK (1.2 GiB of 32.0 GiB dirty)": fleet.BitmapDirty,
		"existing bitmap was invalid and has been cleared": fleet.BitmapInvalid, "expected bitmap was missing and has been recreated": fleet.BitmapMissing, "disabled (no support)": fleet.BitmapDisabled,
	} {
		if got := ParseVzdump([]string{"INFO: scsi0: dirty-bitmap status: " + words}); got.Bitmap != want || got.Bitmap.FullRead() != (want != fleet.BitmapClean && want != fleet.BitmapDirty) {
			t.Errorf("bitmap status %q reads as %q, want %q", words, got.Bitmap, want)
		}
	}
	for text, want := range map[string]int64{"512 B": 512, "1.5 KiB": 1536, "5.21GB": fraction(5.21, gib), "100.0 MiB": 100 * mib, "": 0, "x": 0, "-1 B": 0, "99999999999 PiB": 0} {
		if got := logSize(text); got != want {
			t.Errorf("Bytes(%q) = %d, want %d", text, got, want)
		}
	}
}

func FuzzParseVzdump(f *testing.F) {
	f.Add(remoteLog)
	f.Add(localLog)
	f.Fuzz(func(t *testing.T, log string) {
		v := ParseVzdump(strings.Split(log, "\n"))
		if v.VMID < 0 || v.Total < 0 || v.Dirty < 0 || v.Sent < 0 || v.Reused < 0 || v.Size < 0 || v.Duration < 0 {
			t.Errorf("negative figure in %+v", v)
		}
	})
}

func TestLineProgress(t *testing.T) {
	for line, want := range map[string]float64{
		"INFO:  12% (1.0 GiB of 8.0 GiB) in 10s, read: 100.0 MiB/s, write: 90.0 MiB/s": .12,
		"INFO: 100% (8.0 GiB of 8.0 GiB) in 80s":                                       1,
		"progress 30% (read 10307921510 bytes, duration 7 sec)":                        .3,
		"transferred 1.2 GiB of 8.0 GiB (15.00%)":                                      .15,
		" 3200K .......... .......... ..........  40% 11.2M 20s":                       .4,
	} {
		if got, _, ok := lineProgress(line); !ok || got != want {
			t.Errorf("%q tells %v %v, want %v", line, got, ok, want)
		}
	}
	for _, line := range []string{"INFO: backup is sparse: 20.0 GiB (62%) total zero data", "INFO: backup was done incrementally, reused 30.8 GiB (96%)", ""} {
		if got, _, ok := lineProgress(line); ok {
			t.Errorf("%q tells progress %v, and it is none", line, got)
		}
	}
}
