package yunohost

import (
	"fmt"
	"slices"
	"strings"
)

func userUpdate(c *call) (any, error) {
	u := c.s.user(c.args.str("username"))
	if u == nil {
		return nil, unknownUser(c.args.str("username"))
	}
	ch := change{fullName: strings.TrimSpace(c.args.str("fullname")), mail: c.args.str("mail"), password: c.args.str("change-password"),
		addAliases: c.args["add-mailalias"], dropAliases: c.args["remove-mailalias"],
		addForwards: c.args["add-mailforward"], dropForwards: c.args["remove-mailforward"]}
	if c.args.has("mailbox-quota") {
		ch.quota = c.args.str("mailbox-quota")
	}
	ch.shell = c.args.str("loginShell")
	if err := c.updateUser(u, ch, c.start); err != nil {
		return nil, err
	}
	c.takes(updateTime + syncTime)
	if err := c.s.needCatalog(); err != nil {
		return nil, err
	}
	c.say("SUCCESS", "User info changed")
	return c.s.info(u), nil
}

// change is what an update does to an account. Empty values change nothing.
type change struct {
	fullName, mail, password, quota, shell             string
	addAliases, dropAliases, addForwards, dropForwards []string
}

func (c *call) updateUser(u *User, ch change, begin func()) error {
	s := c.s
	mails := slices.Clone(u.Mails)
	if ch.password != "" {
		profile := "user"
		if s.isAdmin(u.Name) {
			profile = "admin"
		}
		if err := s.checkPassword(ch.password, profile); err != nil {
			return err
		}
	}
	if ch.mail != "" && !slices.Contains(mails, ch.mail) {
		if err := s.checkMail(u, ch.mail); err != nil {
			return err
		}
		mails[0] = ch.mail
	} else if ch.mail != "" && mails[0] != ch.mail {
		mails = append([]string{ch.mail}, slices.DeleteFunc(mails[1:], func(m string) bool { return m == ch.mail })...)
	}
	for _, alias := range ch.addAliases {
		if slices.Contains(adminAliases, strings.Split(alias, "@")[0]) {
			return refuse("mail_unavailable", "This e-mail address is reserved for the admins group")
		}
		if slices.Contains(mails, alias) {
			continue
		}
		if err := s.checkMail(u, alias); err != nil {
			return err
		}
		mails = append(mails, alias)
	}
	for _, alias := range ch.dropAliases {
		i := slices.Index(mails[1:], alias)
		if i < 0 {
			return refuse("mail_alias_remove_failed", fmt.Sprintf("Could not remove e-mail alias '%s'", alias), field{"mail", alias})
		}
		mails = slices.Delete(mails, i+1, i+2)
	}
	forwards := slices.Clone(u.Forwards)
	for _, f := range ch.addForwards {
		if !slices.Contains(forwards, f) {
			forwards = append(forwards, f)
		}
	}
	for _, f := range ch.dropForwards {
		i := slices.Index(forwards, f)
		if i < 0 {
			return refuse("mail_forward_remove_failed", fmt.Sprintf("Could not remove e-mail forwarding '%s'", f), field{"mail", f})
		}
		forwards = slices.Delete(forwards, i, i+1)
	}
	if ch.shell != "" && !slices.Contains(shells, ch.shell) {
		return refuse("invalid_shell", "Invalid shell: "+ch.shell, field{"shell", ch.shell})
	}
	begin()
	if ch.fullName != "" {
		u.FullName = ch.fullName
	}
	if ch.password != "" {
		u.Hash = hash(ch.password)
		c.say("INFO", "Invalidating sessions")
	}
	if ch.quota != "" {
		u.Quota = ch.quota
	}
	if ch.shell != "" {
		u.Shell = ch.shell
	}
	u.Mails, u.Forwards = mails, forwards
	return nil
}

// checkMail says whether an address can become one of a user's.
func (s *State) checkMail(u *User, mail string) error {
	if s.mailTaken(mail) {
		return fail("Could not update user %s: LDAP attribute 'mail' already exists with value '%s'", u.Name, mail)
	}
	local, domain, _ := strings.Cut(mail, "@")
	if s.domain(domain) == nil {
		return fail("Invalid e-mail address for domain '%s'. Please, use a domain administrated by this server.", domain)
	}
	if slices.Contains(adminAliases, local) {
		return refuse("mail_unavailable", "This e-mail address is reserved for the admins group")
	}
	return nil
}

func userDelete(c *call) (any, error) {
	name := c.args.str("username")
	if c.s.user(name) == nil {
		return nil, unknownUser(name)
	}
	c.start()
	if err := c.deleteUser(name); err != nil {
		return nil, err
	}
	c.takes(deleteTime + syncTime)
	if err := c.s.needCatalog(); err != nil {
		return nil, err
	}
	c.say("SUCCESS", "User deleted")
	return nil, nil
}

func (c *call) deleteUser(name string) error {
	s := c.s
	if admins := s.group("admins"); admins != nil && len(admins.Members) == 1 && admins.Members[0] == name {
		return lastAdmin(name)
	}
	c.say("INFO", fmt.Sprintf("The user '%s' will be removed from the group 'all_users'", name))
	for _, g := range s.Groups {
		g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return m == name })
	}
	s.Users = slices.DeleteFunc(s.Users, func(u *User) bool { return u.Name == name })
	s.Sessions = slices.DeleteFunc(s.Sessions, func(x *Session) bool { return x.User == name })
	return nil
}

func lastAdmin(name string) *fault {
	return refuse("group_cannot_remove_last_admin", fmt.Sprintf("The user '%s' is the last user in the group 'admins' and will not be removed from it.", name), field{"user", name})
}
