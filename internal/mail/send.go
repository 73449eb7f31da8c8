package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/store"
)

// pauses between the attempts at a mail; the last one again and again (RFC 5321,
// 4.5.4.1, wants pauses to grow to hours).
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}

// patience is for how long a mail is tried before it counts as refused (RFC 5321: four
// to five days).
const patience = 5 * 24 * time.Hour

// breath is the pause before the store is asked again to note what became of a mail.
const breath = 10 * time.Second

// itself stands in a mail's history where no human decided.
const itself = "controller"

// Run sends what is queued until ctx ends. A store that is full stops it for a moment
// only.
func (q *Queue) Run(ctx context.Context) error {
	defer func() { q.awake()() }() // nobody will take over any more
	looked := false
	for {
		done := q.awake()
		var next time.Time
		var err error
		if !looked {
			err = q.Recover()
			looked = err == nil
		}
		if err == nil {
			next, err = q.Pass(ctx)
		}
		if err != nil && ctx.Err() == nil {
			q.Log.ErrorContext(ctx, "mails cannot be noted", "error", err)
			next = q.Clock.Now().Add(breath)
		}
		done()
		if err := q.rest(ctx, next); err != nil {
			return err
		}
	}
}

// Recover puts in doubt what was being sent when the last controller ended. Run begins
// with it.
func (q *Queue) Recover() error {
	left, err := q.List(Filter{State: Sending})
	for _, m := range left {
		if err == nil {
			_, err = q.become(m.ID, Sending, Doubtful, "the controller ended while the relay was taking it", nil)
		}
	}
	return err
}

// Doubt puts in doubt what waits to be sent in a store that is a copy of an earlier day:
// the relay may have got it since. It tells of how many mails that is so.
func Doubt(tx store.Tx, now time.Time) (n int, err error) {
	waiting, err := mails.ByIndex(tx, "state", string(Queued))
	if err != nil {
		return 0, err
	}
	for _, m := range waiting {
		m.turn(now, itself, Doubtful, "the store was brought back from a copy: it may have been sent since")
		if err := mails.Put(tx, m.ID, m); err != nil {
			return 0, err
		}
	}
	return len(waiting), nil
}

// Pass tries each mail whose time has come, in the order in which they were queued, and
// returns when the next one comes; zero: none is queued.
func (q *Queue) Pass(ctx context.Context) (next time.Time, err error) {
	due, next, err := q.due()
	if err != nil || len(due) == 0 {
		return next, err
	}
	var session *notify.Session
	defer func() {
		if session != nil {
			session.Close()
		}
	}()
	for i, id := range due {
		if session == nil {
			if session, err = q.Relay.Open(ctx); err != nil {
				if ctx.Err() != nil {
					return next, ctx.Err()
				}
				q.Log.ErrorContext(ctx, "no mail goes out", "waiting", len(due)-i, "error", err)
				if err := q.postpone(ctx, due[i:], err); err != nil {
					return next, err
				}
				break
			}
		}
		useful, err := q.send(ctx, session, id)
		if err != nil {
			return next, err
		}
		if !useful {
			session.Close()
			session = nil
		}
	}
	_, next, err = q.due()
	return next, err
}

// due are the mails whose time has come, and when the next one comes after them.
func (q *Queue) due() (ids []string, next time.Time, err error) {
	now := q.Clock.Now()
	queued, err := q.List(Filter{State: Queued})
	for _, m := range queued {
		switch {
		case !m.Next.After(now):
			ids = append(ids, m.ID)
		case next.IsZero() || m.Next.Before(next):
			next = m.Next
		}
	}
	if len(ids) > 0 {
		next = now
	}
	return ids, next, err
}

// errChanged says that somebody decided otherwise about a mail that was being sent.
var errChanged = errors.New("it is not queued any more")

// send hands one mail to the relay and notes what became of it; useful says whether
// the session can take another.
func (q *Queue) send(ctx context.Context, session *notify.Session, id string) (useful bool, err error) {
	m, err := q.Mail(id)
	if err != nil || m.State != Queued {
		return true, err
	}
	message, err := q.Message(m)
	if err != nil {
		return true, q.note(ctx, id, Queued, Refused, err.Error()+"; bring it back from a backup, then: accolade mail retry "+id, nil)
	}
	failed := session.Carry(ctx, m.From, m.To, message, func() error {
		_, err := q.become(id, Queued, Sending, "", func(m *Mail) { m.SHA256 = hashOf(message) })
		return err
	})
	failure, ok := errors.AsType[*notify.Failure](failed)
	switch {
	case failed == nil:
		q.Log.InfoContext(ctx, "mail sent", "mail", id, "client", m.Client, "occasion", m.Key)
		return true, q.note(ctx, id, Sending, Sent, "", func(m *Mail) { m.Sent, m.Why = q.Clock.Now(), "" })
	case errors.Is(failed, errChanged):
		return false, nil
	case !ok: // the store could not take the note before the dot: the relay has nothing
		return false, failed
	case failure.Outcome == notify.Unknown:
		q.Log.ErrorContext(ctx, "mail in doubt", "mail", id, "error", failure)
		return false, q.note(ctx, id, Sending, Doubtful, "the relay was given the whole mail, and its answer was lost: "+failure.What, nil)
	case failure.Outcome == notify.Refused:
		q.Log.ErrorContext(ctx, "mail refused", "mail", id, "client", m.Client, "error", failure)
		return session.Ready(), q.note(ctx, id, "", Refused, failure.What, nil)
	case ctx.Err() != nil:
		return false, ctx.Err()
	}
	q.Log.WarnContext(ctx, "mail waits", "mail", id, "error", failure)
	return failure.Code != 0 && session.Ready(), q.postpone(ctx, []string{id}, failure)
}

// become moves a mail from one state to another; from empty is either that the queue
// leaves it in while it sends.
func (q *Queue) become(id string, from, to State, why string, more func(*Mail)) (Mail, error) {
	return q.change(id, func(_ store.Tx, m *Mail) error {
		if m.State != from && (from != "" || m.State != Queued && m.State != Sending) {
			return errChanged
		}
		m.turn(q.Clock.Now(), itself, to, why)
		if more != nil {
			more(m)
		}
		return nil
	})
}

// note is become for what has happened already: it is tried until the store takes it.
func (q *Queue) note(ctx context.Context, id string, from, to State, why string, more func(*Mail)) error {
	for {
		_, err := q.become(id, from, to, why, more)
		if err == nil || errors.Is(err, errChanged) {
			return nil
		}
		q.Log.ErrorContext(ctx, "the store does not take what became of a mail", "mail", id, "state", to, "error", err)
		if ctx.Err() != nil {
			return err
		}
		if err := q.Clock.Sleep(ctx, breath); err != nil {
			return err
		}
	}
}

// postpone has mails tried again later, or no more if that went on for days.
func (q *Queue) postpone(ctx context.Context, ids []string, why error) error {
	return q.DB.Update(func(tx store.Tx) error {
		for _, id := range ids {
			m, err := mails.Get(tx, id)
			if err != nil {
				return err
			}
			if m.State != Queued && m.State != Sending { // somebody decided otherwise meanwhile
				continue
			}
			now := q.Clock.Now()
			if m.Since.IsZero() {
				m.Since = now
			}
			m.Attempts++
			if now.Sub(m.Since) >= patience {
				m.turn(now, itself, Refused, fmt.Sprintf("not taken in %d days of attempts; the last time: %v", int(patience.Hours()/24), why))
			} else {
				pause := pauses[min(m.Attempts, len(pauses))-1]
				if m.Attempts == 1 || m.State == Sending || m.Why != why.Error() { // the same thing again is no news
					m.turn(now, itself, Queued, why.Error())
				}
				m.State, m.Next, m.SHA256 = Queued, now.Add(pause), ""
			}
			if err := mails.Put(tx, id, m); err != nil {
				return err
			}
		}
		return nil
	})
}
