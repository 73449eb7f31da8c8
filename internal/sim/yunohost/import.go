package yunohost

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// steps is an import under way: deletions first, then updates, then creations.
type steps struct {
	List   []step         `json:"list"`
	Done   int            `json:"done"`
	Counts map[string]int `json:"counts"`
}

func (st step) time() time.Duration {
	return map[string]time.Duration{"created": createTime, "updated": updateTime, "deleted": deleteTime}[st.Kind]
}

// dueAt is when step i of an import that started at start is done.
func (p *steps) dueAt(start time.Time, i int) time.Time {
	at := start.Add(readTime)
	for _, st := range p.List[:i+1] {
		at = at.Add(st.time())
	}
	return at
}

// next is when the next step is done.
func (p *steps) next(start time.Time) (time.Time, bool) {
	if p.Done >= len(p.List) {
		return time.Time{}, false
	}
	return p.dueAt(start, p.Done), true
}

// userImport does a whole import at once; Advance does it step by step instead.
func userImport(c *call) (any, error) {
	plan, err := c.planImport()
	if err != nil {
		return nil, err
	}
	if len(plan.List) == 0 {
		c.say("INFO", "No user needs to be imported")
		return object{}, nil
	}
	c.start()
	for plan.Done < len(plan.List) {
		c.takes(plan.List[plan.Done].time())
		if err := c.importStep(plan); err != nil {
			return nil, err
		}
	}
	c.takes(syncTime)
	return c.endImport(plan)
}

// advanceSteps lets the import at the head of the queue go on to now.
func (s *State) advanceSteps(a *Action, now time.Time) {
	c := &call{s: s, args: a.Input.Args, door: cli, now: a.Start, name: a.Input.Action, by: "root", file: a.Input.File}
	if a.Steps == nil {
		plan, err := c.planImport()
		if err != nil {
			plan = &steps{Counts: map[string]int{"errors": 1}}
		}
		a.Steps = plan
		c.start()
		s.Logs[len(s.Logs)-1].Broken = true // until it ends
	}
	c.log = s.logNamed(a.Input.logName(a.Start))
	for {
		at, ok := a.Steps.next(a.Start)
		if !ok || at.After(now) {
			break
		}
		if err := c.importStep(a.Steps); err != nil {
			a.Steps.Done = len(a.Steps.List) // a crash ends the import where it is
		}
		if c.log != nil {
			c.log.keep(c, at)
		}
	}
	if !a.Until.After(now) && c.log != nil {
		_, err := c.endImport(a.Steps)
		c.log.Broken = false
		c.cost = a.Until.Sub(a.Start)
		c.log.end(c, err)
	}
}

func (s *State) logNamed(name string) *Log {
	for _, l := range slices.Backward(s.Logs) {
		if l.Name == name {
			return l
		}
	}
	return nil
}

func (c *call) endImport(plan *steps) (any, error) {
	if err := c.s.needCatalog(); err != nil {
		return nil, err
	}
	if plan.Counts["errors"] > 0 {
		text := "The users import operation partially failed"
		if plan.Counts["created"]+plan.Counts["updated"]+plan.Counts["deleted"] == 0 {
			text = "The users import operation completely failed"
		}
		c.say("INFO", fmt.Sprintf("The operation 'Import users' could not be completed. Please share the full log of this operation using the command 'yunohost log share %s' to get help", logName(c.now, c.name, c.args)))
		c.say("ERROR", text)
		if c.log != nil {
			c.log.Error = text
		}
	} else {
		c.say("SUCCESS", "Users successfully imported")
	}
	return object{{"created", plan.Counts["created"]}, {"updated", plan.Counts["updated"]}, {"deleted", plan.Counts["deleted"]}, {"errors", plan.Counts["errors"]}}, nil
}

var verbs = map[string]string{"created": "Creating", "updated": "Updating", "deleted": "Deleting"}

// importStep does the next account. What fails is counted and told, but goes on; only
// a crash of YunoHost itself is an error.
func (c *call) importStep(plan *steps) error {
	st := plan.List[plan.Done]
	plan.Done++
	const width = 20
	bar := plan.Done * width / len(plan.List)
	c.say("INFO", fmt.Sprintf("[%s%s] > %s %s", strings.Repeat("#", bar), strings.Repeat(".", width-bar), verbs[st.Kind], st.Name))
	err := c.doStep(st)
	f, _ := err.(*fault)
	switch {
	case err == nil:
		plan.Counts[st.Kind]++
	case f.key == "group_cannot_remove_last_admin" && st.Kind == "deleted":
		return &fault{kind: crashPage, text: "TypeError: unsupported operand type(s) for +: 'dict' and 'str'"}
	case f.key == "group_cannot_remove_last_admin":
		c.say("WARNING", fmt.Sprintf("%s: Unable to edit or delete '%s' via import because user is admin", st.Name, st.Name))
	default:
		plan.Counts["errors"]++
		c.say("ERROR", st.Name+": "+err.Error())
	}
	return nil
}

func (c *call) doStep(st step) error {
	switch st.Kind {
	case "deleted":
		return c.deleteUser(st.Name)
	case "updated":
		return c.editImported(st)
	}
	if st.Password == "" {
		st.Password = digest("random", fmt.Sprint(c.s.Seed), st.Name)
	}
	_, domain, _ := strings.Cut(st.Mail, "@")
	n := newUser{name: st.Name, fullName: st.FullName, password: st.Password, domain: domain, quota: st.Quota, shell: "/bin/bash"}
	if _, err := c.createUser(n, func() {}); err != nil {
		return err
	}
	c.cost -= createTime // createUser counts it; the import counts its steps itself
	return c.editImported(st)
}

// editImported makes an account what its line says: aliases, forwards and groups
// that the line does not name are taken away.
func (c *call) editImported(st step) error {
	u := c.s.user(st.Name)
	if u == nil {
		return unknownUser(st.Name)
	}
	ch := change{fullName: st.FullName, password: st.Password, quota: st.Quota}
	if st.Mail != u.Mails[0] {
		ch.mail = st.Mail
	}
	ch.addAliases, ch.dropAliases = difference(st.Aliases, u.Mails[1:])
	ch.addForwards, ch.dropForwards = difference(st.Forwards, u.Forwards)
	join, leave := difference(st.Groups, c.s.groupsOf(st.Name))
	for _, name := range leave {
		g := c.s.group(name)
		if name == "admins" && len(g.Members) == 1 {
			return lastAdmin(st.Name)
		}
		g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return m == st.Name })
	}
	if err := c.updateUser(u, ch, func() {}); err != nil {
		return err
	}
	for _, name := range join {
		if name != "all_users" && name != st.Name {
			c.s.join(name, st.Name)
		}
	}
	return nil
}

// difference says what want has more than have, and have more than want.
func difference(want, have []string) (more, less []string) {
	for _, w := range want {
		if !slices.Contains(have, w) {
			more = append(more, w)
		}
	}
	for _, h := range have {
		if !slices.Contains(want, h) {
			less = append(less, h)
		}
	}
	return more, less
}
