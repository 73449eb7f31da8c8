package proxmox

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Storages lists what the box has mounted, with its fill. A storage without
// Datastore.Audit for us is left out by the box.
func (c *Client) Storages(ctx context.Context) ([]fleet.ObservedStorage, error) {
	var rows []struct {
		Name   string `json:"storage"`
		Type   string `json:"type"`
		Active bool   `json:"active"`
		Total  int64  `json:"total"`
		Used   int64  `json:"used"`
		Avail  int64  `json:"avail"`
	}
	if err := c.get(ctx, c.path("storage"), nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.ObservedStorage
	for _, r := range rows {
		out = append(out, fleet.ObservedStorage{Name: r.Name, Type: r.Type, Active: r.Active, Total: r.Total, Used: r.Used, Free: r.Avail})
	}
	return out, nil
}

// StorageConfigs lists the definitions of the storages.
func (c *Client) StorageConfigs(ctx context.Context) ([]fleet.StorageConfig, error) {
	var rows []struct {
		Storage       string `json:"storage"`
		Type          string `json:"type"`
		Content       string `json:"content"`
		Path          string `json:"path"`
		Mountpoint    string `json:"is_mountpoint"`
		Nodes         string `json:"nodes"`
		Disable       bool   `json:"disable"`
		Server        string `json:"server"`
		Port          int64  `json:"port"`
		Datastore     string `json:"datastore"`
		Namespace     string `json:"namespace"`
		Username      string `json:"username"`
		Fingerprint   string `json:"fingerprint"`
		EncryptionKey string `json:"encryption-key"`
	}
	if err := c.get(ctx, "/storage", nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.StorageConfig
	for _, r := range rows {
		out = append(out, fleet.StorageConfig{
			Name: r.Storage, Type: r.Type, Content: words(r.Content), Path: r.Path,
			Mountpoint: !slices.Contains([]string{"", "0", "no", "off", "false"}, r.Mountpoint), Nodes: words(r.Nodes), Disabled: r.Disable,
			Server: r.Server, Port: int(r.Port), Datastore: r.Datastore, Namespace: r.Namespace, Username: r.Username,
			Fingerprint: strings.ToUpper(r.Fingerprint), KeyPrint: r.EncryptionKey,
		})
	}
	return out, nil
}

// AddDir defines a storage of type dir.
func (c *Client) AddDir(ctx context.Context, s fleet.StorageConfig) error {
	return c.post(ctx, "/storage", dirParams(s, map[string]any{"storage": s.Name, "type": "dir", "path": s.Path}), nil)
}

// UpdateDir writes what can change of a storage of type dir; its path cannot.
func (c *Client) UpdateDir(ctx context.Context, s fleet.StorageConfig) error {
	return c.put(ctx, join("storage", s.Name), dirParams(s, map[string]any{}), nil)
}

func dirParams(s fleet.StorageConfig, params map[string]any) map[string]any {
	params["content"] = strings.Join(s.Content, ",")
	params["disable"] = bit(s.Disabled)
	if s.Mountpoint {
		params["is_mountpoint"] = "yes"
	}
	if len(s.Nodes) > 0 {
		params["nodes"] = strings.Join(s.Nodes, ",")
	}
	return params
}

// AddVault defines a storage of type pbs. The box logs in there at once: a vault
// that is away, or a wrong fingerprint, fails the call.
func (c *Client) AddVault(ctx context.Context, s fleet.StorageConfig, password, key secret.Value) error {
	return c.post(ctx, "/storage", vaultParams(s, password, key, map[string]any{
		"storage": s.Name, "type": "pbs", "server": s.Server, "datastore": s.Datastore}), nil)
}

// UpdateVault writes what can change of a storage of type pbs; server and
// datastore cannot. An empty key leaves the one that is there.
func (c *Client) UpdateVault(ctx context.Context, s fleet.StorageConfig, password, key secret.Value) error {
	return c.put(ctx, join("storage", s.Name), vaultParams(s, password, key, map[string]any{}), nil)
}

func vaultParams(s fleet.StorageConfig, password, key secret.Value, params map[string]any) map[string]any {
	params["content"] = strings.Join(s.Content, ",")
	params["namespace"] = s.Namespace
	params["username"] = s.Username
	params["password"] = password.Reveal()
	params["fingerprint"] = s.Fingerprint
	params["disable"] = bit(s.Disabled)
	if s.Port != 0 {
		params["port"] = s.Port
	}
	if len(s.Nodes) > 0 {
		params["nodes"] = strings.Join(s.Nodes, ",")
	}
	if key.Reveal() != "" {
		params["encryption-key"] = key.Reveal()
	}
	return params
}

// DeleteStorage removes a definition; what the storage holds stays.
func (c *Client) DeleteStorage(ctx context.Context, name string) error {
	return c.delete(ctx, join("storage", name), nil, nil)
}

// Content lists a storage's volumes of one kind (backup, iso, import, images), of
// one VM if vmid is not 0.
func (c *Client) Content(ctx context.Context, storage, content string, vmid int) ([]fleet.Volume, error) {
	query := map[string]any{"content": content}
	if vmid != 0 {
		query["vmid"] = vmid
	}
	var rows []struct {
		ID           string `json:"volid"`
		Content      string `json:"content"`
		Format       string `json:"format"`
		Size         int64  `json:"size"`
		Created      int64  `json:"ctime"`
		VMID         int64  `json:"vmid"`
		Notes        string `json:"notes"`
		Protected    bool   `json:"protected"`
		Encrypted    string `json:"encrypted"`
		Verification struct {
			State string `json:"state"`
		} `json:"verification"`
	}
	if err := c.get(ctx, c.path("storage", storage, "content"), query, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Volume
	for _, r := range rows {
		out = append(out, fleet.Volume{ID: r.ID, Storage: storage, Content: r.Content, Format: r.Format, Size: r.Size, Created: time.Unix(r.Created, 0).UTC(),
			VMID: int(r.VMID), Notes: r.Notes, Protected: r.Protected, Encrypted: r.Encrypted, Verified: r.Verification.State})
	}
	return out, nil
}

// deleteDelay is how many seconds a box may take to remove a volume before it answers
// with a task: a file is gone at once.
const deleteDelay = 5

// DeleteVolume removes a volume: volid is STORAGE:PATH. It answers a UPID, or
// nothing when the box was done at once.
func (c *Client) DeleteVolume(ctx context.Context, volid string) (upid string, err error) {
	storage, _, ok := strings.Cut(volid, ":")
	if !ok {
		return "", fmt.Errorf("volume %q has no storage in its name", volid)
	}
	var task *string
	if err := c.delete(ctx, c.path("storage", storage, "content", volid), map[string]any{"delay": deleteDelay}, &task); err != nil {
		return "", err
	}
	if task != nil {
		upid = *task
	}
	return upid, nil
}

// NoteVolume sets the notes and the protection of a backup.
func (c *Client) NoteVolume(ctx context.Context, volid, notes string, protected bool) error {
	storage, _, ok := strings.Cut(volid, ":")
	if !ok {
		return fmt.Errorf("volume %q has no storage in its name", volid)
	}
	return c.put(ctx, c.path("storage", storage, "content", volid), map[string]any{"notes": notes, "protected": bit(protected)}, nil)
}

// Download makes the box fetch a file into a storage and check its sum. It
// answers the task's UPID.
func (c *Client) Download(ctx context.Context, d fleet.Download) (upid string, err error) {
	params := map[string]any{"content": d.Content, "filename": d.File, "url": d.URL}
	if d.SHA512 != "" {
		params["checksum"], params["checksum-algorithm"] = d.SHA512, "sha512"
	}
	err = c.post(ctx, c.path("storage", d.Storage, "download-url"), params, &upid)
	return upid, err
}

// Upload sends a file held in memory, for instance a seed ISO of a few hundred
// kB. The name stands in the file part only: a form field beside it is refused.
// It is our own because go-proxmox's ignores the context.
func (c *Client) Upload(ctx context.Context, storage, content, filename string, data []byte) (upid string, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("content", content); err != nil {
		return "", err
	}
	part, err := form.CreateFormFile("filename", filename)
	if err != nil {
		return "", err
	}
	if _, err := part.Write(data); err != nil {
		return "", err
	}
	if err := form.Close(); err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+c.path("storage", storage, "upload"), &body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := c.http.Do(req)
	if err != nil {
		return "", plain(err)
	}
	defer res.Body.Close()
	if err := readData(res.Body, &upid); err != nil {
		return "", fmt.Errorf("box %s: upload %s: read the answer: %w", c.box, filename, err)
	}
	return upid, nil
}
