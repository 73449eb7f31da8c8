package yunohost

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// importColumns are the columns that a file must have, in the order in which
// missing ones are named.
var importColumns = []string{"username", "firstname", "lastname", "password", "mail", "mail-alias", "mail-forward", "mailbox-quota", "groups"}

// importPatterns are the checks of each column. The password's accepts anything, and
// a quota may be empty.
var importPatterns = map[string]*regexp.Regexp{
	"username":      regexp.MustCompile(`^[a-z0-9_.]+$`),
	"firstname":     regexp.MustCompile(`^(\p{L}{1,30}[ ,.'-]{0,3})+$`),
	"lastname":      regexp.MustCompile(`^(\p{L}{1,30}[ ,.'-]{0,3})+$`),
	"password":      regexp.MustCompile(``),
	"mail":          regexp.MustCompile(`^[\w.-]+@` + goDomain + `$`),
	"mail-alias":    regexp.MustCompile(``),
	"mail-forward":  regexp.MustCompile(``),
	"mailbox-quota": regexp.MustCompile(`^(?:\d+[bkMGT]|0|$)`),
	"groups":        regexp.MustCompile(``),
}

// step is one account to delete, update or create.
type step struct {
	Kind     string   `json:"kind"` // "deleted", "updated", "created", as the answer counts them
	Name     string   `json:"name"`
	FullName string   `json:"full_name,omitempty"`
	Password string   `json:"password,omitempty"`
	Mail     string   `json:"mail,omitempty"`
	Quota    string   `json:"quota,omitempty"`
	Aliases  []string `json:"aliases,omitempty"`
	Forwards []string `json:"forwards,omitempty"`
	Groups   []string `json:"groups,omitempty"`
}

// planImport reads the file and says what it asks for. Any bad line refuses all.
func (c *call) planImport() (*steps, error) {
	if !utf8.Valid(c.file) {
		return nil, &fault{kind: crashPage, text: "UnicodeDecodeError: 'utf-8' codec can't decode byte"}
	}
	rows, header, err := readRows(c.file)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, column := range importColumns {
		if !slices.Contains(header, column) {
			missing = append(missing, column)
		}
	}
	if len(missing) > 0 {
		list := strings.Join(missing, ", ")
		return nil, refuse("user_import_missing_columns", "The following columns are missing: "+list, field{"columns", list})
	}
	plan := &steps{Counts: map[string]int{}}
	var deleted, updated, created []step
	var seen []string
	good := true
	for _, r := range rows {
		problems, err := c.s.checkRow(r, seen)
		if err != nil {
			return nil, err
		}
		seen = append(seen, r.values["username"])
		if len(problems) > 0 {
			c.say("ERROR", fmt.Sprintf("Incorrect line %d: %s", r.line, strings.Join(problems, ", ")))
			good = false
			continue
		}
		st := r.step()
		if c.s.user(st.Name) == nil {
			created = append(created, st)
		} else if c.args.has("update") {
			st.Kind = "updated"
			updated = append(updated, st)
		}
	}
	if c.args.has("delete") {
		if len(seen) == 0 {
			c.say("ERROR", "You used the delete option with an empty csv file ... You probably did not really mean to do that, did you !?")
			good = false
		}
		for _, u := range c.s.Users {
			if !slices.Contains(seen, u.Name) {
				deleted = append(deleted, step{Kind: "deleted", Name: u.Name})
			}
		}
	}
	if !good {
		return nil, refuse("user_import_bad_file", "Your CSV file is not correctly formatted it will be ignored to avoid potential data loss")
	}
	plan.List = slices.Concat(deleted, updated, created)
	return plan, nil
}

// row is one line of the file by column. A column that the line is too short for is
// absent from values.
type row struct {
	line   int
	values map[string]string
}

func readRows(file []byte) ([]row, []string, error) {
	r := csv.NewReader(strings.NewReader(string(file)))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = ';', -1, true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, &fault{kind: crashPage, text: "TypeError: argument of type 'NoneType' is not iterable"}
	}
	var rows []row
	for err == nil {
		var record []string
		if record, err = r.Read(); err != nil {
			break
		}
		line, _ := r.FieldPos(0)
		values := map[string]string{}
		for i, name := range header {
			if i < len(record) {
				values[name] = record[i]
			}
		}
		rows = append(rows, row{line, values})
	}
	if !errors.Is(err, io.EOF) {
		return nil, nil, &fault{kind: crashPage, text: "_csv.Error: " + err.Error()}
	}
	return rows, header, nil
}

// checkRow lists what is wrong with a line. A line too short, or a mail without an at
// sign, makes YunoHost itself crash.
func (s *State) checkRow(r row, seen []string) ([]string, error) {
	var problems []string
	for _, column := range importColumns {
		value, ok := r.values[column]
		if !ok || !importPatterns[column].MatchString(value) {
			shown := value
			if !ok {
				shown = "None"
			}
			problems = append(problems, fmt.Sprintf("%s: '%s' doesn't match the expected format", column, shown))
		}
	}
	name := r.values["username"]
	if slices.Contains(seen, name) {
		problems = append(problems, fmt.Sprintf("username '%s' duplicated", name))
	}
	var unknown []string
	for _, g := range list(r.values["groups"]) {
		if s.group(g) == nil {
			unknown = append(unknown, g)
		}
	}
	if len(unknown) > 0 {
		problems = append(problems, fmt.Sprintf("username '%s': unknown groups %s", name, strings.Join(unknown, ", ")))
	}
	var domains []string
	for _, mail := range append([]string{r.values["mail"]}, list(r.values["mail-alias"])...) {
		_, domain, ok := strings.Cut(mail, "@")
		if !ok {
			return nil, &fault{kind: crashPage, text: "IndexError: list index out of range"}
		}
		if s.domain(domain) == nil && !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	if len(domains) > 0 {
		problems = append(problems, fmt.Sprintf("username '%s': unknown domains %s", name, strings.Join(domains, ", ")))
	}
	return problems, nil
}

func list(field string) []string {
	if field == "" {
		return nil
	}
	parts := strings.Split(field, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func (r row) step() step {
	quota := r.values["mailbox-quota"]
	if quota == "" {
		quota = "0"
	}
	return step{Kind: "created", Name: r.values["username"], FullName: strings.TrimSpace(r.values["firstname"] + " " + r.values["lastname"]),
		Password: r.values["password"], Mail: r.values["mail"], Quota: quota,
		Aliases: list(r.values["mail-alias"]), Forwards: list(r.values["mail-forward"]), Groups: list(r.values["groups"])}
}
