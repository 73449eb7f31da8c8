package yunohost

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"codeberg.org/accolade/accolade/internal/operation"
)

// failure is what a server said when it refused or failed. Text is its own, in
// English, with password hashes taken out. Key is empty where it gave none.
type failure struct {
	Key    string
	Text   string
	Status int    // HTTP status; 0: by the guest agent
	Exit   int    // exit status of the command; 0: by HTTPS
	Log    string // reference of the server's own log, where it gave one
}

func (e *failure) Error() string {
	switch {
	case e.Text == "" && e.Status != 0:
		return fmt.Sprintf("HTTP status %d", e.Status)
	case e.Text == "":
		return fmt.Sprintf("exit status %d", e.Exit)
	default:
		return e.Text
	}
}

// errNotInstalled is a server whose YunoHost has not been post-installed.
var errNotInstalled = errors.New("YunoHost is not set up on the server")

// Is tells errNotInstalled from the words, for which the CLI has no code.
func (e *failure) Is(target error) bool {
	return target == errNotInstalled && strings.Contains(e.Text, "YunoHost is not correctly installed")
}

const busy = "There is already a YunoHost operation running"

// refused makes an error transient when the server was only busy.
func refused(e *failure) error {
	if strings.Contains(e.Text, busy) {
		return operation.Transient(e)
	}
	return e
}

// hashes are LDAP's password hashes, which stand in the text of a failed add, and
// crypt's.
var hashes = regexp.MustCompile(`\{[A-Z0-9_-]+\}[^\s'",}\]]+|\$[0-9a-z]{1,2}\$[^\s'",}\]]+`)

// clean takes out hashes, terminal colours and line ends, and cuts what is long.
func clean(text string) string {
	text = colours.ReplaceAllString(text, "")
	text = hashes.ReplaceAllString(text, "***")
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 400 {
		text = string(runes[:400]) + "…"
	}
	return text
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
