// Package proxmoxtest holds the adapter to its word: the table of all calls that
// it makes, from which the rights of the controller's token are computed, and a
// transport that checks each request of a test against the official description
// of the release that it is sent to.
package proxmoxtest

import "codeberg.org/accolade/accolade/internal/fleet"

// Call is one method of Proxmox that the adapter calls.
type Call struct {
	Sig   string // as the description writes it: GET /nodes/{node}/status
	For   string // what we do with it
	Enrol bool   // only with the bootstrap credential, never with the controller's token
	// Rows are the lines of facts/proxmox-privileges.md for the parameters that we
	// give. Each tells privileges and the paths of that experiment.
	Rows []string
	// At says which of our paths a path of the experiment stands for, where it is
	// not the usual one of UsualPlaces.
	At map[string][]fleet.PathKind
	// Pick resolves "A or B" of a row: what we take, at each kind of path.
	Pick map[fleet.PathKind]string
	// Needs are privileges that the experiment did not show one by one: one of two
	// ways led to the right there, or an answer is filtered by rights.
	Needs []Need
}

// Need is a privilege with the reason for it.
type Need struct {
	Kind fleet.PathKind
	Priv string
	Why  string
}

// UsualPlaces maps the paths of the experiment to ours. A privilege on a VM is
// given on the pool, in which every VM of ours is.
var UsualPlaces = map[string][]fleet.PathKind{
	"/":                             {fleet.PathRoot},
	"/nodes/pve":                    {fleet.PathNode},
	"/vms/100":                      {fleet.PathPool},
	"/vms/101":                      {fleet.PathPool},
	"/pool/accolade":                {fleet.PathPool},
	"":                              {fleet.PathPool}, // VM.Allocate without a path: on the VM or on the pool
	"/storage/local-lvm":            {fleet.PathVM},
	"/storage/hdd":                  {fleet.PathBackup, fleet.PathVault},
	"/storage/local":                {fleet.PathImages},
	"/sdn/zones/localnetwork/vmbr0": {fleet.PathBridge},
}

const listed = "a storage is listed only with Datastore.Audit or Datastore.AllocateSpace on it; the latter is needed there anyway, except on ours for images"

var watched = []Need{
	{Kind: fleet.PathVM, Priv: "Datastore.AllocateSpace", Why: listed},
	{Kind: fleet.PathBackup, Priv: "Datastore.AllocateSpace", Why: listed},
	{Kind: fleet.PathVault, Priv: "Datastore.AllocateSpace", Why: listed},
	{Kind: fleet.PathImages, Priv: "Datastore.Audit", Why: listed},
}

// agentPick is what running commands needs anyway.
var agentPick = map[fleet.PathKind]string{fleet.PathPool: "VM.GuestAgent.Unrestricted"}

// Calls are all methods that the adapter calls. A test that sends another fails.
var Calls = []Call{
	{Sig: "GET /version", For: "which release the box runs", Rows: []string{"version"}},
	{Sig: "GET /access/permissions", For: "our own rights, compared with what they should be", Rows: []string{"permissions of oneself"}},
	{Sig: "GET /nodes/{node}/status", For: "memory, cores and room before a server is made", Rows: []string{"node status"}},
	{Sig: "GET /nodes/{node}/time", For: "time zone and clock, in which the box's own jobs run",
		Needs: []Need{{Kind: fleet.PathNode, Priv: "Sys.Audit", Why: "as the description says"}}},
	{Sig: "GET /nodes/{node}/tasks", For: "tasks that run, before one is started anew", Rows: []string{"tasks"}},
	{Sig: "GET /nodes/{node}/tasks/{upid}/status", For: "whether a task of ours still runs"},
	{Sig: "GET /nodes/{node}/tasks/{upid}/log", For: "its progress", Rows: []string{"task log, own"}},
	{Sig: "DELETE /nodes/{node}/tasks/{upid}", For: "stopping a task of ours"},
	{Sig: "GET /storage", For: "definitions of our storages, compared with what they should be", Needs: watched},
	{Sig: "GET /nodes/{node}/storage", For: "which storages are active, and how full", Rows: []string{"storage list"}, Needs: watched},
	{Sig: "GET /nodes/{node}/storage/{storage}/content", For: "images, seeds and backups that are there", Rows: []string{"storage content"},
		At:   map[string][]fleet.PathKind{"/storage/local": {fleet.PathBackup, fleet.PathVault, fleet.PathImages}},
		Pick: map[fleet.PathKind]string{fleet.PathBackup: "Datastore.AllocateSpace", fleet.PathVault: "Datastore.AllocateSpace", fleet.PathImages: "Datastore.Audit"}},
	{Sig: "DELETE /nodes/{node}/storage/{storage}/content/{volume}", For: "removing the seed after the first boot", Rows: []string{"storage delete iso"}},
	{Sig: "PUT /nodes/{node}/storage/{storage}/content/{volume}", For: "notes and protection of a backup", Rows: []string{"backup notes/protected"},
		At: map[string][]fleet.PathKind{"/storage/local": {fleet.PathBackup, fleet.PathVault}}},
	{Sig: "POST /nodes/{node}/storage/{storage}/download-url", For: "the cloud image", Rows: []string{"download-url"},
		Needs: []Need{{Kind: fleet.PathNode, Priv: "Sys.AccessNetwork", Why: "the other way is Sys.Audit and Sys.Modify on /, which is far more"}}},
	{Sig: "POST /nodes/{node}/storage/{storage}/upload", For: "the seed of the first boot", Rows: []string{"upload"}},
	{Sig: "GET /cluster/nextid", For: "a free VMID", Rows: []string{"next vmid"}},
	{Sig: "GET /nodes/{node}/qemu", For: "the VMs on the box", Rows: []string{"vm list"},
		Needs: []Need{{Kind: fleet.PathPool, Priv: "VM.Audit", Why: "a VM is listed only with it"}}},
	{Sig: "GET /nodes/{node}/qemu/{vmid}/config", For: "whose VM it is, and how it is set", Rows: []string{"vm config read"}},
	{Sig: "GET /nodes/{node}/qemu/{vmid}/status/current", For: "whether it runs", Rows: []string{"vm status read"}},
	{Sig: "POST /nodes/{node}/qemu", For: "a new server, or one restored from a backup",
		Rows: []string{"create, in pool", "create, new disk", "create, import-from", "create, iso", "create, net0", "create, cores", "create, cpu host", "create, memory",
			"create, scsihw", "create, serial0+vga", "create, rng0", "create, name etc", "create, boot", "restore, new vmid"},
		Needs: []Need{
			{Kind: fleet.PathPool, Priv: "VM.Backup", Why: "a restore needs it on the VM whose backup it is; Datastore.Allocate on the archive's storage would do too, and is far more"},
		}},
	{Sig: "PUT /nodes/{node}/qemu/{vmid}/config", For: "protection and tags, the seed taken out, the network card of a restored server",
		Rows: []string{"config protection", "config tags", "config ide2 set", "config ide2 none", "config net0"}},
	{Sig: "PUT /nodes/{node}/qemu/{vmid}/resize", For: "the disk, grown from the image's size", Rows: []string{"resize"}},
	{Sig: "POST /nodes/{node}/qemu/{vmid}/status/start", For: "the first boot", Rows: []string{"start"}},
	{Sig: "POST /nodes/{node}/qemu/{vmid}/status/shutdown", For: "stopping a server", Rows: []string{"shutdown"}},
	{Sig: "POST /nodes/{node}/qemu/{vmid}/status/stop", For: "stopping a half-made server before it is removed",
		Needs: []Need{{Kind: fleet.PathPool, Priv: "VM.PowerMgmt", Why: "as the description says"}}},
	{Sig: "DELETE /nodes/{node}/qemu/{vmid}", For: "removing a half-made server", Rows: []string{"destroy"}},
	{Sig: "POST /nodes/{node}/qemu/{vmid}/agent/ping", For: "whether the guest is up", Rows: []string{"agent ping"}, Pick: agentPick},
	{Sig: "GET /nodes/{node}/qemu/{vmid}/agent/network-get-interfaces", For: "the guest's address", Rows: []string{"agent network-get-interfaces"}, Pick: agentPick},
	{Sig: "POST /nodes/{node}/qemu/{vmid}/agent/exec", For: "YunoHost's commands in the guest", Rows: []string{"agent exec"}},
	{Sig: "GET /nodes/{node}/qemu/{vmid}/agent/exec-status", For: "their result", Rows: []string{"agent exec-status"}},
	{Sig: "POST /nodes/{node}/vzdump", For: "a backup to the vault or to the HDD", Rows: []string{"vzdump", "vzdump remove=0", "vzdump fleecing"},
		Needs: []Need{{Kind: fleet.PathPool, Priv: "VM.Backup", Why: "without it the call answers all the same and its task fails"}}},
	{Sig: "GET /cluster/backup", For: "the resident backup job, compared with what it should be", Rows: []string{"backup job list"}},

	{Sig: "POST /access/ticket", For: "root's password login", Enrol: true},
	{Sig: "GET /nodes", For: "that the box is a single one", Enrol: true},
	{Sig: "GET /nodes/{node}/disks/list", For: "SSD and HDD", Enrol: true},
	{Sig: "GET /nodes/{node}/disks/directory", For: "whether the HDD is mounted", Enrol: true},
	{Sig: "POST /nodes/{node}/disks/directory", For: "a file system on the HDD", Enrol: true},
	{Sig: "PUT /nodes/{node}/disks/wipedisk", For: "wiping the HDD, when told so by its serial number", Enrol: true},
	{Sig: "POST /storage", For: "our storages", Enrol: true},
	{Sig: "PUT /storage/{storage}", For: "mending them", Enrol: true},
	{Sig: "DELETE /storage/{storage}", For: "undoing an enrolment", Enrol: true},
	{Sig: "GET /pools", For: "our pool", Enrol: true},
	{Sig: "POST /pools", For: "our pool", Enrol: true},
	{Sig: "DELETE /pools", For: "undoing an enrolment", Enrol: true},
	{Sig: "POST /cluster/backup", For: "the resident backup job", Enrol: true},
	{Sig: "PUT /cluster/backup/{id}", For: "mending it", Enrol: true},
	{Sig: "DELETE /cluster/backup/{id}", For: "undoing an enrolment", Enrol: true},
	{Sig: "GET /access/roles", For: "our roles", Enrol: true},
	{Sig: "POST /access/roles", For: "our roles", Enrol: true},
	{Sig: "PUT /access/roles/{roleid}", For: "mending them", Enrol: true},
	{Sig: "DELETE /access/roles/{roleid}", For: "undoing an enrolment", Enrol: true},
	{Sig: "GET /access/users", For: "our user", Enrol: true},
	{Sig: "POST /access/users", For: "our user", Enrol: true},
	{Sig: "DELETE /access/users/{userid}", For: "undoing an enrolment", Enrol: true},
	{Sig: "GET /access/users/{userid}/token", For: "our token", Enrol: true},
	{Sig: "POST /access/users/{userid}/token/{tokenid}", For: "our token", Enrol: true},
	{Sig: "DELETE /access/users/{userid}/token/{tokenid}", For: "revoking the bootstrap token, and undoing an enrolment", Enrol: true},
	{Sig: "GET /access/acl", For: "our rights", Enrol: true},
	{Sig: "PUT /access/acl", For: "our rights", Enrol: true},
}
