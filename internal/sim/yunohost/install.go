package yunohost

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// fetch is the way to an app's package: known, and reachable.
func (c *call) fetch(id string) (*recipe, error) {
	if err := c.s.needCatalog(); err != nil {
		return nil, err
	}
	if strings.ContainsAny(id, "/:") {
		return nil, notSimulated("an app from elsewhere than the catalog: " + id)
	}
	r := findRecipe(id)
	if r == nil {
		return nil, refuse("app_unknown", "Unknown app")
	}
	if c.catalogReady() != nil {
		return nil, refuse("app_unsupported_remote_type", "Unsupported remote type used for the app")
	}
	if c.s.Catalog.Fixture {
		return nil, refuse("app_unsupported_remote_type", "Unsupported remote type used for the app")
	}
	if !c.s.Site.Online {
		return nil, fail("Unable to fetch sources files, is the URL correct?")
	}
	c.takes(3 * time.Second)
	return r, nil
}

// conflicts lists the installed apps whose place overlaps with domain and path.
func (s *State) conflicts(domain, path string) []string {
	var list []string
	path = strings.TrimRight(path, "/")
	for _, a := range s.Apps {
		other := strings.TrimRight(a.Path, "/")
		if a.Domain == domain && (other == path || strings.HasPrefix(other+"/", path+"/") || strings.HasPrefix(path+"/", other+"/")) {
			list = append(list, fmt.Sprintf(" * %s%s \u2192 %s (%s)", a.Domain, a.Path, a.Label, a.ID))
		}
	}
	return list
}

func appInstall(c *call) (any, error) {
	s := c.s
	if s.Site.DiskFree > 0 && s.Site.DiskFree <= 512*1000*1000 {
		return nil, refuse("disk_space_not_sufficient_install", "There is not enough disk space left to install this application")
	}
	r, err := c.fetch(c.args.str("app"))
	if err != nil {
		return nil, err
	}
	id := r.id
	for n := 2; s.app(id) != nil; n++ {
		if !r.multi {
			return nil, refuse("app_already_installed", r.id+" is already installed", field{"app", r.id})
		}
		id = fmt.Sprintf("%s__%d", r.id, n)
	}
	if s.user(id) != nil {
		return nil, refuseRaw(fmt.Sprintf("There is already a YunoHost user called %s ...", id))
	}
	if s.Site.DiskFree > 0 && s.Site.DiskFree < r.disk {
		return nil, refuseRaw(fmt.Sprintf("This app requires %d MiB free space.", r.disk/mebibyte))
	}
	a := &App{ID: id, Recipe: r.id, Label: c.args.opt("label", r.name), Version: s.offered(r, c.now), Installed: c.now.UTC(), Answers: map[string]string{}}
	if err := c.answer(r, a); err != nil {
		return nil, err
	}
	if there := s.conflicts(a.Domain, a.Path); len(there) > 0 {
		list := strings.Join(there, "\n")
		return nil, refuse("app_location_unavailable", "This URL is either unavailable, or conflicts with the already installed app(s):\n"+list, field{"apps", list})
	}
	c.start()
	c.say("INFO", fmt.Sprintf("Installing %s\u2026", r.id))
	c.takes(r.time + time.Duration(s.rand("install", id).IntN(60))*time.Second)
	c.say("INFO", fmt.Sprintf("[####################] > Installation of %s completed", r.id))
	s.Apps = append(s.Apps, a)
	c.say("SUCCESS", "Installation completed")
	if c.door == web {
		return object{{"notifications", object{}}}, nil
	}
	return nil, nil
}

// offered is the version that the catalog holds: the newer one after some weeks.
func (s *State) offered(r *recipe, now time.Time) string {
	if len(s.Logs) > 0 && now.Sub(s.Logs[0].Started) > ripening {
		return r.newer
	}
	return r.version
}

// answer gives the answers of args to the questions of a manifest and checks them.
func (c *call) answer(r *recipe, a *App) error {
	given, err := parseAnswers(c.args.str("args"))
	if err != nil {
		return err
	}
	for _, q := range r.questions {
		v, ok := given[q.id]
		if !ok || v == "" {
			v = c.defaultAnswer(q)
		}
		if v == "" && !q.optional {
			return refuse("app_argument_required", fmt.Sprintf("Argument '%s' is required", q.id), field{"name", q.id})
		}
		if v, err = c.checkAnswer(q, v); err != nil {
			return err
		}
		switch q.id {
		case "domain":
			a.Domain = v
		case "path":
			a.Path = v
		case "init_main_permission":
			a.Allowed = []string{v}
		}
		if q.kind != "password" {
			a.Answers[q.id] = v
		}
	}
	return nil
}

func (c *call) defaultAnswer(q question) string {
	switch q.kind {
	case "domain":
		return c.s.MainDomain
	case "user":
		if admins := c.s.group("admins"); admins != nil && len(admins.Members) > 0 {
			return admins.Members[0]
		}
	}
	return q.def
}

func (c *call) checkAnswer(q question, v string) (string, error) {
	choice := func(choices []string) (string, error) {
		if slices.Contains(choices, v) {
			return v, nil
		}
		all := strings.Join(choices, ", ")
		return "", refuse("app_argument_choice_invalid", fmt.Sprintf("Pick a valid value for argument '%s': '%s' is not among the available choices (%s)", q.id, v, all),
			field{"name", q.id}, field{"value", v}, field{"choices", all})
	}
	switch q.kind {
	case "domain":
		return choice(c.s.domainNames())
	case "user":
		var names []string
		for _, u := range c.s.Users {
			names = append(names, u.Name)
		}
		return choice(names)
	case "group":
		var names []string
		for _, g := range c.s.Groups {
			names = append(names, g.Name)
		}
		return choice(names)
	case "select":
		return choice(q.choices)
	case "path":
		return "/" + strings.Trim(strings.TrimSpace(v), "/"), nil
	case "boolean":
		return c.s.checkValue(&option{key: q.id, kind: "boolean"}, v)
	case "password":
		if v == "" {
			return "", nil
		}
		return v, c.s.checkPassword(v, "user")
	}
	return v, nil
}
