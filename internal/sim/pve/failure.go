package pve

import "fmt"

// failure is an API error as it goes over the wire: for everything but bad
// parameters the reason phrase of the status line is the message.
type failure struct {
	Status int
	Reason string            // the reason phrase, and "message" in the body
	Errors map[string]string // what is wrong with each parameter, on 400
}

func (f *failure) Error() string { return f.Reason }

// failf is an error inside a call: 500, and the text is the reason phrase.
func failf(format string, args ...any) error {
	return &failure{Status: 500, Reason: fmt.Sprintf(format, args...)}
}

// badParam refuses one parameter: 400 with its name in the errors map.
func badParam(field, why string) error {
	return badParams(map[string]string{field: why})
}

// badParams refuses several parameters at once.
func badParams(errors map[string]string) error {
	return &failure{Status: 400, Reason: "Parameter verification failed.", Errors: errors}
}

// permissionDenied is a 403; what is missing stands in brackets, if told.
func permissionDenied(what string) error {
	reason := "Permission check failed"
	if what != "" {
		reason += " (" + what + ")"
	}
	return &failure{Status: 403, Reason: reason}
}
