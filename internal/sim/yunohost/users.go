package yunohost

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var userOperations = map[string]operation{
	"user.list":   {do: userList},
	"user.info":   {do: userInfo},
	"user.export": {do: userExport},
	"user.create": {do: userCreate, writes: true},
	"user.update": {do: userUpdate, writes: true},
	"user.delete": {do: userDelete, writes: true},
	"user.import": {do: userImport, writes: true},
}

// adminAliases are local parts that belong to the admins group.
var adminAliases = []string{"root", "admin", "admins", "webmaster", "postmaster", "abuse"}

var shells = []string{"/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash", "/bin/rbash", "/bin/dash", "/usr/sbin/nologin"}

// Time that writes take, by measurement on two cores.
const (
	createTime = 1 * time.Second
	updateTime = 60 * time.Millisecond
	deleteTime = 340 * time.Millisecond
	syncTime   = 1 * time.Second // permissions and single sign-on are written anew
)

func userList(c *call) (any, error) {
	fields := c.args["fields"]
	if !c.args.has("fields") {
		fields = []string{"username", "fullname", "mail", "mailbox-quota"}
	}
	users := object{}
	for _, u := range c.s.Users {
		o := object{}
		for _, name := range fields {
			value, ok := c.s.userField(u, name)
			if !ok {
				return nil, fail("Invalid field '%s'", name)
			}
			o.set(name, value)
		}
		users.set(u.Name, o)
	}
	for _, name := range fields {
		if _, ok := c.s.userField(&User{Mails: []string{""}}, name); !ok {
			return nil, fail("Invalid field '%s'", name)
		}
	}
	return object{{"users", users}}, nil
}

func (s *State) userField(u *User, name string) (any, bool) {
	first, last, _ := strings.Cut(u.FullName, " ")
	switch name {
	case "username":
		return u.Name, true
	case "fullname":
		return u.FullName, true
	case "firstname":
		return first, true
	case "lastname":
		return last, true
	case "password":
		return "", true
	case "mail":
		return u.Mails[0], true
	case "mail-alias", "mail-aliases":
		return append([]string{}, u.Mails[1:]...), true
	case "mail-forward":
		return append([]string{}, u.Forwards...), true
	case "mailbox-quota":
		return u.Quota, true
	case "groups":
		return s.groupsOf(u.Name), true
	case "home-path":
		return "/home/" + u.Name, true
	case "loginShell", "shell":
		return u.Shell, true
	}
	return nil, false
}

func userInfo(c *call) (any, error) {
	u := c.s.user(c.args.str("username"))
	if u == nil {
		return nil, unknownUser(c.args.str("username"))
	}
	return c.s.info(u), nil
}

func (s *State) info(u *User) object {
	quota := object{{"limit", u.Quota}, {"use", "0 (0%)"}}
	if u.Quota == "0" || u.Quota == "" {
		quota = object{{"limit", "No quota"}, {"use", "0"}}
	}
	return object{{"username", u.Name}, {"fullname", u.FullName}, {"mail", u.Mails[0]}, {"loginShell", u.Shell},
		{"mail-aliases", append([]string{}, u.Mails[1:]...)}, {"mail-forward", append([]string{}, u.Forwards...)}, {"mailbox-quota", quota}}
}

// newUser is what userCreate and an import need to know.
type newUser struct {
	name, fullName, password, domain, quota, shell string
	admin                                          bool
}

func userCreate(c *call) (any, error) {
	n := newUser{name: c.args.str("username"), fullName: c.args.str("fullname"), password: c.args.str("password"), domain: c.args.str("domain"),
		quota: c.args.opt("mailbox-quota", "0"), shell: c.args.opt("loginShell", "/bin/bash")}
	u, err := c.createUser(n, c.start)
	if err != nil {
		return nil, err
	}
	c.takes(syncTime)
	if err := c.s.needCatalog(); err != nil {
		return nil, err
	}
	c.say("SUCCESS", "User created")
	return object{{"fullname", u.FullName}, {"username", u.Name}, {"mail", u.Mails[0]}}, nil
}

// createUser checks and makes an account; begin is called between the two.
func (c *call) createUser(n newUser, begin func()) (*User, error) {
	s := c.s
	n.fullName = strings.TrimSpace(n.fullName)
	profile := "user"
	if n.admin {
		profile = "admin"
	}
	if err := s.checkPassword(n.password, profile); err != nil {
		return nil, err
	}
	if n.domain == "" {
		if c.door == web {
			return nil, refuseRaw("Invalid usage, you should specify a domain argument")
		}
		return nil, fail("Not a tty, can't do interactive prompts")
	}
	if s.domain(n.domain) == nil {
		return nil, unknownDomain(n.domain)
	}
	if s.user(n.name) != nil {
		return nil, refuse("user_already_exists", fmt.Sprintf("The user '%s' already exists", n.name), field{"user", n.name})
	}
	mail := n.name + "@" + n.domain
	if attribute, value := s.taken(n.name, mail); attribute != "" {
		return nil, &fault{kind: unserialisable, text: fmt.Sprintf("Could not create user %s: LDAP attribute '%s' already exists with value '%s'", n.name, attribute, value)}
	}
	if s.systemUser(n.name) {
		return nil, refuse("system_username_exists", "Username already exists in the list of system users")
	}
	begin()
	if n.name == "" {
		c.takes(createTime)
		return nil, fail("%s", ldapAddError(s, n))
	}
	if !slices.Contains(shells, n.shell) {
		c.log.Error = "Invalid shell"
		return nil, refuse("invalid_shell", "Invalid shell: "+n.shell, field{"shell", n.shell})
	}
	c.takes(createTime)
	u := &User{Name: n.name, FullName: n.fullName, Mails: []string{mail}, Quota: n.quota, Shell: n.shell, Hash: hash(n.password)}
	s.Users = append(s.Users, u)
	if n.admin {
		s.join("admins", n.name)
	}
	c.say("INFO", fmt.Sprintf("The user '%s' will be added to the group 'all_users'", n.name))
	s.join("all_users", n.name)
	return u, nil
}

// taken looks for what LDAP must hold once only: uid, mail, cn.
func (s *State) taken(name, mail string) (attribute, value string) {
	if s.mailTaken(mail) {
		return "mail", mail
	}
	if name != "" && s.group(name) != nil {
		return "cn", name
	}
	return "", ""
}

// mailTaken says whether an address belongs to a user or to a group.
func (s *State) mailTaken(mail string) bool {
	local, domain, _ := strings.Cut(mail, "@")
	if domain == s.MainDomain && slices.Contains(adminAliases, local) {
		return true
	}
	return slices.ContainsFunc(s.Users, func(u *User) bool { return slices.Contains(u.Mails, mail) }) ||
		slices.ContainsFunc(s.Groups, func(g *Group) bool { return slices.Contains(g.Mails, mail) })
}

// ldapAddError is the text of a failed LDAP add, which holds a password's hash.
func ldapAddError(s *State, n newUser) string {
	first, last, _ := strings.Cut(n.fullName, " ")
	uid := 1001 + s.rand("uid", n.fullName).IntN(60000)
	return fmt.Sprintf("Could not create user %s: error during LDAP add operation with: rdn='uid=%s,ou=users', attr_dict={'objectClass': ['mailAccount', 'inetOrgPerson', 'posixAccount', 'userPermissionYnh'], 'givenName': ['%s'], 'sn': ['%s'], 'displayName': ['%s'], 'cn': ['%s'], 'uid': ['%s'], 'mail': '%s@%s', 'maildrop': ['%s'], 'mailuserquota': ['%s'], 'userPassword': ['{CRYPT}$6$%s'], 'gidNumber': ['%d'], 'uidNumber': ['%d'], 'homeDirectory': ['/home/%s'], 'loginShell': ['%s']} and exception {'msgtype': 105, 'msgid': 37, 'result': 34, 'desc': 'Invalid DN syntax', 'ctrls': [], 'info': 'invalid DN'}",
		n.name, n.name, first, last, n.fullName, n.fullName, n.name, n.name, n.domain, n.name, n.quota, hash(n.password), uid, uid, n.name, n.shell)
}

// needCatalog is the trap of a server without an app catalog: single sign-on can't
// be written, so an action that has done its work fails.
func (s *State) needCatalog() error {
	if s.Catalog.FetchedAt.IsZero() && !s.Catalog.Fixture {
		return fail("The app catalog cache is empty or obsolete.")
	}
	return nil
}

// csvExport marks an answer that leaves the web API as text/csv.
type csvExport string

func userExport(c *call) (any, error) {
	var b strings.Builder
	b.WriteString("username;firstname;lastname;password;mail;mail-alias;mail-forward;mailbox-quota;groups\r\n")
	for _, u := range c.s.Users {
		first, last, _ := strings.Cut(u.FullName, " ")
		fmt.Fprintf(&b, "%s;%s;%s;;%s;%s;%s;%s;%s\r\n", u.Name, first, last, u.Mails[0], strings.Join(u.Mails[1:], ","),
			strings.Join(u.Forwards, ","), u.Quota, strings.Join(c.s.groupsOf(u.Name), ","))
	}
	text := strings.TrimSuffix(b.String(), "\r\n")
	if c.door == web {
		return csvExport(text), nil
	}
	return text, nil
}
