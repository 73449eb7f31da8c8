package pve_test

import (
	"testing"
	"time"

	proxmox "github.com/luthermonson/go-proxmox"
)

// TestOrdinaryClient drives the box with go-proxmox as published: its reads decode,
// its tasks end.
func TestOrdinaryClient(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	s.must(nil, "POST", "/cluster/backup", "id=accolade-local", "pool=accolade", "storage=hdd", "schedule=01:30", "compress=zstd", "prune-backups=keep-last=3,keep-daily=7")
	s.wait(24 * time.Hour)
	s.task("OK", "POST", "/nodes/pve/qemu/100/snapshot", "snapname=s1")
	c := proxmox.NewClient(s.door.URL+"/api2/json", proxmox.WithAPIToken("root@pam!test", "0b9d4d8c-2a4c-4a4e-9a56-8f3f6f2d1f11"))
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	v, err := c.Version(ctx)
	if check("version", err); err == nil && v.Version != "9.2.4" {
		t.Errorf("version %+v", v)
	}
	nodes, err := c.Nodes(ctx)
	if check("nodes", err); len(nodes) != 1 || nodes[0].Node != "pve" || nodes[0].MaxCPU != 4 {
		t.Errorf("nodes %+v", nodes)
	}
	node, err := c.Node(ctx, "pve")
	check("node", err)
	if node == nil {
		t.Fatal("no node")
	}
	vms, err := node.VirtualMachines(ctx)
	if check("VMs", err); len(vms) != 1 || vms[0].Name != "kiosk" || vms[0].Status != "running" {
		t.Errorf("VMs %+v", vms)
	}
	vm, err := node.VirtualMachine(ctx, 100)
	check("VM", err)
	if vm.VirtualMachineConfig == nil || vm.VirtualMachineConfig.Cores == nil || *vm.VirtualMachineConfig.Cores != 2 || vm.VirtualMachineConfig.SCSIs["scsi0"] == "" {
		t.Errorf("config %+v", vm.VirtualMachineConfig)
	}
	_, err = vm.Snapshots(ctx)
	check("snapshots", err)
	_, err = vm.Pending(ctx)
	check("pending", err)
	_, err = vm.RRDData(ctx, proxmox.TimeframeHour)
	check("VM rrddata", err)
	storages, err := node.Storages(ctx)
	if check("storages", err); len(storages) != 5 {
		t.Errorf("storages %+v", storages)
	}
	hdd, err := node.Storage(ctx, "hdd")
	check("storage", err)
	content, err := hdd.GetContent(ctx)
	if check("content", err); len(content) != 1 || content[0].VMID != 100 {
		t.Errorf("content %+v", content)
	}
	// node.Disks cannot read what Proxmox answers for an SSD: wearout is a number.
	var disks []map[string]any
	if check("disks", c.Get(ctx, "/nodes/pve/disks/list", &disks)); len(disks) != 2 || disks[1]["serial"] == "" {
		t.Errorf("disks %+v", disks)
	}
	_, err = node.DiskSMART(ctx, "/dev/sda", false)
	check("SMART", err)
	_, err = node.Directories(ctx)
	check("directories", err)
	_, err = node.Services(ctx)
	check("services", err)
	_, err = node.Time(ctx)
	check("time", err)
	_, err = node.Subscription(ctx)
	check("subscription", err)
	_, err = node.Networks(ctx)
	check("networks", err)
	_, err = node.GetCustomCertificates(ctx)
	check("certificates", err)
	cluster, err := c.Cluster(ctx)
	check("cluster", err)
	resources, err := cluster.Resources(ctx)
	if check("resources", err); len(resources) < 8 {
		t.Errorf("resources %+v", resources)
	}
	// cluster.Backups cannot read what Proxmox answers since 8.0: prune-backups is an
	// object there, as the API description says.
	var jobs []map[string]any
	if check("jobs", c.Get(ctx, "/cluster/backup", &jobs)); len(jobs) != 1 {
		t.Errorf("jobs %+v", jobs)
	}
	_, err = cluster.Tasks(ctx)
	check("cluster tasks", err)
	if id, err := cluster.NextID(ctx); err != nil || id != 101 {
		t.Errorf("next id %d %v", id, err)
	}
	pool, err := c.Pool(ctx, "accolade")
	if check("pool", err); len(pool.Members) != 1 {
		t.Errorf("pool %+v", pool)
	}
	_, err = c.ClusterStorages(ctx)
	check("storage configuration", err)

	task, err := vm.Stop(ctx)
	check("stop", err)
	s.wait(5 * time.Second)
	if check("ping", task.Ping(ctx)); !task.IsCompleted || !task.IsSuccessful {
		t.Errorf("stop: %+v", task)
	}
	task, err = vm.Delete(ctx, nil)
	check("delete", err)
	s.wait(5 * time.Second)
	if check("ping", task.Ping(ctx)); !task.IsSuccessful {
		t.Errorf("delete: %+v", task)
	}
}
