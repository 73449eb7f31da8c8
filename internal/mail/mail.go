// Package mail is the queue of the mails that go to clients: kept in the store before
// they go, tried again while the relay does not take them, and never sent twice.
//
// Nobody can ask SMTP whether a mail has arrived. So a mail is noted as being sent at
// the last instant at which the relay cannot have it yet: its bytes are all over there,
// the dot that ends it is not. A controller that dies before that note sends the mail
// again, rightly. One that dies between the note and the note of the relay's answer
// leaves a mail in doubt: that one waits for a human, who looks into the relay's log
// and says Sent or Resend. Each mail keeps one Message-ID, so that a mail server which
// did get both shows one.
//
// What was queued is frozen: the same record gives the same bytes, before it is sent and
// years later. The package writes no text of its own and knows no invoice.
package mail

import (
	"time"
)

// Mail is one mail to one address.
type Mail struct {
	ID        string      `json:"id"`     // `M000001`
	Key       string      `json:"key"`    // the occasion: there is one mail for each
	Client    string      `json:"client"` // ID, empty for none
	To        string      `json:"to"`
	ToName    string      `json:"to_name,omitempty"`
	From      string      `json:"from"`
	FromName  string      `json:"from_name,omitempty"`
	ReplyTo   string      `json:"reply_to,omitempty"`
	Subject   string      `json:"subject"`
	Text      string      `json:"text"`
	HTML      string      `json:"html,omitempty"`
	Files     []Enclosure `json:"files,omitempty"`
	MessageID string      `json:"message_id"`
	Date      time.Time   `json:"date"` // in the header: when it was queued, to the second

	State    State     `json:"state"`
	Why      string    `json:"why,omitempty"` // what stands in its way, or stood there last
	Attempts int       `json:"attempts"`      // since it was queued, or queued anew
	Since    time.Time `json:"since,omitzero"`
	Next     time.Time `json:"next,omitzero"` // attempt, while it is queued
	Sent     time.Time `json:"sent,omitzero"` // when the relay took it
	SHA256   string    `json:"sha256,omitempty"`
	History  []Turn    `json:"history"`
}

// Enclosure is an attachment of a mail: it lies in the folder under its hash.
type Enclosure struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	SHA256 string `json:"sha256"`
	Size   int    `json:"size"`
}

// State is where a mail stands.
//
//	  ┌────────────── later ──────────────┐
//	  ▼                                   │
//	queued ──► sending ──► sent ──► bounced
//	  │ ▲         │ │                │
//	  │ │ retry   │ └──► refused ◄───┘ (retry from both)
//	  │ │         ▼
//	  │ └─────── doubtful ──► sent
//	  └──► dropped ◄── refused, doubtful, bounced
type State string

// The states of mails.
const (
	Queued   State = "queued"   // waits for its turn
	Sending  State = "sending"  // the relay is being asked to take it, this instant
	Sent     State = "sent"     // the relay took it
	Refused  State = "refused"  // the relay will never take it, or did not for days
	Doubtful State = "doubtful" // the relay may have it, and nobody knows
	Bounced  State = "bounced"  // it came back
	Dropped  State = "dropped"  // a human decided that it does not go
)

// States are all of them, in the order of help texts.
var States = []State{Queued, Sending, Sent, Refused, Doubtful, Bounced, Dropped}

// Waits reports whether a human has to do something about a mail in this state.
func (s State) Waits() bool { return s == Refused || s == Doubtful || s == Bounced }

// Turn is one thing that happened to a mail.
type Turn struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	State State     `json:"state"`
	Why   string    `json:"why,omitempty"`
}
