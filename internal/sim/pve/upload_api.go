package pve

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

var _ = handle("POST /nodes/{node}/storage/{storage}/upload", upload)

var (
	isoExt       = regexp.MustCompile(`(?i)[^/]+\.(?:iso|img)$`)
	tmplExt      = regexp.MustCompile(`(?i)[^/]+\.(?:tar|tar\.(?:gz|xz|zst|bz2))$`)
	importExt    = regexp.MustCompile(`^[a-zA-Z0-9\-_.+=]+\.(ova|qcow2|raw|vmdk)$`)
	unsafeInName = regexp.MustCompile(`[^a-zA-Z0-9_.-]`)
)

// normalizeName is what becomes of the name of a file that is put on a storage.
func normalizeName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	return unsafeInName.ReplaceAllString(name, "_")
}

// checkFileName refuses names that the content type cannot have, and gives the
// volume's name.
func checkFileName(content, name string) (string, error) {
	switch content {
	case "iso":
		if !isoExt.MatchString(name) {
			return "", badParam("filename", "wrong file extension")
		}
		return "iso/" + name, nil
	case "vztmpl":
		if !tmplExt.MatchString(name) {
			return "", badParam("filename", "wrong file extension")
		}
		return "vztmpl/" + name, nil
	case "import":
		if !importExt.MatchString(name) {
			return "", badParam("filename", "invalid filename or wrong extension")
		}
		return "import/" + name, nil
	}
	return "", badParam("content", fmt.Sprintf("upload content type '%s' not allowed", content))
}

func upload(c *call) (any, error) {
	b := c.box
	s, err := b.enabledStorage(c.p.Str("storage"))
	if err != nil {
		return nil, err
	}
	if s.path() == "" {
		return nil, failf("can't upload to storage type '%s'", s.Type)
	}
	if c.file == nil {
		return nil, failf("missing temporary file name")
	}
	content := c.p.Str("content")
	name, err := checkFileName(content, normalizeName(c.file.Name))
	if err != nil {
		return nil, err
	}
	if !s.holds(content) {
		return nil, failf("storage '%s' does not support '%s' content", s.ID, content)
	}
	if err := b.activate(s); err != nil {
		return nil, err
	}
	w := &uploadWork{
		Storage: s.ID, Name: name, Content: content, Data: c.file.Content,
		Algorithm: c.p.Str("checksum-algorithm"), Sum: c.p.Str("checksum"),
	}
	return b.startTask(c.now, "imgcopy", "", c.auth.ID(), w), nil
}

// uploadWork copies an uploaded file to its place.
type uploadWork struct {
	Storage   string `json:"storage"`
	Name      string `json:"name"`
	Content   string `json:"content"`
	Data      []byte `json:"data"`
	Algorithm string `json:"algorithm,omitempty"`
	Sum       string `json:"sum,omitempty"`
	Begun     bool   `json:"begun,omitempty"`
}

func (w *uploadWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	s, err := b.storageConfig(w.Storage)
	if err != nil {
		return 0, err
	}
	n, err := parseDirName(w.Name)
	if err != nil {
		return 0, err
	}
	tmp := fmt.Sprintf("/var/tmp/pveupload-%016x", archive.ContentID(b.seed, int64(len(w.Data))))
	dest := b.volumePath(s, n)
	if !w.Begun {
		w.Begun = true
		t.say(now, "starting file import from: %s", tmp)
		if w.Sum != "" {
			t.say(now, "calculating checksum...")
			if got := checksum(w.Algorithm, w.Data); !strings.EqualFold(got, w.Sum) {
				return 0, failf("checksum mismatch: got '%s' != expect '%s'", got, w.Sum)
			}
			t.say(now, "OK, checksum verified")
		}
		return time.Second + copyTime(int64(len(w.Data))), nil
	}
	v := &volume{Storage: s.ID, Name: w.Name, Content: w.Content, Format: listedFormat(w.Content, n), Size: int64(len(w.Data)), Made: now}
	if w.Content == "import" {
		image, err := readImage(n.format, w.Data)
		if err != nil {
			return 0, err
		}
		if v.Disk, err = image.disk(n.file); err != nil {
			return 0, err
		}
		v.Size = image.fileSize(len(w.Data))
	} else {
		v.Data = w.Data
	}
	t.say(now, "target node: %s", b.name)
	t.say(now, "target file: %s", dest)
	t.say(now, "file size is: %d", v.Size)
	t.say(now, "command: cp -- %s %s", tmp, dest)
	if err := b.activate(s); err != nil {
		return 0, err
	}
	if err := b.makeRoom(s, v.Size); err != nil {
		return 0, failf("import failed: %s", err)
	}
	b.putVolume(v)
	t.say(now, "finished file import successfully")
	return 0, nil
}

// listedFormat is the format under which a file is listed.
func listedFormat(content string, n volname) string {
	switch content {
	case "iso":
		return "iso"
	case "vztmpl":
		ext := n.file[strings.LastIndexByte(n.file, '.')+1:]
		if ext == "tar" {
			return ext
		}
		return "t" + ext
	}
	return n.format
}
