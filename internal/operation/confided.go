package operation

import (
	"encoding/json"
	"fmt"

	"codeberg.org/accolade/accolade/internal/store"
)

// Confided is what a request carries for its own run only, such as a password: it goes
// with the commit that ends the operation, long before the record does.
type Confided struct {
	Fields []string // of the input, as JSON names them: "credential"
	// Again says how to begin anew. It is set where what was confided goes however the
	// operation ends, so that it cannot be retried. Empty: it stays after a failure or
	// a cancellation, for Retry, until the operation is done.
	Again string
}

// dropConfided removes from the input of an operation what was confided for its run.
// It is part of the commit that ends it.
func (e *Engine) dropConfided(tx store.Tx, op Operation) error {
	w, known := e.workflow(op.Kind)
	if !known || len(w.Confided.Fields) == 0 || op.State != Done && w.Confided.Again == "" {
		return nil
	}
	var input map[string]json.RawMessage
	found, err := getJSON(tx, inputKey(op.ID), &input)
	if err != nil {
		return fmt.Errorf("operation %s: input: %w", op.ID, err)
	}
	if !found {
		return nil
	}
	for _, field := range w.Confided.Fields {
		delete(input, field)
	}
	return putJSON(tx, inputKey(op.ID), input)
}
