package api

import (
	"context"

	"codeberg.org/accolade/accolade/internal/billing"
)

// Reminder is what a client is to be reminded of today. Amounts are integer cents.
type Reminder = billing.Reminder

// ReminderLetter is a reminder with its text, in the client's language.
type ReminderLetter struct {
	Reminder
	Text string `json:"text"`
}

// Reminders lists the clients to be reminded today.
func (c *Client) Reminders(ctx context.Context) ([]Reminder, error) {
	var out []Reminder
	return out, c.Get(ctx, "/reminders", &out)
}

// ReminderLetter is the letter to a client that is to be reminded today.
func (c *Client) ReminderLetter(ctx context.Context, client string) (ReminderLetter, error) {
	var out ReminderLetter
	return out, c.Get(ctx, path("reminders", client), &out)
}

// Remind notes that a client was sent today's reminder.
func (c *Client) Remind(ctx context.Context, client string) (Reminder, error) {
	var out Reminder
	return out, c.Post(ctx, path("reminders", client, "sent"), nil, &out)
}
