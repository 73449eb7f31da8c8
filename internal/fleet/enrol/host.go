package enrol

import (
	"context"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Host is a box, as the enrolment speaks to it.
type Host interface {
	Close()
	OnNode(name string)
	Version(ctx context.Context) (string, error)
	Nodes(ctx context.Context) ([]fleet.Node, error)
	Status(ctx context.Context) (fleet.Node, error)
	Time(ctx context.Context) (fleet.BoxClock, error)
	Permissions(ctx context.Context) (map[string]map[string]bool, error)

	Disks(ctx context.Context) ([]fleet.Disk, error)
	Directories(ctx context.Context) ([]fleet.Directory, error)
	CreateDirectory(ctx context.Context, device, name string) (upid string, err error)
	WipeDisk(ctx context.Context, device string) (upid string, err error)
	Tasks(ctx context.Context, f fleet.TaskFilter) ([]fleet.Task, error)
	Wait(ctx context.Context, upid string, report func(fraction float64, line string)) (fleet.Task, error)

	VMs(ctx context.Context) ([]fleet.VM, error)
	FreeVMID(ctx context.Context, vmid int) (bool, error)
	Storages(ctx context.Context) ([]fleet.ObservedStorage, error)
	Content(ctx context.Context, storage, content string, vmid int) ([]fleet.Volume, error)
	StorageConfigs(ctx context.Context) ([]fleet.StorageConfig, error)
	AddDir(ctx context.Context, s fleet.StorageConfig) error
	UpdateDir(ctx context.Context, s fleet.StorageConfig) error
	AddVault(ctx context.Context, s fleet.StorageConfig, password, key secret.Value) error
	UpdateVault(ctx context.Context, s fleet.StorageConfig, password, key secret.Value) error
	DeleteStorage(ctx context.Context, name string) error

	Pools(ctx context.Context) ([]string, error)
	CreatePool(ctx context.Context, name, comment string) error
	DeletePool(ctx context.Context, name string) error
	Jobs(ctx context.Context) ([]fleet.Job, error)
	CreateJob(ctx context.Context, j fleet.Job) error
	UpdateJob(ctx context.Context, j fleet.Job) error
	DeleteJob(ctx context.Context, id string) error

	Roles(ctx context.Context) ([]fleet.Role, error)
	CreateRole(ctx context.Context, r fleet.Role) error
	UpdateRole(ctx context.Context, r fleet.Role) error
	DeleteRole(ctx context.Context, name string) error
	Users(ctx context.Context) ([]string, error)
	CreateUser(ctx context.Context, user, comment string) error
	DeleteUser(ctx context.Context, user string) error
	Tokens(ctx context.Context, user string) ([]fleet.Token, error)
	CreateToken(ctx context.Context, id, comment string) (secret.Value, error)
	DeleteToken(ctx context.Context, id string) error
	Grants(ctx context.Context) ([]fleet.Grant, error)
	Grant(ctx context.Context, g fleet.Grant) error
	Revoke(ctx context.Context, g fleet.Grant) error
}

// VaultServer is a vault, as the enrolment speaks to it.
type VaultServer interface {
	Close()
	Version(ctx context.Context) (string, error)
	Namespaces(ctx context.Context) ([]string, error)
	Users(ctx context.Context) ([]string, error)
	HasNamespace(ctx context.Context, name string) (bool, error)
	CreateNamespace(ctx context.Context, name string) error
	DeleteNamespace(ctx context.Context, name string) error
	Empty(ctx context.Context, namespace string) (bool, error)
	HasUser(ctx context.Context, user string) (bool, error)
	CreateUser(ctx context.Context, user, comment string) error
	DeleteUser(ctx context.Context, user string) error
	HasToken(ctx context.Context, id string) (bool, error)
	CreateToken(ctx context.Context, id, comment string) (secret.Value, error)
	DeleteToken(ctx context.Context, id string) error
	MayBackUp(ctx context.Context, who, namespace string) (bool, error)
	AllowBackup(ctx context.Context, who, namespace string) error
}
