package api

import "context"

// Letter is a letter to a client: paper and mail say the same.
type Letter struct {
	Client  string `json:"client"`
	Subject string `json:"subject" doc:"of the mail"`
	Name    string `json:"name" doc:"of its files, without an ending"`
	Pages   int    `json:"pages" doc:"of the paper"`
	Text    string `json:"text" doc:"without any form"`
	HTML    string `json:"html" doc:"the mail"`
	PDF     []byte `json:"pdf" doc:"the paper"`
}

// MonthLetter is the letter to a client about a month that has ended.
func (c *Client) MonthLetter(ctx context.Context, client, month string) (Letter, error) {
	var out Letter
	return out, c.Get(ctx, path("letters", client, "months", month), &out)
}

// RenewalLetter is the letter to a client before its term ends.
func (c *Client) RenewalLetter(ctx context.Context, client string) (Letter, error) {
	var out Letter
	return out, c.Get(ctx, path("letters", client, "renewal"), &out)
}
