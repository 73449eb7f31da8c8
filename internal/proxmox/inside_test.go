package proxmox_test

import (
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// insides are the methods that change something, that are open to every login, and that
// ask for a right by themselves: how they begin, and the right that our token has not; or,
// where it has it, what that comes to. The rights are those that the official description
// names in words.
var insides = []struct{ begin, lacks, why string }{
	{"* /cluster/replication", "VM.Replicate", ""},
	{"POST /nodes/{node}/replication/{id}/schedule_now", "VM.Replicate", ""},
	{"* /cluster/sdn/vnets/{vnet}", "SDN.Allocate", ""},
	{"POST /cluster/bulk-action/guest/migrate", "VM.Migrate", ""},
	{"POST /nodes/{node}/migrateall", "VM.Migrate", ""},
	{"POST /cluster/bulk-action/guest/", "", "VM.PowerMgmt on each VM that is named: our own servers"},
	{"POST /nodes/{node}/startall", "", "VM.PowerMgmt on each VM that is named: our own servers"},
	{"POST /nodes/{node}/stopall", "", "VM.PowerMgmt on each VM that is named: our own servers"},
	{"POST /nodes/{node}/suspendall", "", "VM.PowerMgmt on each VM that is named: our own servers"},
	{"POST /nodes/{node}/lxc", "", "VM.Allocate on our pool, which makes a server, makes a container there too"},
	{"DELETE /nodes/{node}/storage/{storage}/prunebackups", "", "Datastore.AllocateSpace and VM.Backup, which make a backup, remove one too: of our own servers, and in a vault nothing, whose own token may not"},
}

// begins tells whether a method is one of those that begin so; "*" is any verb.
func begins(sig, begin string) bool {
	_, path, _ := strings.Cut(sig, " ")
	return strings.HasPrefix(sig, begin) || strings.HasPrefix("* "+path, begin)
}

// insideOf finds the line of insides that speaks of a method; -1 if none does.
func insideOf(sig string) int {
	return slices.IndexFunc(insides, func(i struct{ begin, lacks, why string }) bool { return begins(sig, i.begin) })
}

// What such a method asks for, our token does not have on any path of any release.
func TestTheTokenLacksWhatIsAskedInside(t *testing.T) {
	for _, i := range insides {
		for _, kind := range fleet.PathKinds {
			for _, version := range []string{"8.4", "9.2"} {
				if slices.Contains(fleet.Rights(kind, version), i.lacks) {
					t.Errorf("%s: our token has %s on %s of %s", i.begin, i.lacks, kind, version)
				}
			}
		}
	}
}
