package yunohost

import (
	"fmt"
	"slices"
)

var groupOperations = map[string]operation{
	"user.group.list":      {do: groupList},
	"user.group.info":      {do: groupInfo},
	"user.group.create":    {do: groupCreate, writes: true},
	"user.group.delete":    {do: groupDelete, writes: true},
	"user.group.add":       {do: groupAdd, writes: true},
	"user.group.remove":    {do: groupRemove, writes: true},
	"user.permission.list": {do: permissionList},
}

// builtinGroups exist on every server; the first two have members.
var builtinGroups = []string{"admins", "all_users", "visitors"}

func (s *State) join(group, user string) {
	if g := s.group(group); g != nil && !slices.Contains(g.Members, user) {
		g.Members = append(g.Members, user)
	}
}

// groupsOf lists the groups of a user without all_users and his own.
func (s *State) groupsOf(user string) []string {
	names := []string{}
	for _, g := range s.Groups {
		if g.Name != "all_users" && slices.Contains(g.Members, user) {
			names = append(names, g.Name)
		}
	}
	return names
}

// permissionsOf lists the permissions that a group has.
func (s *State) permissionsOf(group string) []string {
	names := []string{}
	for _, p := range s.permissions() {
		if slices.Contains(p.allowed, group) {
			names = append(names, p.name)
		}
	}
	return names
}

func groupList(c *call) (any, error) {
	groups := object{}
	add := func(name string, members []string) {
		o := object{{"members", append([]string{}, members...)}}
		if c.args.has("full") {
			o.set("permissions", c.s.permissionsOf(name))
		}
		groups.set(name, o)
	}
	for _, g := range c.s.Groups {
		add(g.Name, g.Members)
	}
	if c.args.has("include-primary-groups") {
		for _, u := range c.s.Users {
			add(u.Name, []string{u.Name})
		}
	}
	return object{{"groups", groups}}, nil
}

func (s *State) groupView(g *Group) object {
	return object{{"members", append([]string{}, g.Members...)}, {"permissions", s.permissionsOf(g.Name)}, {"mail-aliases", append([]string{}, g.Mails...)}}
}

func groupInfo(c *call) (any, error) {
	g := c.s.group(c.args.str("groupname"))
	if g == nil {
		return nil, unknownGroup(c.args.str("groupname"))
	}
	return c.s.groupView(g), nil
}

func unknownGroup(name string) *fault {
	return refuse("group_unknown", fmt.Sprintf("The group '%s' is unknown", name), field{"group", name})
}

func groupCreate(c *call) (any, error) {
	name := c.args.str("groupname")
	if c.s.group(name) != nil || c.s.user(name) != nil {
		return nil, refuse("group_already_exist", fmt.Sprintf("Group %s already exists", name), field{"group", name})
	}
	if c.s.systemUser(name) {
		return nil, refuse("group_already_exist_on_system", fmt.Sprintf("Group %s already exists in the system groups", name), field{"group", name})
	}
	c.start()
	c.takes(syncTime)
	c.s.Groups = append(c.s.Groups, &Group{Name: name})
	c.say("SUCCESS", fmt.Sprintf("Group '%s' created", name))
	return object{{"name", name}}, nil
}

func groupDelete(c *call) (any, error) {
	name := c.args.str("groupname")
	if c.s.group(name) == nil {
		return nil, unknownGroup(name)
	}
	if slices.Contains(builtinGroups, name) {
		return nil, refuse("group_cannot_be_deleted", fmt.Sprintf("The group %s cannot be deleted manually.", name), field{"group", name})
	}
	c.start()
	c.takes(syncTime)
	c.s.Groups = slices.DeleteFunc(c.s.Groups, func(g *Group) bool { return g.Name == name })
	c.say("SUCCESS", fmt.Sprintf("Group '%s' deleted", name))
	return nil, nil
}

func (c *call) editable() (*Group, error) {
	name := c.args.str("groupname")
	g := c.s.group(name)
	switch {
	case g == nil:
		return nil, unknownGroup(name)
	case name == "all_users":
		return nil, refuse("group_cannot_edit_all_users", "The group 'all_users' cannot be edited manually. It is a special group meant to contain all users registered in YunoHost")
	case name == "visitors":
		return nil, refuse("group_cannot_edit_visitors", "The group 'visitors' cannot be edited manually. It is a special group representing anonymous visitors")
	}
	for _, user := range c.args["usernames"] {
		if c.s.user(user) == nil {
			return nil, unknownUser(user)
		}
	}
	return g, nil
}

func groupAdd(c *call) (any, error) {
	g, err := c.editable()
	if err != nil {
		return nil, err
	}
	c.start()
	c.takes(syncTime)
	for _, user := range c.args["usernames"] {
		if slices.Contains(g.Members, user) {
			c.say("WARNING", fmt.Sprintf("User %s is already in group %s", user, g.Name))
			continue
		}
		c.say("INFO", fmt.Sprintf("The user '%s' will be added to the group '%s'", user, g.Name))
		g.Members = append(g.Members, user)
	}
	c.say("SUCCESS", fmt.Sprintf("Group '%s' updated", g.Name))
	return c.s.groupView(g), nil
}

func groupRemove(c *call) (any, error) {
	g, err := c.editable()
	if err != nil {
		return nil, err
	}
	for _, user := range c.args["usernames"] {
		if g.Name == "admins" && len(g.Members) == 1 && g.Members[0] == user {
			return nil, lastAdmin(user)
		}
	}
	c.start()
	c.takes(syncTime)
	for _, user := range c.args["usernames"] {
		g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return m == user })
	}
	c.say("SUCCESS", fmt.Sprintf("Group '%s' updated", g.Name))
	return c.s.groupView(g), nil
}

// permission is one line of the rights on services and apps.
type permission struct {
	name, label string
	allowed     []string
}

func (s *State) permissions() []permission {
	list := []permission{{"mail.main", "Email", []string{"all_users"}}, {"sftp.main", "SFTP", []string{}}, {"ssh.main", "SSH", []string{"admins"}}}
	for _, a := range s.Apps {
		list = append(list, permission{a.ID + ".main", a.Label, append([]string{}, a.Allowed...)})
	}
	slices.SortFunc(list, func(a, b permission) int { return compare(a.name, b.name) })
	return list
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func permissionList(c *call) (any, error) {
	all := object{}
	for _, p := range c.s.permissions() {
		all.set(p.name, object{{"allowed", p.allowed}, {"label", p.label}})
	}
	return object{{"permissions", all}}, nil
}
