package api

import (
	"context"
	"strconv"

	"codeberg.org/accolade/accolade/internal/audit"
)

// AuditVerdict is what checking the chain of records came to.
type AuditVerdict struct {
	Records uint64 `json:"records" doc:"how many were checked and are whole"`
	Whole   bool   `json:"whole"`
	Broken  string `json:"broken,omitempty" doc:"the first broken link, and in what way"`
}

// Audit lists records, oldest first, from number from on, at most limit of them; 0 is
// the server's limit.
func (c *Client) Audit(ctx context.Context, from uint64, limit int) ([]audit.Record, error) {
	var out []audit.Record
	return out, c.Get(ctx, withQuery("/audit", "from", strconv.FormatUint(from, 10), "limit", strconv.Itoa(limit)), &out)
}

// VerifyAudit checks the whole chain.
func (c *Client) VerifyAudit(ctx context.Context) (AuditVerdict, error) {
	var out AuditVerdict
	return out, c.Get(ctx, "/audit/verify", &out)
}
