package yunohost

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"
)

// mostUsed are passwords that YunoHost's list of the 100,000 most used ones holds:
// a choice of it, one a line. The list knows capitals: Abcdefg1 is in it,
// ABCDEFGHI is not.
//
//go:embed mostused.txt
var mostUsed string

var listed = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for word := range strings.Lines(mostUsed) {
		set[strings.TrimSpace(word)] = true
	}
	return set
})

// checkPassword applies the rules for new passwords: shorter than 127 characters,
// not among the most used, and as strong as the setting wants ("1": 8 characters).
func (s *State) checkPassword(password, profile string) error {
	if utf8.RuneCountInString(password) >= 127 {
		return refuse("password_too_long", "Please choose a password shorter than 127 characters")
	}
	if listed()[password] {
		return refuse("password_listed", "This password is among the most used passwords in the world. Please choose something more unique.")
	}
	strength := s.setting("security.password." + profile + "_strength")
	need := map[string]struct {
		length int
		mixed  int // digit, upper, lower; with 4 also special
		text   string
	}{
		"1": {8, 0, "The password needs to be at least 8 characters long"},
		"2": {8, 3, "The password needs to be at least 8 characters long and contain a digit, upper and lower characters"},
		"3": {8, 4, "The password needs to be at least 8 characters long and contain a digit, upper, lower and special characters"},
		"4": {12, 4, "The password needs to be at least 12 characters long and contain a digit, upper, lower and special characters"},
	}[strength]
	if utf8.RuneCountInString(password) < need.length || !mixed(password, need.mixed) {
		return refuse("password_too_simple_"+strength, need.text)
	}
	return nil
}

func mixed(password string, kinds int) bool {
	if kinds == 0 {
		return true
	}
	var digit, upper, lower, special bool
	for _, r := range password {
		switch {
		case r >= '0' && r <= '9':
			digit = true
		case r >= 'A' && r <= 'Z':
			upper = true
		case r >= 'a' && r <= 'z':
			lower = true
		default:
			special = true
		}
	}
	return digit && upper && lower && (kinds < 4 || special)
}

func hash(password string) string { return digest("password", password) }

// check says whether a password is the user's.
func (u *User) check(password string) bool { return u.Hash != "" && u.Hash == hash(password) }
