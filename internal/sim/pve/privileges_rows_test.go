package pve

// privilegeCall is the request of one row of the facts: its signature's parts and
// parameters. Where the facts name only what the call is about, the parameters are
// those of an ordinary call of that kind.
type privilegeCall struct {
	method, path string
	params       []string // name, value, …
	file         string   // of an upload
}

const backupVolume = "local:backup/vzdump-qemu-100-2026_11_01-01_00_00.vma.zst"

// privilegeCalls are the requests of the rows, by their name.
var privilegeCalls = map[string]privilegeCall{
	"version":               {"GET", "/version", nil, ""},
	"nodes":                 {"GET", "/nodes", nil, ""},
	"node status":           {"GET", "/nodes/pve/status", nil, ""},
	"disks list":            {"GET", "/nodes/pve/disks/list", nil, ""},
	"disks smart":           {"GET", "/nodes/pve/disks/smart", []string{"disk", "/dev/sda"}, ""},
	"disks directory":       {"POST", "/nodes/pve/disks/directory", []string{"device", "/dev/sdb", "name", "hdd2", "filesystem", "ext4", "add_storage", "0"}, ""},
	"apt updates":           {"GET", "/nodes/pve/apt/update", nil, ""},
	"certificates":          {"GET", "/nodes/pve/certificates/info", nil, ""},
	"node rrd":              {"GET", "/nodes/pve/rrddata", []string{"timeframe", "hour"}, ""},
	"tasks":                 {"GET", "/nodes/pve/tasks", nil, ""},
	"task log, own":         {"GET", "/nodes/pve/tasks/{upid}/log", nil, ""},
	"storage dir":           {"POST", "/storage", []string{"type", "dir", "storage", "accolade", "path", "/var/lib/accolade", "content", "iso,import"}, ""},
	"storage update":        {"PUT", "/storage/local", []string{"content", "iso,vztmpl,backup,import"}, ""},
	"storage list":          {"GET", "/nodes/pve/storage", nil, ""},
	"storage config":        {"GET", "/storage/local", nil, ""},
	"storage content":       {"GET", "/nodes/pve/storage/local/content", nil, ""},
	"storage delete iso":    {"DELETE", "/nodes/pve/storage/local/content/local:iso/seed.iso", nil, ""},
	"storage delete backup": {"DELETE", "/nodes/pve/storage/local/content/" + backupVolume, nil, ""},
	"backup notes/protected": {"PUT", "/nodes/pve/storage/local/content/" + backupVolume,
		[]string{"notes", "kept", "protected", "1"}, ""},
	"download-url": {"POST", "/nodes/pve/storage/local/download-url", []string{"content", "iso", "filename", "x.iso", "url", "http://control/x.iso"}, ""},
	"upload":       {"POST", "/nodes/pve/storage/local/upload", []string{"content", "iso", "filename", "up.iso"}, "up.iso"},

	"pools create": {"POST", "/pools", []string{"poolid", "p1"}, ""},
	"pools list":   {"GET", "/pools", nil, ""},
	"pool read":    {"GET", "/pools", []string{"poolid", "accolade"}, ""},
	"pool add vm":  {"PUT", "/pools", []string{"poolid", "accolade", "vms", "200"}, ""},
	"pool delete":  {"DELETE", "/pools", []string{"poolid", "accolade"}, ""},
	"backup job create": {"POST", "/cluster/backup", []string{"id", "accolade", "pool", "accolade", "storage", "hdd", "schedule", "21:00",
		"mode", "snapshot", "compress", "zstd", "prune-backups", "keep-last=3", "enabled", "1"}, ""},
	"backup job list": {"GET", "/cluster/backup", nil, ""},
	"not backed up":   {"GET", "/cluster/backup-info/not-backed-up", nil, ""},

	"role":                   {"POST", "/access/roles", []string{"roleid", "r", "privs", "VM.Audit"}, ""},
	"user":                   {"POST", "/access/users", []string{"userid", "new@pve"}, ""},
	"token for other user":   {"POST", "/access/users/other@pve/token/tk2", nil, ""},
	"acl":                    {"PUT", "/access/acl", []string{"path", "/", "roles", "PVEAuditor", "users", "other@pve"}, ""},
	"acl on pool":            {"PUT", "/access/acl", []string{"path", "/pool/accolade", "roles", "PVEAuditor", "users", "other@pve"}, ""},
	"permissions of oneself": {"GET", "/access/permissions", nil, ""},

	"create, bare":                          create(),
	"create, in pool":                       create("pool", "accolade"),
	"create, new disk":                      create("scsi0", "local-lvm:8"),
	"create, import-from":                   create("scsi0", "local-lvm:0,import-from=local:import/image.qcow2"),
	"create, import-from another VM's disk": create("scsi0", "local-lvm:0,import-from=local-lvm:vm-100-disk-0"),
	"create, iso":                           create("ide2", "local:iso/seed.iso,media=cdrom"),
	"create, cdrom none":                    create("ide2", "none,media=cdrom"),
	"create, physical cdrom":                create("ide2", "cdrom,media=cdrom"),
	"create, net0":                          create("net0", "virtio,bridge=vmbr0"),
	"create, net0 tagged":                   create("net0", "virtio,bridge=vmbr0,tag=7"),
	"create, cores":                         create("cores", "2"),
	"create, cpu host":                      create("cpu", "host"),
	"create, memory":                        create("memory", "2048"),
	"create, scsihw":                        create("scsihw", "virtio-scsi-single"),
	"create, machine":                       create("machine", "q35"),
	"create, serial0+vga":                   create("serial0", "socket", "vga", "serial0"),
	"create, rng0":                          create("rng0", "source=/dev/urandom"),
	"create, name etc":                      create("name", "web", "description", "a server", "ostype", "l26", "onboot", "1", "agent", "enabled=1"),
	"create, tags":                          create("tags", "accolade"),
	"create, startup order":                 create("startup", "order=1"),
	"create, boot":                          create("boot", "order=scsi0"),
	"create, cloud-init":                    create("ipconfig0", "ip=dhcp"),
	"create, start=1":                       create("start", "1"),
	"restore, new vmid":                     restore(),
	"restore, start=1":                      restore("start", "1"),
	"restore, bwlimit":                      restore("bwlimit", "1000"),

	"vm list":                      {"GET", "/nodes/pve/qemu", nil, ""},
	"vm config read":               {"GET", "/nodes/pve/qemu/100/config", nil, ""},
	"vm status read":               {"GET", "/nodes/pve/qemu/100/status/current", nil, ""},
	"config net0":                  config("net0", "virtio,bridge=vmbr0"),
	"config protection":            config("protection", "1"),
	"config tags":                  config("tags", "accolade"),
	"config delete scsi0":          config("delete", "scsi0"),
	"config ide2 set":              config("ide2", "local:iso/seed.iso,media=cdrom"),
	"config ide2 none":             config("ide2", "none,media=cdrom"),
	"resize":                       {"PUT", "/nodes/pve/qemu/100/resize", []string{"disk", "scsi0", "size", "64G"}, ""},
	"start":                        {"POST", "/nodes/pve/qemu/100/status/start", nil, ""},
	"shutdown":                     {"POST", "/nodes/pve/qemu/100/status/shutdown", nil, ""},
	"agent ping":                   {"POST", "/nodes/pve/qemu/100/agent/ping", nil, ""},
	"agent get-osinfo":             {"GET", "/nodes/pve/qemu/100/agent/get-osinfo", nil, ""},
	"agent fsfreeze-status":        {"POST", "/nodes/pve/qemu/100/agent/fsfreeze-status", nil, ""},
	"agent fstrim":                 {"POST", "/nodes/pve/qemu/100/agent/fstrim", nil, ""},
	"agent exec":                   {"POST", "/nodes/pve/qemu/100/agent/exec", []string{"command", "true"}, ""},
	"agent exec-status":            {"GET", "/nodes/pve/qemu/100/agent/exec-status", []string{"pid", "1"}, ""},
	"agent file-read":              {"GET", "/nodes/pve/qemu/100/agent/file-read", []string{"file", "/etc/hostname"}, ""},
	"agent file-write":             {"POST", "/nodes/pve/qemu/100/agent/file-write", []string{"file", "/tmp/x", "content", "y"}, ""},
	"agent network-get-interfaces": {"GET", "/nodes/pve/qemu/100/agent/network-get-interfaces", nil, ""},

	"snapshot":          {"POST", "/nodes/pve/qemu/100/snapshot", []string{"snapname", "s2"}, ""},
	"snapshot with RAM": {"POST", "/nodes/pve/qemu/100/snapshot", []string{"snapname", "s2", "vmstate", "1"}, ""},
	"snapshots list":    {"GET", "/nodes/pve/qemu/100/snapshot", nil, ""},
	"rollback":          {"POST", "/nodes/pve/qemu/100/snapshot/s1/rollback", nil, ""},
	"rollback, start=1": {"POST", "/nodes/pve/qemu/100/snapshot/s1/rollback", []string{"start", "1"}, ""},
	"snapshot delete":   {"DELETE", "/nodes/pve/qemu/100/snapshot/s1", nil, ""},

	"vzdump":                 vzdump("storage", "hdd"),
	"vzdump protected+notes": vzdump("storage", "hdd", "protected", "1", "notes-template", "kept"),
	"vzdump prune-backups":   vzdump("storage", "hdd", "prune-backups", "keep-last=1"),
	"vzdump remove=0":        vzdump("storage", "hdd", "remove", "0"),
	"vzdump bwlimit":         vzdump("storage", "hdd", "bwlimit", "1000"),
	"vzdump performance":     vzdump("storage", "hdd", "performance", "max-workers=2"),
	"vzdump mailto":          vzdump("storage", "hdd", "mailto", "x@y.example"),
	"vzdump pool":            {"POST", "/nodes/pve/vzdump", []string{"pool", "accolade", "storage", "hdd"}, ""},
	"vzdump fleecing":        vzdump("storage", "hdd", "fleecing", "enabled=1,storage=local-lvm"),

	"prune-backups delete":  {"DELETE", "/nodes/pve/storage/local/prunebackups", []string{"prune-backups", "keep-last=1", "vmid", "100"}, ""},
	"prune-backups dry run": {"GET", "/nodes/pve/storage/local/prunebackups", []string{"prune-backups", "keep-last=1", "vmid", "100"}, ""},
	"extractconfig":         {"GET", "/nodes/pve/vzdump/extractconfig", []string{"volume", backupVolume}, ""},
	"destroy":               {"DELETE", "/nodes/pve/qemu/100", nil, ""},
	"next vmid":             {"GET", "/cluster/nextid", nil, ""},
	"cluster resources":     {"GET", "/cluster/resources", nil, ""},
	"cluster tasks":         {"GET", "/cluster/tasks", nil, ""},
	"cluster status":        {"GET", "/cluster/status", nil, ""},
}

// skippedRows are rows that cannot be tried so, with the reason.
var skippedRows = map[string]string{
	"query-url-metadata":   "one of several rights: see the description",
	"restore, over itself": "one of several rights: see the description",
	"create, hookscript":   "root's password login only",
	"create, args":         "root's password login only",
	"vzdump stop":          "not simulated",
}

func create(params ...string) privilegeCall {
	return privilegeCall{"POST", "/nodes/pve/qemu", append([]string{"vmid", "101"}, params...), ""}
}

func restore(params ...string) privilegeCall {
	return privilegeCall{"POST", "/nodes/pve/qemu", append([]string{"vmid", "9001", "archive", backupVolume, "storage", "local-lvm", "unique", "1"}, params...), ""}
}

func config(params ...string) privilegeCall {
	return privilegeCall{"PUT", "/nodes/pve/qemu/100/config", params, ""}
}

func vzdump(params ...string) privilegeCall {
	return privilegeCall{"POST", "/nodes/pve/vzdump", append([]string{"vmid", "100", "mode", "snapshot", "compress", "zstd"}, params...), ""}
}
