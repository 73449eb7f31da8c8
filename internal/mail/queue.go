package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// Options of a Queue; all but Relay, Disk and Log are needed.
type Options struct {
	DB     store.DB
	Clock  clock.Clock
	Relay  *notify.Relay  // nil: nothing can be sent
	Folder string         // of attachments: that of the documents, so that these lie there once
	Disk   wholefile.Disk // nil: the machine's
	Log    *slog.Logger   // nil: none
}

// Queue keeps mails and sends them. Run does the sending; all else may be called
// whether it runs or not.
type Queue struct {
	Options

	mu    sync.Mutex
	woken bool   // since the last look
	end   func() // ends the pause of Run, if there is one
	mark  func() // of the work that waits for Run
}

// New makes a queue.
func New(o Options) *Queue {
	if o.Disk == nil {
		o.Disk = wholefile.OS
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Queue{Options: o}
}

var mails = store.NewCollection[Mail]("mail", 1,
	store.WithIndex("key", func(m Mail) []string { return []string{m.Key} }),
	store.WithIndex("client", func(m Mail) []string { return []string{m.Client} }),
	store.WithIndex("state", func(m Mail) []string { return []string{string(m.State)} }))

// Add queues letters, all or none, and returns a mail for each. For an occasion that
// had its mail before, that mail comes back as it is: nothing is sent twice. Attachments
// are on the disk before any mail is in the store.
func (q *Queue) Add(a contract.Actor, letters ...Letter) (list []Mail, err error) {
	if !q.Relay.Enabled() {
		return nil, refused("set relay.host and its other keys in accoladed's configuration file, then restart it", "the configuration names no relay to send mail through")
	}
	files := make([][]Enclosure, len(letters))
	for i, l := range letters {
		if err := l.Check(); err != nil {
			return nil, fmt.Errorf("mail %s: %w", l.Key, err)
		}
		if files[i], err = q.keep(l.Attachments); err != nil {
			return nil, fmt.Errorf("mail %s: %w", l.Key, err)
		}
	}
	if err := q.flush(files); err != nil {
		return nil, err
	}
	err = q.DB.Update(func(tx store.Tx) error {
		list = nil
		for i, l := range letters {
			m, err := q.addTx(tx, a, l, files[i])
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	q.wake()
	return list, nil
}

func (q *Queue) addTx(tx store.Tx, a contract.Actor, l Letter, files []Enclosure) (Mail, error) {
	before, err := mails.ByIndex(tx, "key", l.Key)
	if err != nil || len(before) > 0 {
		return slices.Concat(before, []Mail{{}})[0], err
	}
	id, err := store.NextID(tx, "mail")
	if err != nil {
		return Mail{}, err
	}
	now := q.Clock.Now()
	m := Mail{ID: "M" + id, Key: l.Key, Client: l.Client, To: l.To, ToName: l.ToName, From: q.Relay.From, FromName: l.FromName, ReplyTo: l.ReplyTo,
		Subject: l.Subject, Text: l.Text, HTML: l.HTML, Files: files, MessageID: notify.MessageID(l.Key, l.To), Date: now.Truncate(time.Second), Next: now}
	m.turn(now, a.Who, Queued, "")
	if err := mails.Insert(tx, m.ID, m); err != nil {
		return Mail{}, err
	}
	return m, audit.Append(tx, now, audit.Record{Who: a.Who, From: a.From, Action: "mail.queue", Object: "mail/" + m.ID, Result: "ok", Detail: m.Key + " to " + m.To})
}

// turn brings a mail into a state.
func (m *Mail) turn(now time.Time, by string, to State, why string) {
	m.State, m.Why = to, why
	if to != Queued {
		m.Next = time.Time{}
	}
	m.History = append(m.History, Turn{At: now, By: by, State: to, Why: why})
}

// Filter chooses mails; empty fields choose all.
type Filter struct {
	State  State
	Client string // ID
}

// List are the mails, the oldest first.
func (q *Queue) List(f Filter) (list []Mail, err error) {
	if f.State != "" && !slices.Contains(States, f.State) {
		return nil, &contract.Invalid{Field: "state", Value: string(f.State), Allowed: contract.OneOf(States)}
	}
	err = q.DB.View(func(tx store.Tx) error {
		switch {
		case f.Client != "":
			c, err := contract.ClientByRef(tx, f.Client)
			if err != nil {
				return err
			}
			if list, err = mails.ByIndex(tx, "client", c.ID); err != nil {
				return err
			}
		case f.State != "":
			list, err = mails.ByIndex(tx, "state", string(f.State))
		default:
			list, err = mails.List(tx)
		}
		return err
	})
	list = slices.DeleteFunc(list, func(m Mail) bool { return f.State != "" && m.State != f.State })
	slices.SortFunc(list, func(a, b Mail) int { return a.Date.Compare(b.Date) })
	return list, err
}

// Mail is one mail.
func (q *Queue) Mail(id string) (m Mail, err error) {
	err = q.DB.View(func(tx store.Tx) error {
		m, err = mails.Get(tx, id)
		return err
	})
	return m, err
}

// Of finds the mail of an occasion; ok is false when there is none.
func (q *Queue) Of(key string) (m Mail, ok bool, err error) {
	err = q.DB.View(func(tx store.Tx) error {
		m, ok, err = Of(tx, key)
		return err
	})
	return m, ok, err
}

// Of is Queue.Of inside a transaction of somebody who decides by it.
func Of(tx store.Tx, key string) (m Mail, ok bool, err error) {
	found, err := mails.ByIndex(tx, "key", key)
	if ok = len(found) > 0; ok {
		m = found[0]
	}
	return m, ok, err
}

// change brings a mail forward in one transaction; check may refuse.
func (q *Queue) change(id string, change func(tx store.Tx, m *Mail) error) (m Mail, err error) {
	err = q.DB.Update(func(tx store.Tx) error {
		if m, err = mails.Get(tx, id); err != nil {
			return err
		}
		if err := change(tx, &m); err != nil {
			return err
		}
		return mails.Put(tx, id, m)
	})
	return m, err
}

func refused(fix, why string, args ...any) error {
	return &operation.Refused{Why: fmt.Sprintf(why, args...), Fix: fix}
}

// wake has Run look at once. A mark of work goes with it, so that no simulated time
// passes before Run has seen it.
func (q *Queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.woken = true
	if q.end == nil { // it looks before it rests again, or nobody runs it
		return
	}
	if q.mark == nil {
		_, q.mark = q.Clock.Work(context.Background())
	}
	q.end()
}

// rest waits until somebody wakes the queue, or until an instant, if it is not zero.
func (q *Queue) rest(ctx context.Context, until time.Time) error {
	pause, end := context.WithCancel(ctx)
	defer end()
	q.mu.Lock()
	q.end = end
	if q.woken {
		end()
	}
	q.mu.Unlock()
	var err error
	if until.IsZero() {
		q.Clock.Idle(ctx, func() { <-pause.Done() })
	} else if err = q.Clock.SleepUntil(pause, until); errors.Is(err, context.Canceled) {
		err = nil
	}
	q.mu.Lock()
	q.end = nil
	q.mu.Unlock()
	return errors.Join(err, ctx.Err())
}

// awake takes over from whoever woke the queue; the mark is to be let go once the work
// is done.
func (q *Queue) awake() (done func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.woken = false
	done, q.mark = q.mark, nil
	if done == nil {
		return func() {}
	}
	return done
}
