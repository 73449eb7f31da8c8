package yunohost

import "fmt"

// kind says in which form an error leaves by either door.
type kind int

const (
	// invalid: refused before anything was done. HTTP 400, JSON with error_key.
	invalid kind = iota
	// plainInvalid: the same from the argument parser: HTTP 400, text without key.
	plainInvalid
	// failed: an action that broke. HTTP 500: JSON with log_ref once its log was
	// started, else bare text.
	failed
	// unserialisable: invalid, but the web API chokes on the exception that it
	// carries: HTTP 500 with an HTML page. The command line tells it well.
	unserialisable
	// crash: an uncaught exception that the web API reports as route, arguments and
	// traceback (HTTP 500); the command line prints a traceback.
	crash
	// crashPage: an uncaught exception for which the web API only has a page.
	crashPage
	// unknown to this simulator: HTTP 501, exit status 2.
	unsimulated
)

// fault is the error of an action.
type fault struct {
	kind  kind
	key   string
	text  string
	extra object
}

func (f *fault) Error() string { return f.text }

// refuse is an invalid with a key and the values that go with it.
func refuse(key, text string, extra ...field) *fault {
	return &fault{kind: invalid, key: key, text: text, extra: extra}
}

// refuseRaw is an invalid whose text is its own key.
func refuseRaw(text string) *fault { return &fault{kind: invalid, key: text, text: text} }

func refusePlain(format string, a ...any) *fault {
	return &fault{kind: plainInvalid, text: fmt.Sprintf(format, a...)}
}

func fail(format string, a ...any) *fault {
	return &fault{kind: failed, text: fmt.Sprintf(format, a...)}
}

func notSimulated(what string) *fault {
	return &fault{kind: unsimulated, text: "not simulated: " + what}
}

func unknownUser(name string) *fault {
	return refuse("user_unknown", "Unknown user: "+name, field{"user", name})
}

func unknownDomain(name string) *fault {
	return refuse("domain_unknown", fmt.Sprintf("Domain '%s' unknown", name), field{"domain", name})
}
