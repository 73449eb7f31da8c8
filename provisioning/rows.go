package provisioning

import (
	"fmt"
	"slices"
	"strings"
)

// rowCheck checks the rows of one list of users, each by itself and against those
// before it.
type rowCheck struct {
	domains  []string
	problems *Problems
	names    map[string]int // user name -> line
	mails    map[string]int // mail and alias -> line
}

func newRowCheck(domains []string, problems *Problems) *rowCheck {
	return &rowCheck{domains, problems, map[string]int{}, map[string]int{}}
}

func (c *rowCheck) check(line int, u User) {
	tell := func(field string, err error) {
		if err != nil {
			c.problems.add(line, 0, field, err.Error())
		}
	}
	tell("username", checkUsername(u.Username))
	if before, twice := c.names[u.Username]; twice {
		tell("username", fmt.Errorf("%q stands in line %d already", u.Username, before))
	} else {
		c.names[u.Username] = line
	}
	tell("firstname", checkNamePart(u.FirstName))
	tell("lastname", checkNamePart(u.LastName))
	if u.Password != "" {
		tell("password", checkPassword(u.Password))
	}
	tell("mail", c.address(line, u.Mail))
	for _, alias := range u.Aliases {
		tell("mail-alias", c.address(line, alias))
	}
	for _, forward := range u.Forwards {
		tell("mail-forward", checkAddress(forward, forwardPattern, nil))
	}
	if u.Quota != "" {
		tell("mailbox-quota", checkQuota(u.Quota))
	}
	for _, group := range u.Groups {
		tell("groups", checkGroup(group))
	}
}

// address checks an address of the server's own and that nobody else in the file
// has it. Each user NAME also owns nothing but his own mail: YunoHost derives no
// address from the name.
func (c *rowCheck) address(line int, mail string) error {
	if err := checkMail(mail, c.domains); err != nil {
		return err
	}
	if name, _, _ := strings.Cut(mail, "@"); slices.Contains(adminAliases, name) {
		return fmt.Errorf("%q belongs to the admins of every server", mail)
	}
	if before, twice := c.mails[mail]; twice {
		return fmt.Errorf("%q stands in line %d already", mail, before)
	}
	c.mails[mail] = line
	return nil
}

var adminAliases = []string{"root", "admin", "admins", "webmaster", "postmaster", "abuse"}

func checkNamePart(name string) error {
	if !namePartPattern.MatchString(name) {
		return fmt.Errorf("%q is no name: letters, and between them spaces, commas, dots, apostrophes and hyphens; no digits", name)
	}
	return nil
}

// checkGroup allows the groups that every server has. Others would have to be
// made first; YunoHost refuses the whole file for one that it does not know.
func checkGroup(group string) error {
	if !groupPattern.MatchString(group) || !slices.Contains(madeByYunoHost, group) {
		return fmt.Errorf("%q is no group of a new server: allowed are %s", group, strings.Join(madeByYunoHost, ", "))
	}
	return nil
}
