package contract

import "fmt"

// Invalid refuses one field of an input: which, what it held, what is allowed.
type Invalid struct {
	Field   string // as the user wrote it: `employees`, `siren`
	Value   string // what was given; empty when it was missing
	Allowed string // what is allowed, or why it is not
}

func (e *Invalid) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s is missing: %s", e.Field, e.Allowed)
	}
	return fmt.Sprintf("%s %s is refused: %s", e.Field, e.Value, e.Allowed)
}

// invalid builds an Invalid from any value.
func invalid(field string, value any, allowed string, args ...any) error {
	return &Invalid{Field: field, Value: fmt.Sprint(value), Allowed: fmt.Sprintf(allowed, args...)}
}
