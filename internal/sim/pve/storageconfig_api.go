package pve

import (
	"crypto/sha1"
	"encoding/hex"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	_ = handle("GET /storage", storageIndex)
	_ = handle("GET /storage/{storage}", storageRead)
	_ = handle("POST /storage", storageCreate)
	_ = handle("PUT /storage/{storage}", storageUpdate)
	_ = handle("DELETE /storage/{storage}", storageDelete)
)

// storageOptions are the keys that each type knows; true: set at creation only.
var storageOptions = map[string]map[string]bool{
	"dir": {
		"path": true, "content-dirs": false, "nodes": false, "shared": false, "disable": false, "prune-backups": false,
		"max-protected-backups": false, "content": false, "format": false, "mkdir": false, "create-base-path": false,
		"create-subdirs": false, "is_mountpoint": false, "bwlimit": false, "preallocation": false, "snapshot-as-volume-chain": true,
	},
	"lvmthin": {"thinpool": true, "vgname": true, "nodes": false, "disable": false, "content": false, "bwlimit": false},
	"pbs": {
		"server": true, "datastore": true, "namespace": false, "port": false, "nodes": false, "disable": false, "content": false,
		"username": false, "password": false, "encryption-key": false, "master-pubkey": false, "prune-backups": false,
		"max-protected-backups": false, "fingerprint": false,
	},
}

// required are the keys without which an entry makes no sense.
var storageRequired = map[string][]string{"dir": {"path"}, "lvmthin": {"thinpool", "vgname"}, "pbs": {"server", "datastore"}}

// storageContents are the content types that each type can hold, and what it holds
// unless told otherwise.
var storageContents = map[string]struct{ can, default_ string }{
	"dir":     {"images rootdir vztmpl iso backup snippets none import", "images,rootdir"},
	"lvmthin": {"images rootdir none", "images,rootdir"},
	"pbs":     {"backup none", "backup"},
}

// storageDigest is the checksum of the configuration file.
func (b *Box) storageDigest() string {
	h := sha1.New()
	for _, id := range b.storageIDs() {
		s := b.machine.Storages[id]
		for _, k := range slices.Sorted(maps.Keys(s.Options)) {
			h.Write([]byte(id + "\x00" + k + "\x00" + s.Options[k] + "\x00"))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// configAnswer is an entry as the API shows it.
func (b *Box) configAnswer(s *storage) map[string]any {
	out := map[string]any{"storage": s.ID, "type": s.Type, "digest": b.storageDigest()}
	for k, v := range s.Options {
		switch k {
		case "port", "shared", "disable", "max-protected-backups", "create-base-path", "create-subdirs", "mkdir":
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				out[k] = n
				continue
			}
		}
		out[k] = v
	}
	return out
}

func storageIndex(c *call) (any, error) {
	list := []any{}
	for _, id := range c.box.storageIDs() {
		s := c.box.machine.Storages[id]
		if c.p.Has("type") && c.p.Str("type") != s.Type {
			continue
		}
		if c.can("/storage/"+id, "Datastore.Audit") || c.can("/storage/"+id, "Datastore.AllocateSpace") {
			list = append(list, c.box.configAnswer(s))
		}
	}
	return list, nil
}

func storageRead(c *call) (any, error) {
	s, err := c.box.storageConfig(c.p.Str("storage"))
	if err != nil {
		return nil, err
	}
	return c.box.configAnswer(s), nil
}

var dirPath = regexp.MustCompile(`^/[-/a-zA-Z0-9_.@]+$`)

// checkOptions takes the entry's keys out of the parameters and refuses what the
// type does not know, cannot change or cannot hold.
func checkOptions(c *call, kind string, create bool) (map[string]string, error) {
	known, ok := storageOptions[kind]
	if !ok {
		return nil, &failure{Status: 501, Reason: "storage type '" + kind + "' is not simulated"}
	}
	options := map[string]string{}
	bad := map[string]string{}
	for name, value := range c.p.All() {
		switch name {
		case "storage", "type", "digest", "delete":
			continue
		}
		fixed, knows := known[name]
		switch {
		case !knows:
			bad[name] = "unexpected property '" + name + "'"
		case fixed && !create:
			bad[name] = "can't change value of fixed parameter '" + name + "'"
		}
		options[name] = value
	}
	if create {
		for _, name := range storageRequired[kind] {
			if options[name] == "" {
				bad[name] = "missing value for required option '" + name + "'"
			}
		}
		if options["content"] == "" {
			options["content"] = storageContents[kind].default_
		}
	}
	if options["nodes"] == "" {
		delete(options, "nodes")
	}
	can := strings.Fields(storageContents[kind].can)
	for _, content := range strings.Split(options["content"], ",") {
		if content = strings.TrimSpace(content); content != "" && !slices.Contains(can, content) {
			return nil, failf("storage does not support content type '%s'", content)
		}
	}
	if len(bad) > 0 {
		return nil, badParams(bad)
	}
	return options, nil
}

func storageCreate(c *call) (any, error) {
	b, id, kind := c.box, c.p.Str("storage"), c.p.Str("type")
	options, err := checkOptions(c, kind, true)
	if err != nil {
		return nil, err
	}
	if b.machine.Storages[id] != nil {
		return nil, failf("create storage failed: storage ID '%s' already defined", id)
	}
	s := &storage{ID: id, Type: kind, Options: options}
	answer := map[string]any{"storage": id, "type": kind}
	switch kind {
	case "dir":
		if !dirPath.MatchString(options["path"]) {
			return nil, failf("illegal path for directory storage: %s", options["path"])
		}
		options["path"] = path.Clean(options["path"])
	case "pbs":
		config, err := setSecrets(c, s)
		if err != nil {
			return nil, prefixed("create storage failed: ", err)
		}
		answer["config"] = config
	}
	b.machine.Storages[id] = s
	if !s.disabled() && s.onNode(b.name) {
		if err := b.activate(s); err != nil {
			delete(b.machine.Storages, id)
			return nil, prefixed("create storage failed: ", err)
		}
	}
	return answer, nil
}

// setSecrets moves password and encryption key of a pbs entry to where they are not
// shown. What it returns is the only time that the key is seen.
func setSecrets(c *call, s *storage) (map[string]any, error) {
	config := map[string]any{}
	if password, ok := s.Options["password"]; ok {
		s.Password = password
		delete(s.Options, "password")
	}
	key, ok := s.Options["encryption-key"]
	if !ok || !c.p.Has("encryption-key") {
		return config, nil
	}
	if key == "autogen" {
		var err error
		if key, err = c.box.newKey(c.now); err != nil {
			return nil, err
		}
	}
	fingerprint, err := keyFingerprintOf(key)
	if err != nil {
		return nil, err
	}
	s.Key, s.Options["encryption-key"] = key, fingerprint
	config["encryption-key"] = key
	return config, nil
}

func storageUpdate(c *call) (any, error) {
	b := c.box
	if c.p.Has("digest") && c.p.Str("digest") != b.storageDigest() {
		return nil, failf("update storage failed: detected modified configuration - file changed by other user? Try again.")
	}
	s, err := b.storageConfig(c.p.Str("storage"))
	if err != nil {
		return nil, prefixed("update storage failed: ", err)
	}
	options, err := checkOptions(c, s.Type, false)
	if err != nil {
		return nil, err
	}
	for _, name := range c.p.List("delete") {
		fixed, known := storageOptions[s.Type][name]
		_, set := options[name]
		switch {
		case !known:
			return nil, failf("update storage failed: no such option '%s'", name)
		case slices.Contains(storageRequired[s.Type], name):
			return nil, failf("update storage failed: unable to delete required option '%s'", name)
		case fixed:
			return nil, failf("update storage failed: unable to delete fixed option '%s'", name)
		case set:
			return nil, failf("update storage failed: cannot set and delete property '%s' at the same time!", name)
		}
	}
	next := &storage{ID: s.ID, Type: s.Type, Options: maps.Clone(s.Options), Password: s.Password, Key: s.Key, Offline: s.Offline}
	maps.Copy(next.Options, options)
	answer := map[string]any{"storage": s.ID, "type": s.Type}
	if s.Type == "pbs" {
		config, err := setSecrets(c, next)
		if err != nil {
			return nil, prefixed("update storage failed: ", err)
		}
		answer["config"] = config
	}
	for _, name := range c.p.List("delete") {
		delete(next.Options, name)
		switch name {
		case "password":
			next.Password = ""
		case "encryption-key":
			next.Key = ""
		}
	}
	b.machine.Storages[s.ID] = next
	return answer, nil
}

func storageDelete(c *call) (any, error) {
	b, id := c.box, c.p.Str("storage")
	if _, err := b.storageConfig(id); err != nil {
		return nil, prefixed("delete storage failed: ", err)
	}
	// The volumes stay on the disk: an entry of the same path finds them again.
	delete(b.machine.Storages, id)
	for _, p := range b.machine.Pools {
		p.Storages = slices.DeleteFunc(p.Storages, func(s string) bool { return s == id })
	}
	b.removeObject("/storage/" + id)
	return nil, nil
}

// prefixed puts a text before an error's own, as the locks of the configuration
// files do; an error of parameters or permissions passes as it is.
func prefixed(text string, err error) error {
	if f, ok := err.(*failure); ok && f.Status == 500 {
		return failf("%s%s", text, f.Reason)
	}
	return err
}
