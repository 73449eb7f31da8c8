package yunohost

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var appOperations = map[string]operation{
	"app.list":         {do: appList},
	"app.info":         {do: appInfo},
	"app.map":          {do: appMap},
	"app.catalog":      {do: appCatalog},
	"app.manifest":     {do: appManifest},
	"app.install":      {do: appInstall, writes: true},
	"app.remove":       {do: appRemove, writes: true},
	"app.upgrade":      {do: appUpgrade, writes: true},
	"app.change-label": {do: appLabel, writes: true},
}

// App is an installed app.
type App struct {
	ID        string            `json:"id"` // "nextcloud", "nextcloud__2"
	Recipe    string            `json:"recipe"`
	Label     string            `json:"label"`
	Version   string            `json:"version"`
	Domain    string            `json:"domain,omitempty"`
	Path      string            `json:"path,omitempty"`
	Allowed   []string          `json:"allowed,omitempty"`
	Answers   map[string]string `json:"answers,omitempty"` // no passwords
	Installed time.Time         `json:"installed"`
}

func (s *State) appView(a *App) object {
	description := ""
	if r := findRecipe(a.Recipe); r != nil {
		description = r.description
	}
	o := object{{"id", a.ID}, {"name", a.Label}, {"description", description}, {"version", a.Version}}
	if a.Domain != "" {
		o.set("domain_path", a.Domain+a.Path)
	}
	return o
}

func appList(c *call) (any, error) {
	list := []object{}
	for _, a := range c.s.sortedApps() {
		o := c.s.appView(a)
		if c.args.has("full") {
			o = append(o, c.s.appDetail(a)...)
		}
		list = append(list, o)
	}
	return object{{"apps", list}}, nil
}

func (s *State) sortedApps() []*App {
	return slices.SortedFunc(slices.Values(s.Apps), func(a, b *App) int { return strings.Compare(a.ID, b.ID) })
}

func (s *State) appDetail(a *App) object {
	settings := object{{"id", a.ID}, {"install_time", a.Installed.Unix()}, {"domain", a.Domain}, {"path", a.Path}}
	upgrade := object{{"status", "up_to_date"}, {"current_version", a.Version}, {"new_version", a.Version}}
	if newest, ok := s.upgradeOf(a); ok {
		upgrade = object{{"status", "upgradable"}, {"current_version", a.Version}, {"new_version", newest}}
	}
	return object{{"upgrade", upgrade}, {"settings", settings}, {"is_webapp", a.Domain != ""}, {"label", a.Label}}
}

// notInstalled is the refusal that lists what is installed.
func (s *State) notInstalled(id string) *fault {
	var ids []string
	for _, a := range s.sortedApps() {
		ids = append(ids, a.ID)
	}
	all := "\n - " + strings.Join(ids, "\n - ")
	return refuse("app_not_installed", fmt.Sprintf("Could not find %s in the list of installed apps: %s", id, all), field{"app", id}, field{"all_apps", all})
}

func appInfo(c *call) (any, error) {
	a := c.s.app(c.args.str("app"))
	if a == nil {
		return nil, c.s.notInstalled(c.args.str("app"))
	}
	o := c.s.appView(a)
	if c.args.has("full") {
		o = append(o, c.s.appDetail(a)...)
	}
	return o, nil
}

func appMap(c *call) (any, error) {
	o := object{}
	for _, a := range c.s.sortedApps() {
		if a.Domain != "" {
			o.set(a.Domain+a.Path, a.Label)
		}
	}
	return o, nil
}

// catalogReady says whether the catalog can be used through this door.
func (c *call) catalogReady() error {
	if err := c.s.needCatalog(); err != nil {
		return err
	}
	// The API keeps the catalog in memory; one read without full has spoilt it.
	if c.door == web && c.s.Catalog.Mangled {
		return &fault{kind: crash, text: "KeyError: 'manifest'"}
	}
	return nil
}

func appCatalog(c *call) (any, error) {
	full := c.args.has("full")
	if full {
		if err := c.catalogReady(); err != nil {
			return nil, err
		}
	} else if err := c.s.needCatalog(); err != nil {
		return nil, err
	}
	apps := object{}
	for i := range recipes {
		r := &recipes[i]
		if c.s.Catalog.Fixture {
			if r.id == "dolibarr" || r.id == "nextcloud" {
				apps.set(r.id, object{{"description", r.description}, {"level", r.level}})
			}
			continue
		}
		if !full {
			apps.set(r.id, object{{"description", r.description}, {"level", r.level}})
			continue
		}
		apps.set(r.id, object{{"id", r.id}, {"level", r.level}, {"state", "working"}, {"category", r.category}, {"maintained", true}, {"high_quality", r.level >= 8},
			{"featured", false}, {"manifest", r.manifest()}, {"git", object{{"branch", "main"}, {"url", "https://github.com/YunoHost-Apps/" + r.id + "_ynh"}}}})
	}
	answer := object{{"apps", apps}}
	if !full {
		if c.door == web {
			c.s.Catalog.Mangled = true
		}
		return answer, nil
	}
	if c.args.has("with-categories") {
		answer.set("categories", []any{})
	}
	if c.args.has("with-antifeatures") {
		answer.set("antifeatures", []any{})
	}
	return answer, nil
}

func (r *recipe) manifest() object {
	install := []object{}
	for _, q := range r.questions {
		o := object{{"id", q.id}, {"name", q.id}, {"type", q.kind}, {"ask", object{{"en", q.ask}}}, {"optional", q.optional}}
		if q.def != "" {
			o.set("default", q.def)
		}
		if len(q.choices) > 0 {
			o.set("choices", q.choices)
		}
		install = append(install, o)
	}
	return object{{"packaging_format", 2}, {"id", r.id}, {"name", r.name}, {"description", object{{"en", r.description}}}, {"version", r.version},
		{"integration", object{{"multi_instance", r.multi}, {"ldap", r.ldap}, {"sso", r.ldap}}}, {"install", install}}
}

func appManifest(c *call) (any, error) {
	r, err := c.fetch(c.args.str("app"))
	if err != nil {
		return nil, err
	}
	m := r.manifest()
	m.set("requirements", object{})
	return m, nil
}

func (s *State) upgradeOf(a *App) (string, bool) {
	r := findRecipe(a.Recipe)
	if r == nil || s.Catalog.FetchedAt.IsZero() {
		return "", false
	}
	newest := s.offered(r, s.Catalog.FetchedAt)
	return newest, newest != a.Version && a.Version != r.newer
}

func appRemove(c *call) (any, error) {
	id := c.args.str("app")
	if c.s.app(id) == nil {
		return nil, c.s.notInstalled(id)
	}
	c.start()
	c.say("INFO", fmt.Sprintf("Removing %s\u2026", id))
	c.takes(40 * time.Second)
	c.s.Apps = slices.DeleteFunc(c.s.Apps, func(a *App) bool { return a.ID == id })
	c.say("SUCCESS", id+" uninstalled")
	return nil, nil
}

func appUpgrade(c *call) (any, error) {
	for _, id := range c.args["app"] {
		if c.s.app(id) == nil {
			return nil, c.s.notInstalled(id)
		}
	}
	return nil, c.upgradeApps(c.args["app"], c.args.has("force"))
}

// upgradeApps upgrades the named apps, or all that can be.
func (c *call) upgradeApps(ids []string, force bool) error {
	var due []*App
	for _, a := range c.s.sortedApps() {
		if len(ids) > 0 && !slices.Contains(ids, a.ID) {
			continue
		}
		if _, ok := c.s.upgradeOf(a); ok || force {
			due = append(due, a)
		} else if len(ids) > 0 {
			c.say("INFO", fmt.Sprintf("%s is already up to date (%s)", a.ID, a.Version))
		}
	}
	if len(due) == 0 {
		c.say("SUCCESS", "All apps are already up-to-date")
		return nil
	}
	if !c.s.Site.Online {
		return fail("Unable to fetch sources files, is the URL correct?")
	}
	c.start()
	for _, a := range due {
		c.say("INFO", fmt.Sprintf("Now upgrading %s\u2026", a.ID))
		c.takes(findRecipe(a.Recipe).time / 2)
		if newest, ok := c.s.upgradeOf(a); ok {
			a.Version = newest
		}
		c.say("SUCCESS", a.ID+" upgraded")
	}
	return nil
}

func appLabel(c *call) (any, error) {
	a := c.s.app(c.args.str("app"))
	if a == nil {
		return nil, c.s.notInstalled(c.args.str("app"))
	}
	c.start()
	a.Label = c.args.str("new_label")
	return nil, nil
}
