package guest

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// baseDirs are folders that every system has, whatever is in them.
var baseDirs = []string{"/", "/bin", "/boot", "/dev", "/etc", "/etc/apt", "/etc/cloud", "/etc/ssh", "/etc/sudoers.d", "/etc/systemd", "/home", "/mnt", "/opt", "/proc",
	"/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/usr/share",
	"/var", "/var/cache", "/var/lib", "/var/lib/cloud", "/var/log", "/var/tmp"}

// readFile is the content of a file, made up ones included.
func (g *Guest) readFile(name string) ([]byte, error) {
	name = path.Clean(name)
	if f, ok := g.disk.Files[name]; ok && !f.Dir {
		return f.Data, nil
	}
	if text, ok := g.madeUp(name); ok {
		return []byte(text), nil
	}
	if g.isDir(name) {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("Is a directory")}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// writeFile makes or replaces a file. Its folder must exist.
func (g *Guest) writeFile(name string, data []byte, mode uint32) error {
	name = path.Clean(name)
	if sink(name) {
		return nil
	}
	if g.isDir(name) {
		return &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("Is a directory")}
	}
	if !g.isDir(path.Dir(name)) {
		return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f := g.disk.Files[name]
	if f.Mode == 0 {
		f = File{Mode: mode, Owner: "root"}
	}
	f.Data, f.Mtime = data, g.Now
	g.put(name, f)
	return nil
}

func (g *Guest) put(name string, f File) {
	if g.disk.Files == nil {
		g.disk.Files = map[string]File{}
	}
	g.disk.Files[name] = f
	g.disk.Written += int64(len(f.Data)) + 4096
}

// mkdirAll makes a folder and those above it.
func (g *Guest) mkdirAll(name string) {
	for d := path.Clean(name); !g.isDir(d); d = path.Dir(d) {
		g.put(d, File{Dir: true, Mode: 0o755, Owner: "root", Mtime: g.Now})
	}
}

// sink says whether what is written to a name goes nowhere.
func sink(name string) bool { return strings.HasPrefix(name, "/dev/") }

func (g *Guest) isDir(name string) bool {
	name = path.Clean(name)
	if f, ok := g.disk.Files[name]; ok {
		return f.Dir
	}
	if slices.Contains(baseDirs, name) || (g.disk.YunoHost != nil && (name == "/etc/yunohost" || name+"/" == certFolder || name == "/usr/share/yunohost")) {
		return true
	}
	prefix := name + "/"
	for other := range g.disk.Files {
		if strings.HasPrefix(other, prefix) {
			return true
		}
	}
	return false
}

// exists says whether a file or folder is there.
func (g *Guest) exists(name string) bool {
	_, err := g.stat(name)
	return err == nil
}

// info is what stat tells.
type info struct {
	name string
	file File
}

func (i info) Name() string       { return path.Base(i.name) }
func (i info) Size() int64        { return int64(len(i.file.Data)) }
func (i info) ModTime() time.Time { return i.file.Mtime }
func (i info) IsDir() bool        { return i.file.Dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.file.Dir {
		return fs.ModeDir | fs.FileMode(i.file.Mode)
	}
	return fs.FileMode(i.file.Mode)
}

func (g *Guest) stat(name string) (fs.FileInfo, error) {
	name = path.Clean(name)
	if f, ok := g.disk.Files[name]; ok {
		return info{name, f}, nil
	}
	if g.isDir(name) {
		return info{name, File{Dir: true, Mode: 0o755}}, nil
	}
	if text, ok := g.madeUp(name); ok {
		return info{name, File{Data: []byte(text), Mode: 0o644}}, nil
	}
	if sink(name) {
		return info{name, File{Mode: 0o666}}, nil
	}
	if dir, base := path.Split(name); slices.Contains(binDirs, path.Clean(dir)) && g.installed(base) {
		return info{name, File{Mode: 0o755}}, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// children are the names in a folder, sorted.
func (g *Guest) children(dir string) []fs.FileInfo {
	prefix := strings.TrimSuffix(path.Clean(dir), "/") + "/"
	seen := map[string]fs.FileInfo{}
	for name := range g.disk.Files {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || rest == "" {
			continue
		}
		child, _, _ := strings.Cut(rest, "/")
		if fi, err := g.stat(prefix + child); err == nil {
			seen[child] = fi
		}
	}
	for _, d := range baseDirs {
		if path.Dir(d)+"/" == prefix || path.Dir(d) == prefix {
			if d != "/" {
				seen[path.Base(d)] = info{d, File{Dir: true, Mode: 0o755}}
			}
		}
	}
	list := make([]fs.FileInfo, 0, len(seen))
	for _, fi := range seen {
		list = append(list, fi)
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int { return strings.Compare(a.Name(), b.Name()) })
	return list
}

// removeAll removes a file or a folder with all in it.
func (g *Guest) removeAll(name string) {
	name = path.Clean(name)
	for other := range g.disk.Files {
		if other == name || strings.HasPrefix(other, name+"/") {
			delete(g.disk.Files, other)
		}
	}
}

const certFolder = "/etc/yunohost/certs/"

// madeUp are files whose content follows from the rest of the state.
func (g *Guest) madeUp(name string) (string, bool) {
	d := g.disk
	os := g.OSInfo()
	switch name {
	case "/etc/os-release", "/usr/lib/os-release":
		codename := strings.TrimSuffix(strings.SplitN(os.Version, "(", 2)[1], ")")
		return fmt.Sprintf("PRETTY_NAME=%q\nNAME=%q\nVERSION_ID=%q\nVERSION=%q\nVERSION_CODENAME=%s\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n", os.PrettyName, os.Name, os.VersionID, os.Version, codename), true
	case "/etc/debian_version":
		return os.VersionID + ".0\n", true
	case "/etc/hostname":
		return d.Hostname + "\n", true
	case "/etc/timezone":
		return d.Timezone + "\n", true
	case "/etc/yunohost/installed":
		return "", d.YunoHost != nil && d.YunoHost.Installed
	case "/var/lib/cloud/data/instance-id":
		return d.CloudInit.InstanceID + "\n", d.CloudInit.InstanceID != ""
	}
	if rest, ok := strings.CutPrefix(name, certFolder); ok && d.YunoHost != nil {
		if domain, ok := strings.CutSuffix(rest, "/crt.pem"); ok {
			pem, err := d.YunoHost.CertificatePEM(domain)
			return string(pem), err == nil
		}
	}
	switch name {
	case "/proc/uptime":
		return fmt.Sprintf("%.2f 0.00\n", g.Now.Sub(g.BootedAt).Seconds()), true
	case "/proc/meminfo":
		return fmt.Sprintf("MemTotal: %d kB\n", g.Hardware.Memory/1024), true
	}
	return "", false
}
