package api

import (
	"context"
	"io"
)

// CopyStore writes a consistent copy of the controller's store to w, while the
// controller goes on.
func (c *Client) CopyStore(ctx context.Context, w io.Writer) error {
	return c.Get(ctx, "/store/copy", w)
}
