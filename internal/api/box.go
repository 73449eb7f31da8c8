package api

import (
	"bytes"
	"context"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
)

// Box is one physical host as the controller knows it, without its secrets.
type Box struct {
	Name        string            `json:"name"`
	Site        string            `json:"site"`
	Client      string            `json:"client,omitempty"`
	State       string            `json:"state" enum:"enrolling,ready,spare,retired"`
	URL         string            `json:"url"`
	Fingerprint string            `json:"fingerprint"`
	Node        string            `json:"node"`
	Version     string            `json:"version"`
	Zone        string            `json:"zone"`
	Disks       []fleet.Disk      `json:"disks"`
	Storages    fleet.Storages    `json:"storages"`
	Job         fleet.Job         `json:"job" doc:"the resident backup job as it is wanted"`
	Vault       string            `json:"vault"`
	Namespace   string            `json:"namespace"`
	KeyPrint    string            `json:"key_fingerprint" doc:"of the encryption key; backups carry it"`
	TokenID     string            `json:"token_id"`
	Servers     []string          `json:"servers"`
	Observed    fleet.Observation `json:"observed" doc:"what it said when it was last asked"`
	Enrolled    time.Time         `json:"enrolled,omitzero"`
}

// Enrolment asks for a box to be enrolled, or mended.
type Enrolment struct {
	Site        string `json:"site,omitempty"`
	Client      string `json:"client,omitempty"`
	Spare       bool   `json:"spare,omitempty" doc:"waits in stock"`
	URL         string `json:"url,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Vault       string `json:"vault,omitempty" doc:"default: the only one"`
	Namespace   string `json:"namespace,omitempty" doc:"on the vault; default: the box's name"`
	VMStorage   string `json:"vm_storage,omitempty" doc:"default: the one that Proxmox's installer makes"`
	Bridge      string `json:"bridge,omitempty" doc:"default: vmbr0"`
	SSD         string `json:"ssd,omitempty" doc:"serial number; default: the one that Proxmox is on"`
	HDD         string `json:"hdd,omitempty" doc:"serial number; default: the only hard disk"`
	WipeDisk    string `json:"wipe_disk,omitempty" doc:"serial number of a disk whose data may be destroyed"`
	Schedule    string `json:"schedule,omitempty" doc:"of the local backup job, such as 01:30"`
	Retention   string `json:"retention,omitempty" doc:"of the local backup job, as prune-backups has it"`
	Repair      bool   `json:"repair,omitempty" doc:"mend a box that is enrolled already"`
	Credential  string `json:"credential" doc:"root's password, or an API token USER@REALM!TOKEN=SECRET, which is revoked at the end"`
}

// EnrolmentPlan is what an enrolment would do, or does.
type EnrolmentPlan struct {
	Node      string               `json:"node"`
	Version   string               `json:"version"`
	SSD       *fleet.Disk          `json:"ssd,omitempty"`
	HDD       *fleet.Disk          `json:"hdd,omitempty"`
	Wipes     bool                 `json:"wipes" doc:"the data on the HDD would be destroyed"`
	Formats   bool                 `json:"formats" doc:"the HDD would get a file system"`
	Actions   []EnrolmentAction    `json:"actions" doc:"empty: everything is there"`
	Warnings  []string             `json:"warnings"`
	Operation *operation.Operation `json:"operation,omitempty" doc:"that carries it out; absent: nothing was started"`
}

// EnrolmentAction is one change.
type EnrolmentAction struct {
	Step string `json:"step"`
	What string `json:"what"`
}

// BoxEdit changes what is ours to say about a box; what is absent stays.
type BoxEdit struct {
	Client *string `json:"client,omitempty"`
	Site   *string `json:"site,omitempty"`
	State  *string `json:"state,omitempty" enum:"ready,spare,retired"`
}

// PlanEnrolment looks at the box and changes nothing.
func (c *Client) PlanEnrolment(ctx context.Context, box string, e Enrolment) (EnrolmentPlan, error) {
	var out EnrolmentPlan
	return out, c.Post(ctx, path("boxes", box, "plan"), e, &out)
}

// Enrol starts the operation that enrols or mends a box, if anything is to be done.
func (c *Client) Enrol(ctx context.Context, box string, e Enrolment) (EnrolmentPlan, error) {
	var out EnrolmentPlan
	return out, c.Post(ctx, path("boxes", box, "enrol"), e, &out)
}

// Boxes lists them by name.
func (c *Client) Boxes(ctx context.Context) ([]Box, error) {
	var out []Box
	return out, c.Get(ctx, "/boxes", &out)
}

// Box reads one.
func (c *Client) Box(ctx context.Context, name string) (Box, error) {
	var out Box
	return out, c.Get(ctx, path("boxes", name), &out)
}

// EditBox changes one.
func (c *Client) EditBox(ctx context.Context, name string, b BoxEdit) (Box, error) {
	var out Box
	return out, c.Patch(ctx, path("boxes", name), b, &out)
}

// ObserveBox asks a box now, instead of at the next round.
func (c *Client) ObserveBox(ctx context.Context, name string) (Box, error) {
	var out Box
	return out, c.Post(ctx, path("boxes", name, "observe"), nil, &out)
}

// BoxKey prints the paper key of a box's vault: a PDF. The audit tells who asked.
func (c *Client) BoxKey(ctx context.Context, name string) ([]byte, error) {
	var out bytes.Buffer
	err := c.Do(ctx, "POST", path("boxes", name, "key"), nil, &out)
	return out.Bytes(), err
}
