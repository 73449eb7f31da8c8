package mail

import (
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// Retry queues a mail again: one that was refused or came back, to another address if
// one is given; or has one that is queued tried now.
func (q *Queue) Retry(a contract.Actor, id, to string) (Mail, error) {
	if to != "" {
		if err := contract.CheckMail(to); err != nil {
			return Mail{}, err
		}
	}
	return q.decide(a, id, "mail.retry", to, []State{Queued, Refused, Bounced}, "accolade mail show "+id+" says what became of it", func(m *Mail, now time.Time) {
		if to != "" {
			m.To, m.ToName = to, ""
		}
		m.anew(now, a.Who)
	})
}

// Resend sends a mail again of which nobody knew whether the relay had it, since a human
// found that it has not.
func (q *Queue) Resend(a contract.Actor, id string) (Mail, error) {
	return q.decide(a, id, "mail.resend", "the relay has not got it", []State{Doubtful}, "only a mail in doubt is resent: of the others it is known what became of them", func(m *Mail, now time.Time) {
		m.anew(now, a.Who)
	})
}

// anew queues a mail for now, as if it had never been tried.
func (m *Mail) anew(now time.Time, by string) {
	m.turn(now, by, Queued, "")
	m.Attempts, m.Since, m.Sent, m.Next, m.SHA256 = 0, time.Time{}, time.Time{}, now, ""
}

// MarkSent says of a mail in doubt that the relay has it, as a human found.
func (q *Queue) MarkSent(a contract.Actor, id string) (Mail, error) {
	return q.decide(a, id, "mail.sent", "the relay has it", []State{Doubtful}, "only a mail in doubt needs that", func(m *Mail, now time.Time) {
		m.turn(now, a.Who, Sent, "a human found that the relay has it")
		m.Sent = m.History[len(m.History)-2].At // when it was given
	})
}

// Bounce notes that a mail came back.
func (q *Queue) Bounce(a contract.Actor, id, reason string) (Mail, error) {
	if reason = strings.Join(strings.Fields(reason), " "); reason == "" {
		return Mail{}, &contract.Invalid{Field: "reason", Allowed: "say what the mail that came back says, such as: mailbox full"}
	}
	return q.decide(a, id, "mail.bounced", reason, []State{Sent, Doubtful}, "a mail comes back after it was sent", func(m *Mail, now time.Time) {
		m.turn(now, a.Who, Bounced, reason)
	})
}

// Drop decides that a mail does not go, for instance since the invoice went by post.
func (q *Queue) Drop(a contract.Actor, id, reason string) (Mail, error) {
	if reason = strings.Join(strings.Fields(reason), " "); reason == "" {
		return Mail{}, &contract.Invalid{Field: "reason", Allowed: "say why it does not go, such as: sent by post"}
	}
	return q.decide(a, id, "mail.drop", reason, []State{Queued, Refused, Doubtful, Bounced}, "what the relay took cannot be called back", func(m *Mail, now time.Time) {
		m.turn(now, a.Who, Dropped, reason)
	})
}

// decide is what a human says of a mail in one of some states, with its audit record.
func (q *Queue) decide(a contract.Actor, id, action, detail string, from []State, fix string, do func(*Mail, time.Time)) (Mail, error) {
	m, err := q.change(id, func(tx store.Tx, m *Mail) error {
		if !slices.Contains(from, m.State) {
			return refused(fix, "mail %s is %s", id, m.State)
		}
		now := q.Clock.Now()
		do(m, now)
		return audit.Append(tx, now, audit.Record{Who: a.Who, From: a.From, Action: action, Object: "mail/" + id, Result: "ok", Detail: detail})
	})
	if err == nil && m.State == Queued {
		q.wake()
	}
	return m, err
}
