package proxmox_test

import (
	"net/http"
	"reflect"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/rest/resttest"
)

// reads is what the adapter reads of a box.
func reads(t *testing.T, c *proxmox.Client, box fleet.Box, upid string) map[string]any {
	t.Helper()
	ctx, all := t.Context(), map[string]any{}
	for name, read := range map[string]func() (any, error){
		"Version": func() (any, error) { return c.Version(ctx) }, "Nodes": func() (any, error) { return c.Nodes(ctx) }, "Status": func() (any, error) { return c.Status(ctx) },
		"Disks": func() (any, error) { return c.Disks(ctx) }, "Directories": func() (any, error) { return c.Directories(ctx) },
		"Pools": func() (any, error) { return c.Pools(ctx) }, "Roles": func() (any, error) { return c.Roles(ctx) }, "Users": func() (any, error) { return c.Users(ctx) },
		"Tokens": func() (any, error) { return c.Tokens(ctx, fleet.BoxUser) }, "Grants": func() (any, error) { return c.Grants(ctx) }, "Permissions": func() (any, error) { return c.Permissions(ctx) },
		"Storages": func() (any, error) { return c.Storages(ctx) }, "StorageConfigs": func() (any, error) { return c.StorageConfigs(ctx) },
		"Content": func() (any, error) { return c.Content(ctx, "local", "iso", 0) }, "Jobs": func() (any, error) { return c.Jobs(ctx) },
		"NextID": func() (any, error) { return c.NextID(ctx) }, "VMs": func() (any, error) { return c.VMs(ctx) }, "VM": func() (any, error) { return c.VM(ctx, 100) },
		"Task": func() (any, error) { return c.Task(ctx, upid) }, "TaskLog": func() (any, error) { return c.TaskLog(ctx, upid) }, "Tasks": func() (any, error) { return c.Tasks(ctx, fleet.TaskFilter{}) },
	} {
		got, err := read()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		all[name] = got
	}
	return all
}

// Whatever shape a box gives to its answers, an enrolment goes through, and all that is
// read of the box is the same.
func TestShapesOfAnswers(t *testing.T) {
	for shape := range resttest.Shapes {
		t.Run(shape, func(t *testing.T) {
			b := fleettest.New(t, "9.2")
			b.Between = func(next http.RoundTripper) http.RoundTripper { return resttest.As(shape, next) }
			b.Run()
			box := b.Enrolled()
			root := b.Client(box, b.Password())
			defer root.Close()
			upid, err := root.CreateVM(t.Context(), 100, map[string]any{"memory": 512, "name": "100", "pool": box.Pool, "protection": true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := root.Wait(t.Context(), upid, nil); err != nil {
				t.Fatal(err)
			}
			got := reads(t, root, box, upid)
			b.Between = nil
			plain := b.Client(box, b.Password())
			defer plain.Close()
			for name, want := range reads(t, plain, box, upid) {
				if !reflect.DeepEqual(got[name], want) {
					t.Errorf("%s is read as\n%+v, want\n%+v", name, got[name], want)
				}
			}
		})
	}
}
