package proxmox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// FuzzAnswers has every call of the adapter answered by the same arbitrary text. Each
// must come back: with a result, or with an error that names the box, says something
// and shows no secret. A status that is no success is never a result.
func FuzzAnswers(f *testing.F) {
	for _, a := range sharedtest.Answers(f, "pve-9.2.4") {
		f.Add(a.Status, a.Body)
	}
	for _, body := range []string{`{"data":null}`, `{"data":[]}`, `{"data":"UPID:pve:00004675:0005B36F:6A4A8EED:qmcreate:9101:root@pam:"}`, `{"data":{"status":"stopped","exitstatus":"OK"}}`,
		`{"data":[{"n":1,"t":"no content"}]}`, `{"data":[{"vmid":"100","maxmem":"x"}]}`, `{"data":{"pid":7}}`, `{"data":`, `<html>`, ``} {
		f.Add(200, body)
	}
	f.Add(200, `{"data":[`+strings.TrimSuffix(strings.Repeat(`{"n":1,"t":"no content"},`, page), ",")+`]}`)
	f.Add(200, `{"data":[`+strings.TrimSuffix(strings.Repeat(`{"n":1,"t":"again"},`, page), ",")+`]}`)
	f.Add(400, `{"errors":{"cores":"value must be at least 1\n"},"message":"Parameter verification failed.\n","data":null}`)
	f.Add(596, "")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		clk := clocktest.Auto(time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		ctx, done := clk.Work(ctx)
		defer done()
		c := New(Config{Box: "kiosk", URL: "https://kiosk.example:8006", Node: "pve", Clock: clk,
			Login: fleet.Login{TokenID: "accolade@pve!controller", User: "accolade@pve", Secret: secret.New("0000-SECRET-0000")},
			Wrap: func(http.RoundTripper) http.RoundTripper {
				return wire(func(r *http.Request) (*http.Response, error) {
					if r.Body != nil {
						if _, err := io.Copy(io.Discard, r.Body); err != nil {
							return nil, err
						}
					}
					return &http.Response{StatusCode: status, Status: fmt.Sprintf("%d of the fuzzer", status), Header: http.Header{"Content-Type": {"application/json"}},
						Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
				})
			}})
		for name, call := range everyCall(ctx, c) {
			err := call()
			switch {
			case ctx.Err() != nil:
				t.Fatalf("%s does not come back (status %d, %q)", name, status, body)
			case err == nil && status >= 300:
				t.Errorf("%s: status %d is taken for a success", name, status)
			case err != nil && (err.Error() == "" || strings.Contains(err.Error(), "0000-SECRET-0000")):
				t.Errorf("%s: the error says nothing, or too much: %v", name, err)
			}
		}
	})
}

// everyCall is each method that reads an answer.
func everyCall(ctx context.Context, c *Client) map[string]func() error {
	const upid = "UPID:pve:00004675:0005B36F:6A4A8EED:qmcreate:9101:root@pam:"
	task := func(id string, err error) error {
		if err == nil && id != "" {
			if _, bad := parseUPID(id); bad != nil {
				return nil //nolint:nilerr // waiting for it says so
			}
		}
		return err
	}
	only := func(_ any, err error) error { return err }
	return map[string]func() error{
		"Version": func() error { return only(c.Version(ctx)) }, "Nodes": func() error { return only(c.Nodes(ctx)) },
		"Time": func() error { return only(c.Time(ctx)) }, "Status": func() error { return only(c.Status(ctx)) },
		"Disks": func() error { return only(c.Disks(ctx)) }, "Directories": func() error { return only(c.Directories(ctx)) },
		"CreateDirectory": func() error { return task(c.CreateDirectory(ctx, "/dev/sdb", "hdd")) },
		"Pools":           func() error { return only(c.Pools(ctx)) }, "Roles": func() error { return only(c.Roles(ctx)) },
		"Users": func() error { return only(c.Users(ctx)) }, "Tokens": func() error { return only(c.Tokens(ctx, "accolade@pve")) },
		"CreateToken": func() error { return only(c.CreateToken(ctx, "accolade@pve!controller", "")) },
		"Grants":      func() error { return only(c.Grants(ctx)) }, "Permissions": func() error { return only(c.Permissions(ctx)) },
		"Storages": func() error { return only(c.Storages(ctx)) }, "StorageConfigs": func() error { return only(c.StorageConfigs(ctx)) },
		"AddVault": func() error {
			return c.AddVault(ctx, fleet.StorageConfig{Name: "vault"}, secret.New("0000-SECRET-0000"), secret.Value{})
		},
		"Content":      func() error { return only(c.Content(ctx, "hdd", "backup", 100)) },
		"DeleteVolume": func() error { return task(c.DeleteVolume(ctx, "accolade:iso/seed.iso")) },
		"Download":     func() error { return task(c.Download(ctx, fleet.Download{Storage: "accolade"})) },
		"Upload":       func() error { return task(c.Upload(ctx, "accolade", "iso", "seed.iso", []byte("x"))) },
		"Vzdump":       func() error { return task(c.Vzdump(ctx, fleet.Dump{VMID: 100})) },
		"Jobs":         func() error { return only(c.Jobs(ctx)) }, "NextID": func() error { return only(c.NextID(ctx)) },
		"FreeVMID": func() error {
			_, err := c.FreeVMID(ctx, 100)
			if _, refused := errors.AsType[*paramError](err); err == nil || refused {
				return errors.New("a taken number is an answer too")
			}
			return err
		},
		"VMs": func() error { return only(c.VMs(ctx)) }, "VM": func() error { return only(c.VM(ctx, 100)) },
		"VMConfig": func() error { return only(c.VMConfig(ctx, 100)) }, "CreateVM": func() error { return task(c.CreateVM(ctx, 100, map[string]any{"cores": 2})) },
		"ResizeDisk": func() error { return task(c.ResizeDisk(ctx, 100, "scsi0", "64G")) }, "StartVM": func() error { return task(c.StartVM(ctx, 100)) },
		"DestroyVM": func() error { return task(c.DestroyVM(ctx, 100)) },
		"AgentPing": func() error { return c.AgentPing(ctx, 100) }, "AgentExec": func() error { return only(c.AgentExec(ctx, 100, []string{"true"}, nil)) },
		"AgentStatus": func() error { return only(c.AgentStatus(ctx, 100, 7)) }, "AgentAddresses": func() error { return only(c.AgentAddresses(ctx, 100)) },
		"TaskLog": func() error { return only(c.TaskLog(ctx, upid)) }, "Task": func() error { return only(c.Task(ctx, upid)) },
		"Tasks": func() error { return only(c.Tasks(ctx, fleet.TaskFilter{})) },
		"Wait":  func() error { return waited(c.Wait(ctx, upid, nil)) },
	}
}

// waited holds what Wait promises: a task that it gives back without an error is OK.
func waited(task fleet.Task, err error) error {
	if err == nil && !task.OK {
		return errors.New("")
	}
	return err
}
