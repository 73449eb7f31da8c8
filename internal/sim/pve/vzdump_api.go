package pve

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	_ = handle("POST /nodes/{node}/vzdump", startBackup)
	_ = handle("GET /nodes/{node}/vzdump/defaults", backupDefaults)
	_ = handle("GET /nodes/{node}/vzdump/extractconfig", extractConfig)
)

// startBackup forks the backup of one or more VMs. Whether the caller may back up a
// VM shows in the task, as on the real system.
func startBackup(c *call) (any, error) {
	b := c.box
	options := c.p.All()
	delete(options, "node")
	if c.p.Bool("stdout") {
		return nil, badParam("stdout", "option is only allowed on the command line interface.")
	}
	if err := c.mayBackUp(options); err != nil {
		return nil, err
	}
	if _, ok := options["prune-backups"]; ok && !c.auth.rootPassword() {
		if storage := backupStorage(options); storage != "" {
			if err := c.require("/storage/"+storage, "Datastore.Allocate"); err != nil {
				return nil, err
			}
		}
	}
	if err := checkBackupOptions(options, true); err != nil {
		return nil, err
	}
	vmids := b.included(options)
	if c.p.Bool("stop") {
		if err := c.require("/nodes/"+b.name, "Sys.Modify"); err != nil {
			return nil, err
		}
		b.stopBackups(c)
		if len(vmids) == 0 {
			return "OK", nil
		}
	}
	if len(vmids) == 0 && options["all"] != "1" {
		return "OK", nil
	}
	if storage := backupStorage(options); storage != "" {
		if err := c.require("/storage/"+storage, "Datastore.AllocateSpace"); err != nil {
			return nil, err
		}
	}
	id := ""
	if len(vmids) == 1 {
		id = strconv.Itoa(vmids[0])
	}
	return b.startTask(c.now, "vzdump", id, c.auth.ID(), &backupWork{Options: options, VMIDs: vmids}), nil
}

// backupStorage is where a backup goes: local unless told otherwise; empty for a
// directory of its own.
func backupStorage(options map[string]string) string {
	switch {
	case options["dumpdir"] != "":
		return ""
	case options["storage"] != "":
		return options["storage"]
	}
	return "local"
}

// mayBackUp checks what a backup call and a backup job have in common.
func (c *call) mayBackUp(options map[string]string) error {
	if c.auth.rootPassword() {
		return nil
	}
	for _, key := range []string{"tmpdir", "dumpdir", "script", "job-id"} {
		if _, ok := options[key]; ok {
			return badParam(key, "Only root may set this option.")
		}
	}
	for _, key := range []string{"bwlimit", "ionice", "performance"} {
		if _, ok := options[key]; ok {
			if err := c.require("/", "Sys.Modify"); err != nil {
				return err
			}
		}
	}
	if storage := parseProps(options["fleecing"], "enabled").get("storage"); storage != "" {
		return c.require("/storage/"+storage, "Datastore.AllocateSpace")
	}
	return nil
}

var (
	noteEscape   = regexp.MustCompile(`\\(.)`)
	noteVariable = regexp.MustCompile(`\{\{([^\s{}]+)\}\}`)
)

// checkBackupOptions refuses options that exclude each other.
func checkBackupOptions(options map[string]string, complete bool) error {
	has := func(key string) bool { return options[key] != "" && options[key] != "0" }
	switch {
	case has("all") && has("vmid"):
		return badParam("all", "option conflicts with option 'vmid'")
	case has("exclude") && has("vmid"):
		return badParam("exclude", "option conflicts with option 'vmid'")
	case has("pool") && has("vmid"):
		return badParam("pool", "option conflicts with option 'vmid'")
	}
	if err := checkNotes(options["notes-template"]); err != nil {
		return badParam("notes-template", err.Error())
	}
	if has("exclude") && !has("pool") {
		options["all"] = "1"
	}
	if complete && !has("all") && !has("stop") && !has("pool") && !has("vmid") {
		return badParam("vmid", "property is missing")
	}
	return nil
}

func checkNotes(template string) error {
	if strings.Contains(template, "\n") {
		return failf("contains a line feed\n")
	}
	var bad []string
	for _, m := range noteEscape.FindAllStringSubmatchIndex(template, -1) {
		if char := template[m[2]:m[3]]; char != "n" && char != `\` {
			bad = append(bad, fmt.Sprintf("escape sequence '\\%s' at char %d", char, m[0]))
		}
	}
	for _, m := range noteVariable.FindAllStringSubmatchIndex(template, -1) {
		switch name := template[m[2]:m[3]]; name {
		case "cluster", "guestname", "node", "vmid":
		default:
			bad = append(bad, fmt.Sprintf("variable '%s' at char %d", name, m[0]+2))
		}
	}
	if len(bad) > 0 {
		return failf("found unknown: %s\n", strings.Join(bad, ", "))
	}
	return nil
}

// notes fills a template in.
func (b *Box) notes(template string, v *vm) string {
	text := noteEscape.ReplaceAllStringFunc(template, func(s string) string {
		if s == `\n` {
			return "\n"
		}
		return `\`
	})
	return strings.NewReplacer("{{cluster}}", "standalone node", "{{guestname}}", v.logName(), "{{node}}", b.name, "{{vmid}}", strconv.Itoa(v.ID)).Replace(text)
}

// included are the VMs that options select, those that do not exist (any more) and
// were named as well: they fail visibly.
func (b *Box) included(options map[string]string) []int {
	var vmids []int
	switch {
	case options["pool"] != "":
		if p := b.machine.Pools[options["pool"]]; p != nil {
			vmids = slices.Clone(p.VMs)
		}
	case options["vmid"] != "":
		for _, text := range splitIDs(options["vmid"]) {
			vmids = append(vmids, atoi(text))
		}
	case options["all"] == "1":
		excluded := splitIDs(options["exclude"])
		for _, id := range b.vmids() {
			if !slices.Contains(excluded, strconv.Itoa(id)) {
				vmids = append(vmids, id)
			}
		}
	}
	slices.Sort(vmids)
	return slices.Compact(vmids)
}

func splitIDs(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == 0 })
}

// stopBackups ends the backups that run.
func (b *Box) stopBackups(c *call) {
	for _, t := range b.machine.Tasks {
		if t.running() && t.Type == "vzdump" {
			b.breakTask(t, c.now, failf("interrupted by signal"))
		}
	}
}

func backupDefaults(c *call) (any, error) {
	storage := c.p.StrOr("storage", "local")
	if err := c.requireAny("/storage/"+storage, "Datastore.Audit", "Datastore.AllocateSpace"); err != nil {
		return nil, err
	}
	s, err := c.box.storageConfig(storage)
	if err != nil {
		return nil, err
	}
	out := map[string]any{
		"storage": storage, "mode": "snapshot", "compress": "0", "remove": 1, "protected": 0, "lockwait": 180, "stopwait": 10, "zstd": 1, "pigz": 0,
		"prune-backups": "keep-all=1",
	}
	if keep := s.Options["prune-backups"]; keep != "" {
		out["prune-backups"] = keep
	}
	if c.can("/nodes/"+c.box.name, "Sys.Audit") {
		out["ionice"] = 7
	}
	return out, nil
}

// extractConfig reads the configuration out of a backup.
func extractConfig(c *call) (any, error) {
	volid := c.p.Str("volume")
	if err := c.mayUse(0, volid, "backup"); err != nil {
		return nil, err
	}
	n, err := c.box.parseVolname(volid)
	if err != nil {
		return nil, err
	}
	if err := c.require(vmPath(n.vmid), "VM.Backup"); err != nil {
		return nil, err
	}
	image, err := c.box.readBackup(volid)
	if err != nil {
		return nil, err
	}
	return configText(image.Config), nil
}

// configText is a configuration file.
func configText(config map[string]string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(config["description"], "\n") {
		if config["description"] != "" {
			out.WriteString("#" + line + "\n")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if key != "description" {
			out.WriteString(key + ": " + config[key] + "\n")
		}
	}
	return out.String()
}
