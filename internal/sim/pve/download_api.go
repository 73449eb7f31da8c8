package pve

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

var (
	_ = handle("POST /nodes/{node}/storage/{storage}/download-url", downloadURL)
	_ = handle("GET /nodes/{node}/query-url-metadata", queryURL)
)

// maxDownload bounds what is really fetched; an image stands for a larger file.
const maxDownload = 64 << 20

// web fetches from the sandbox's own control address.
var web = &http.Client{Timeout: 20 * time.Second}

// onSandbox tells whether the simulated Internet holds a URL.
func (b *Box) onSandbox(url string) bool {
	return b.fetch != "" && strings.HasPrefix(url, strings.TrimRight(b.fetch, "/")+"/")
}

func downloadURL(c *call) (any, error) {
	b := c.box
	s, err := b.enabledStorage(c.p.Str("storage"))
	if err != nil {
		return nil, err
	}
	if s.path() == "" {
		return nil, failf("can't upload to storage type '%s', not a file based storage!", s.Type)
	}
	content := c.p.Str("content")
	if !s.holds(content) {
		return nil, failf("storage '%s' is not configured for content-type '%s'", s.ID, content)
	}
	filename := normalizeName(c.p.Str("filename"))
	name, err := checkFileName(content, filename)
	if err != nil {
		return nil, err
	}
	if err := b.activate(s); err != nil {
		return nil, err
	}
	w := &downloadWork{
		Storage: s.ID, Name: name, Content: content, URL: c.p.Str("url"),
		Algorithm: c.p.Str("checksum-algorithm"), Sum: c.p.Str("checksum"), Compression: c.p.Str("compression"),
	}
	return b.startTask(c.now, "download", filename, c.auth.ID(), w), nil
}

// downloadWork fetches a file at its start and has it at its end.
type downloadWork struct {
	Storage     string `json:"storage"`
	Name        string `json:"name"`
	Content     string `json:"content"`
	URL         string `json:"url"`
	Algorithm   string `json:"algorithm,omitempty"`
	Sum         string `json:"sum,omitempty"`
	Compression string `json:"compression,omitempty"`

	Fetched bool      `json:"fetched,omitempty"`
	Got     string    `json:"got,omitempty"` // checksum of what was fetched
	Size    int64     `json:"size,omitempty"`
	Image   diskImage `json:"image"`
	Data    []byte    `json:"data,omitempty"`
}

func (w *downloadWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	s, err := b.storageConfig(w.Storage)
	if err != nil {
		return 0, err
	}
	n, err := parseDirName(w.Name)
	if err != nil {
		return 0, err
	}
	dest := b.volumePath(s, n)
	if !w.Fetched {
		return w.fetch(b, t, now, n, dest)
	}
	if err := b.activate(s); err != nil {
		return 0, err
	}
	if w.Sum != "" {
		t.say(now, "calculating checksum...")
		if !strings.EqualFold(w.Got, w.Sum) {
			return 0, failf("checksum mismatch: got '%s' != expect '%s'", w.Got, w.Sum)
		}
		t.say(now, "OK, checksum verified")
	}
	if err := b.makeRoom(s, w.Size); err != nil {
		return 0, failf("download failed: exit code 3")
	}
	v := &volume{Storage: s.ID, Name: w.Name, Content: w.Content, Format: listedFormat(w.Content, n), Size: w.Size, Made: now, Data: w.Data}
	if w.Content == "import" {
		if v.Disk, err = w.Image.disk(path.Base(w.URL)); err != nil {
			return 0, err
		}
	}
	b.putVolume(v)
	t.say(now, "download of '%s' to '%s' finished", w.URL, dest)
	return 0, nil
}

// fetch does the transfer and plans how long it takes.
func (w *downloadWork) fetch(b *Box, t *task, now time.Time, n volname, dest string) (time.Duration, error) {
	w.Fetched = true
	if w.Compression != "" {
		if w.Content != "iso" {
			return 0, failf("decompression not supported for %s", w.Content)
		}
		return 0, failf("decompression with '%s' is not simulated", w.Compression)
	}
	t.say(now, "downloading %s to %s", w.URL, dest)
	if old := b.machine.Volumes[w.Storage+":"+w.Name]; old != nil {
		return 0, failf("refusing to override existing file '%s'", dest)
	}
	if !b.onSandbox(w.URL) {
		host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(w.URL, "https://"), "http://"), "/")
		t.say(now, "Resolving %s (%s)... failed: Temporary failure in name resolution.", host, host)
		t.say(now, "wget: unable to resolve host address '%s'", host)
		return 0, failf("download failed: exit code 4")
	}
	data, code, err := fetchURL(w.URL)
	if err != nil {
		t.say(now, "%s", err)
		return 0, failf("download failed: exit code %d", code)
	}
	w.Size = int64(len(data))
	if w.Algorithm != "" {
		w.Got = checksum(w.Algorithm, data)
	}
	if w.Content == "import" {
		if w.Image, err = readImage(n.format, data); err != nil {
			return 0, err
		}
		w.Size = w.Image.fileSize(len(data))
	} else {
		w.Data = data
	}
	took := time.Second + transferTime(w.Size)
	for percent := int64(10); percent <= 100; percent += 10 {
		at := now.Add(took * time.Duration(percent) / 100)
		t.say(at, "%9dK ........ ........ ........ ........ %d%% %.1fM %ds", w.Size/1024*percent/100, percent, float64(downloadRate)/(1<<20), int64((took - at.Sub(now)).Seconds()))
	}
	return took, nil
}

// fetchURL reads a whole file; code is wget's exit code when it fails.
func fetchURL(url string) (data []byte, code int, err error) {
	answer, err := web.Get(url)
	if err != nil {
		return nil, 4, fmt.Errorf("failed: Connection refused: %w", err)
	}
	data, err = io.ReadAll(io.LimitReader(answer.Body, maxDownload+1))
	if closing := answer.Body.Close(); err == nil {
		err = closing
	}
	switch {
	case answer.StatusCode != http.StatusOK:
		return nil, 8, fmt.Errorf("ERROR %s.", answer.Status)
	case err != nil:
		return nil, 4, fmt.Errorf("read error: %w", err)
	case len(data) > maxDownload:
		return nil, 4, fmt.Errorf("the sandbox fetches at most %d bytes of a file", int64(maxDownload))
	}
	return data, 0, nil
}

// queryURL asks the server for a file's size, name and type.
func queryURL(c *call) (any, error) {
	url := c.p.Str("url")
	if !c.box.onSandbox(url) {
		return nil, failf("Can't connect to server: unable to resolve host address")
	}
	answer, err := web.Head(url)
	if err != nil {
		return nil, failf("%s", err)
	}
	if err := answer.Body.Close(); err != nil {
		return nil, failf("%s", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, failf("invalid server response: '%s'", answer.Status)
	}
	out := map[string]any{"filename": path.Base(url)}
	if _, params, err := mime.ParseMediaType(answer.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		out["filename"] = params["filename"]
	}
	if answer.ContentLength >= 0 {
		out["size"] = answer.ContentLength
	}
	if kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";"); kind != "" {
		out["mimetype"] = kind
	}
	return out, nil
}
