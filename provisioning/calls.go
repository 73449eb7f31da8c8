package provisioning

import (
	"fmt"
	"net/url"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
)

// disk is the system disk of every server.
const disk = "scsi0"

// machineParams is what a new VM is made with. The description carries the mark;
// tags come later, since a token whose rights come from the pool may not set them
// at create. The box gets neither a start order nor anything else that needs
// rights on the box itself.
func machineParams(o order) map[string]any {
	return map[string]any{
		"name": o.Server, "pool": o.Box.Pool, "description": machine.Description(o.Mark, o.Server, o.Client),
		"ostype": "l26", "cpu": "host", "cores": o.Blueprint.Size.Cores, "memory": int64(o.Blueprint.Size.Memory / MiB),
		"scsihw": "virtio-scsi-single",
		disk:     fmt.Sprintf("%s:0,import-from=%s,discard=on,ssd=1,iothread=1", o.Box.Storages.VM, imageVolume(o)),
		"net0":   "virtio,bridge=" + o.Box.Bridge,
		"ide2":   seedVolume(o) + ",media=cdrom",
		"agent":  "enabled=1,fstrim_cloned_disks=1",
		"onboot": true, "serial0": "socket", "vga": "serial0",
	}
}

func download(o order, sum string) fleet.Download {
	return fleet.Download{Storage: o.Box.Storages.Images, Content: "import", File: o.Blueprint.Image.File(), URL: o.Blueprint.Image.URL, SHA512: sum}
}

// appArgs are the answers to an app's questions: those of the blueprint, and for
// what it leaves open the server's domain, its admin, and everybody.
func appArgs(b Blueprint, app App) url.Values {
	args := url.Values{"domain": {b.Domain}, "path": {"/" + app.ID}, "admin": {b.Admin.Username}, "init_main_permission": {"all_users"}}
	for key, value := range app.Args {
		args.Set(key, value)
	}
	return args
}

func appLabel(app App) string {
	if app.Label == "" {
		return app.ID
	}
	return app.Label
}

// calls lists what the workflow will send, in its order.
func calls(o order, seen observed, vmid int) []PlannedCall {
	node := "/nodes/" + o.Box.Node
	qemu := fmt.Sprintf("%s/qemu/%d", node, vmid)
	images := node + "/storage/" + o.Box.Storages.Images
	var list []PlannedCall
	add := func(step, method, path string, params map[string]any, note string) {
		list = append(list, PlannedCall{step, method, path, params, note})
	}
	agent := func(step, note string) { add(step, "POST", qemu+"/agent/exec", nil, note) }

	if !hasImage(o, seen) {
		sum := o.SHA512
		if sum == "" {
			sum = "(from SHA512SUMS beside the image)"
		}
		d := download(o, sum)
		add(stepImage, "POST", images+"/download-url", map[string]any{"content": d.Content, "filename": d.File, "url": d.URL, "checksum": d.SHA512, "checksum-algorithm": "sha512"}, "")
	}
	add(stepSeed, "POST", images+"/upload", map[string]any{"content": "iso", "filename": seedFile(o)}, "user-data, meta-data and network-config, made in memory")
	create := machineParams(o)
	create["vmid"] = vmid
	add(stepMachine, "POST", node+"/qemu", create, "")
	add(stepResize, "PUT", qemu+"/resize", map[string]any{"disk": disk, "size": o.Blueprint.Size.Disk.String()}, "")
	add(stepStart, "POST", qemu+"/status/start", nil, "")
	add(stepAgent, "POST", qemu+"/agent/ping", nil, "until it answers")
	agent(stepFirstBoot, "cloud-init status --wait --format json")
	agent(stepInstall, "YunoHost's installer from "+o.Blueprint.Installer)
	agent(stepPostInstall, fmt.Sprintf("yunohost tools postinstall for %s, admin %s, password generated", o.Blueprint.Domain, o.Blueprint.Admin.Username))
	if o.Blueprint.Relay {
		agent(stepRelay, "yunohost settings set email.smtp")
	}
	if o.Blueprint.Reachable.Port80 {
		agent(stepDomain, "yunohost domain cert install "+o.Blueprint.Domain)
	} else {
		agent(stepDomain, "the certificate stays self-signed: port 80 is not reachable")
	}
	if o.Users > 0 {
		agent(stepUsers, fmt.Sprintf("yunohost user import, %d users in batches of %d", o.Users, batchSize))
	}
	for _, app := range o.Blueprint.Apps {
		agent(stepApps, fmt.Sprintf("yunohost app install %s --args %s", app.ID, appArgs(o.Blueprint, app).Encode()))
	}
	agent(stepDiagnosis, "yunohost diagnosis run")
	add(stepSeal, "PUT", qemu+"/config", map[string]any{"ide2": "none,media=cdrom"}, "")
	add(stepSeal, "DELETE", images+"/content/"+seedVolume(o), nil, "")
	add(stepSeal, "PUT", qemu+"/config", map[string]any{"protection": true, "tags": machine.Tag, "delete": "ide2"}, "")
	add(stepLocal, "POST", node+"/vzdump", map[string]any{"vmid": vmid, "storage": o.Box.Storages.Backup, "mode": "snapshot"}, "")
	if o.Box.Storages.Vault != "" {
		add(stepRemote, "POST", node+"/vzdump", map[string]any{"vmid": vmid, "storage": o.Box.Storages.Vault, "mode": "snapshot"}, "")
	}
	return list
}
