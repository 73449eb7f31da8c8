package backup

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// Policy is what is wanted of the remote backups.
type Policy struct {
	Remote  string // cron expression of the nightly remote backup
	Morning string // cron expression of the look at the night
	Zone    string // IANA name
}

// DefaultPolicy is 02:30 each night and a look at 08:00.
func DefaultPolicy() Policy {
	return Policy{Remote: "30 2 * * *", Morning: "0 8 * * *", Zone: fleet.DefaultZone}
}

// nextMorning is the first look after an instant.
func (p Policy) nextMorning(after time.Time) (time.Time, error) {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("backup policy: %w", err)
	}
	morning, err := schedule.Parse(p.Morning, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("backup policy: %w", err)
	}
	return morning.Next(after), nil
}

// Notifier mails the people who care for the servers. key tells one occasion from
// another.
type Notifier interface {
	Send(ctx context.Context, key, subject, text string) error
}

// Parts are what a Service is put together from.
type Parts struct {
	DB        store.DB
	Clock     clock.Clock
	Engine    *operation.Engine
	Scheduler *schedule.Scheduler
	Fleet     *fleet.Registry
	Notifier  Notifier // nil: nobody is mailed
	Log       *slog.Logger
	Policy    Policy
	Connect   func(fleet.Box) (Hypervisor, error)
	ReadLog   func(log []string) fleet.DumpReport // of a vzdump task
}

// Service takes, lists and restores backups.
type Service struct {
	db        store.DB
	clk       clock.Clock
	engine    *operation.Engine
	scheduler *schedule.Scheduler
	fleet     *fleet.Registry
	notifier  Notifier
	log       *slog.Logger
	policy    Policy
	connect   func(fleet.Box) (Hypervisor, error)
	read      func([]string) fleet.DumpReport
}

// New puts a service together and registers its workflows with the engine.
func New(p Parts) *Service {
	s := &Service{db: p.DB, clk: p.Clock, engine: p.Engine, scheduler: p.Scheduler, fleet: p.Fleet, notifier: p.Notifier, log: p.Log,
		policy: p.Policy, connect: p.Connect, read: p.ReadLog}
	p.Engine.Register(s.runWorkflow(kindRemote))
	p.Engine.Register(s.runWorkflow(kindLocal))
	p.Engine.Register(s.restoreWorkflow())
	return s
}

// Points lists the backup points of a server, or of every VM of ours when name is
// empty, newest first, as the storages of the boxes list them now. Boxes and
// vaults that do not answer are told beside the points that the others list.
func (s *Service) Points(ctx context.Context, name string) (points []Point, away []error, err error) {
	servers, err := s.fleet.Servers()
	if err != nil {
		return nil, nil, err
	}
	if name != "" {
		if _, err := s.fleet.Server(name); err != nil {
			return nil, nil, err
		}
		servers = slices.DeleteFunc(servers, func(server fleet.Server) bool { return server.Name != name })
	}
	byBox := map[string]map[int]string{}
	for _, server := range servers {
		if server.VMID == 0 || server.State == fleet.ServerGone {
			continue
		}
		if byBox[server.Box] == nil {
			byBox[server.Box] = map[int]string{}
		}
		byBox[server.Box][server.VMID] = server.Name
	}
	for boxName, names := range byBox {
		box, err := s.fleet.Box(boxName)
		if err != nil {
			return nil, nil, err
		}
		found, problems := s.pointsOn(ctx, box, names, name != "")
		points, away = append(points, found...), append(away, problems...)
	}
	slices.SortFunc(points, func(a, b Point) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	return points, away, nil
}

func (s *Service) pointsOn(ctx context.Context, box fleet.Box, names map[int]string, only bool) (points []Point, away []error) {
	hv, err := s.connect(box)
	if err != nil {
		return nil, []error{fmt.Errorf("box %s: %w", box.Name, err)}
	}
	for _, kind := range []Kind{Local, Remote} {
		storage := storageOf(box, kind)
		if storage == "" {
			continue
		}
		volumes, err := hv.Content(ctx, storage, "backup", 0)
		if err != nil {
			away = append(away, err)
			continue
		}
		for _, v := range volumes {
			if only && names[v.VMID] == "" {
				continue
			}
			points = append(points, Point{Place: placeOf(box, kind, v.VMID), Kind: kind, Server: names[v.VMID], Box: box.Name, Storage: storage, ID: v.ID,
				At: v.Created, Size: v.Size, Notes: v.Notes, Protected: v.Protected, Encrypted: v.Encrypted != "", Verified: v.Verified})
		}
	}
	return points, away
}
