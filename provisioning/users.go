package provisioning

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// User is one row of the list of users: what YunoHost's import takes.
type User struct {
	Username  string
	FirstName string
	LastName  string
	Password  string // empty: YunoHost makes a random one
	Mail      string
	Quota     string // 0 or empty: none
	Aliases   []string
	Forwards  []string
	Groups    []string
}

// columns are the nine that YunoHost demands, in its own order.
var columns = []string{"username", "firstname", "lastname", "password", "mail", "mailbox-quota", "mail-alias", "mail-forward", "groups"}

// madeByYunoHost are the groups of every server.
var madeByYunoHost = []string{"admins", "all_users", "visitors"}

// readUsers reads a list of users as YunoHost wants it: UTF-8 without a
// byte-order mark, separated by semicolons, with the nine columns in any order.
// It checks every row by the rules that YunoHost would apply in the middle of the
// import, and tells all that is wrong at once. No password appears in an error.
//
// domains are the domains that the server has; when empty any is allowed.
func readUsers(name string, text []byte, domains []string) ([]User, error) {
	problems := &Problems{File: name}
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		problems.add(1, 1, "", "the file begins with a byte-order mark, which YunoHost refuses: save it as \"UTF-8\" without BOM")
		text = text[3:]
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		problems.add(1, 1, "", "the file is UTF-16: save it as UTF-8")
		return nil, problems
	}
	if !utf8.Valid(text) {
		problems.add(1+bytes.Count(text[:firstInvalid(text)], []byte("\n")), 0, "", "the file is not UTF-8: save it as UTF-8")
		return nil, problems
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma = ';'
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
		problems.add(1, 0, "", "the file has no header line: "+strings.Join(columns, ";"))
		return nil, problems
	}
	column, ok := readHeader(header, problems)
	if !ok {
		return nil, problems
	}
	var users []User
	rows := newRowCheck(domains, problems)
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if parse, bad := errors.AsType[*csv.ParseError](err); bad {
			problems.add(parse.Line, parse.Column, "", "a quotation mark is out of place: "+parse.Err.Error())
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := reader.FieldPos(0)
		if len(row) != len(header) {
			problems.add(line, 0, "", fmt.Sprintf("%d fields where the header has %d", len(row), len(header)))
			continue
		}
		user := userOf(row, column)
		rows.check(line, user)
		users = append(users, user)
	}
	if len(users) == 0 && len(problems.List) == 0 {
		problems.add(0, 0, "", "the file lists no user")
	}
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	return users, nil
}

func firstInvalid(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
	return len(text)
}

// readHeader maps each column that we know to its place.
func readHeader(header []string, problems *Problems) (map[string]int, bool) {
	column := map[string]int{}
	for i, name := range header {
		if !slices.Contains(columns, name) {
			problems.add(1, 0, name, fmt.Sprintf("unknown column %q: YunoHost would ignore it; allowed are %s", name, strings.Join(columns, ", ")))
		}
		if _, twice := column[name]; twice {
			problems.add(1, 0, name, fmt.Sprintf("column %q stands twice", name))
		}
		column[name] = i
	}
	var missing []string
	for _, name := range columns {
		if _, there := column[name]; !there {
			missing = append(missing, name)
		}
	}
	if len(missing) == len(columns) {
		problems.add(1, 0, "", "no known column: separate them with semicolons: "+strings.Join(columns, ";"))
	} else if len(missing) > 0 {
		problems.add(1, 0, "", "missing columns: "+strings.Join(missing, ", "))
	}
	return column, len(missing) == 0
}

func userOf(row []string, column map[string]int) User {
	field := func(name string) string { return row[column[name]] }
	return User{
		Username: field("username"), FirstName: field("firstname"), LastName: field("lastname"),
		Password: field("password"), Mail: field("mail"), Quota: field("mailbox-quota"),
		Aliases: splitList(field("mail-alias")), Forwards: splitList(field("mail-forward")), Groups: splitList(field("groups")),
	}
}

func splitList(field string) []string {
	var list []string
	for item := range strings.SplitSeq(field, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// writeUsers is the CSV of some users, as YunoHost reads it.
func writeUsers(users []User) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = ';'
	rows := [][]string{columns}
	for _, u := range users {
		rows = append(rows, []string{u.Username, u.FirstName, u.LastName, u.Password, u.Mail, u.Quota,
			strings.Join(u.Aliases, ","), strings.Join(u.Forwards, ","), strings.Join(u.Groups, ",")})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write the list of users: %w", err)
	}
	return b.Bytes(), nil
}
