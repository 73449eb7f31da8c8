package pve

import (
	"maps"
	"slices"
)

var (
	_ = handle("GET /nodes/{node}/qemu/{vmid}/config", readConfig)
	_ = handle("GET /nodes/{node}/qemu/{vmid}/pending", readPending)
	_ = handle("PUT /nodes/{node}/qemu/{vmid}/config", putConfig)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/config", postConfig)
)

// readConfig gives the configuration with pending changes in it, unless the current
// one is asked for.
func readConfig(c *call) (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	config := v.Config
	if name := c.p.Str("snapshot"); name != "" {
		if c.p.Bool("current") {
			return nil, badParam("snapshot", "cannot use 'snapshot' parameter with 'current'")
		}
		s := v.Snapshots[name]
		if s == nil {
			return nil, failf("snapshot '%s' does not exist", name)
		}
		out := s.answer()
		out["digest"] = v.digest()
		return out, nil
	}
	if !c.p.Bool("current") {
		config = maps.Clone(config)
		maps.Copy(config, v.Pending)
		for _, key := range v.Deletes {
			delete(config, key)
		}
	}
	out := map[string]any{"digest": v.digest()}
	for key, value := range config {
		out[key] = typed(key, value)
		if key == "cipassword" {
			out[key] = "**********"
		}
	}
	if v.Lock != "" {
		out["lock"] = v.Lock
	}
	if v.Parent != "" {
		out["parent"] = v.Parent
	}
	return out, nil
}

func readPending(c *call) (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	keys := slices.Sorted(maps.Keys(v.Config))
	for _, key := range slices.Sorted(maps.Keys(v.Pending)) {
		if _, ok := v.Config[key]; !ok {
			keys = append(keys, key)
		}
	}
	list := []any{}
	for _, key := range keys {
		item := map[string]any{"key": key}
		if value, ok := v.Config[key]; ok {
			item["value"] = typed(key, value)
		}
		if value, ok := v.Pending[key]; ok {
			item["pending"] = typed(key, value)
		}
		if slices.Contains(v.Deletes, key) {
			item["delete"] = 1 + bit(v.Forced[key]) // 2: with its disk
		}
		list = append(list, item)
	}
	list = append(list, map[string]any{"key": "digest", "value": v.digest()})
	return list, nil
}

// putConfig changes a configuration while the caller waits, postConfig in a task.
func putConfig(c *call) (any, error) {
	w, v, err := c.configChange()
	if err != nil {
		return nil, err
	}
	if err := c.box.lockNow(v.ID, c.now); err != nil {
		return nil, err
	}
	t := &task{User: c.auth.ID()}
	_, err = w.step(c.box, t, c.now)
	return nil, err
}

func postConfig(c *call) (any, error) {
	w, v, err := c.configChange()
	if err != nil {
		return nil, err
	}
	for _, key := range driveKeys(w.Set) {
		if parseDrive(w.Set[key]).has("import-from") {
			return nil, &failure{Status: 501, Reason: "import-from in a changed configuration is not simulated"}
		}
	}
	upid := c.box.startTask(c.now, "qmconfig", v.id(), c.auth.ID(), w)
	if t := c.box.findTask(upid); c.p.Has("background_delay") && t != nil && !t.running() {
		if t.Exit != "OK" && t.Warnings == 0 {
			return nil, failf("failed to update VM %d: %s", v.ID, t.Exit)
		}
		return nil, nil
	}
	return upid, nil
}

// configChange checks a change before any lock is taken, as far as that is possible.
func (c *call) configChange() (*configWork, *vm, error) {
	set := c.p.All()
	for _, key := range []string{"node", "vmid", "digest", "background_delay", "skip_cloud_init", "import-working-storage", "skiplock", "delete", "revert", "force"} {
		delete(set, key)
	}
	if err := c.onlyRoot("skiplock"); err != nil {
		return nil, nil, err
	}
	w := &configWork{
		VMID: int(c.p.Int("vmid")), Who: c.auth, Set: set, Delete: c.p.List("delete"), Revert: c.p.List("revert"),
		Force: c.p.Bool("force"), SkipLock: c.p.Bool("skiplock"), Digest: c.p.Str("digest"),
	}
	if len(set)+len(w.Delete)+len(w.Revert) == 0 {
		return nil, nil, failf("no options specified")
	}
	resolveCdrom(set)
	if err := w.checkNames(knowsKey); err != nil {
		return nil, nil, err
	}
	if err := c.box.checkDrives(set); err != nil {
		return nil, nil, err
	}
	for key, text := range set {
		if isNumbered(key, "net") {
			set[key] = c.box.withMAC(text)
		}
	}
	if set["vmgenid"] == "1" {
		set["vmgenid"] = c.box.newUUID()
	}
	if err := c.mayConfigure(w.VMID, "", slices.Clone(w.Delete)); err != nil {
		return nil, nil, err
	}
	if err := c.mayConfigure(w.VMID, "", slices.Collect(maps.Keys(set))); err != nil {
		return nil, nil, err
	}
	if err := c.mayUseStorages(w.VMID, set, ""); err != nil {
		return nil, nil, err
	}
	if err := c.mayUseBridges(set); err != nil {
		return nil, nil, err
	}
	v, err := c.vm()
	if err != nil {
		return nil, nil, err
	}
	return w, v, w.check(v)
}
