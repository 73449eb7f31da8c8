package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"codeberg.org/accolade/accolade/internal/operation"
)

// OperationFilter says which operations to list; the zero value lists those that have
// not ended.
type OperationFilter struct {
	Subject string // "server/horizon"
	Kind    string
	All     bool // those that ended too, newest first
	Limit   int  // 0 is the server's
}

// Operations lists operations, newest first.
func (c *Client) Operations(ctx context.Context, f OperationFilter) ([]operation.Operation, error) {
	var out []operation.Operation
	return out, c.Get(ctx, withQuery("/operations", "subject", f.Subject, "kind", f.Kind, "all", strconv.FormatBool(f.All), "limit", strconv.Itoa(f.Limit)), &out)
}

// Operation shows one.
func (c *Client) Operation(ctx context.Context, id string) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Get(ctx, path("operations", id), &out)
}

// CancelOperation asks for its end; what was done is undone.
func (c *Client) CancelOperation(ctx context.Context, id string) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, path("operations", id, "cancel"), nil, &out)
}

// RetryOperation has one that failed go on.
func (c *Client) RetryOperation(ctx context.Context, id string) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, path("operations", id, "retry"), nil, &out)
}

// FollowOperation calls each for every event, beginning with the state now, until
// each returns false. It outlives a restart of the controller.
func (c *Client) FollowOperation(ctx context.Context, id string, each func(operation.Event) (more bool)) error {
	return c.Stream(ctx, path("operations", id, "events"), func(e Event) (bool, error) {
		var ev operation.Event
		if err := json.Unmarshal(e.Data, &ev); err != nil {
			return false, fmt.Errorf("operation %s: event: %w", id, err)
		}
		return each(ev), nil
	})
}
