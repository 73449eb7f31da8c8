package yunohost

import "time"

// recipe is an app of the catalog: what its manifest asks, and what an install takes.
type recipe struct {
	id, name, description string
	version, newer        string // newer: what the catalog offers some weeks later
	level                 int
	category              string
	multi, ldap           bool
	disk, ram             int64 // bytes needed
	time                  time.Duration
	questions             []question
}

// question is one entry of a manifest's install section.
type question struct {
	id, kind string // domain, path, user, group, password, boolean, select, string
	def      string
	optional bool
	choices  []string
	ask      string
}

const mebibyte = 1 << 20

// usual are the questions that nearly every web app asks.
func usual(path, group string, more ...question) []question {
	return append([]question{
		{id: "domain", kind: "domain", ask: "Choose the domain where this app should be installed"},
		{id: "path", kind: "path", def: path, ask: "Choose the URL path (after the domain) where this app should be installed"},
		{id: "init_main_permission", kind: "group", def: group, ask: "Who should have access to this app? (This can later be changed)"},
	}, more...)
}

var (
	askAdmin    = question{id: "admin", kind: "user", ask: "Choose an administrator user for this app"}
	askPassword = question{id: "password", kind: "password", ask: "Choose an administration password for this app"}
)

// recipes is the part of the catalog that is simulated. Questions follow the apps'
// manifests as published.
var recipes = []recipe{
	{id: "dolibarr", name: "Dolibarr", description: "Manage the various aspects of your business or association", version: "21.0.1~ynh2", newer: "21.0.2~ynh1", level: 8,
		category: "productivity_and_management", multi: true, ldap: true, disk: 200 * mebibyte, ram: 150 * mebibyte, time: 4 * time.Minute,
		questions: usual("/dolibarr", "visitors", askAdmin,
			question{id: "syncyunohost_enabled", kind: "boolean", def: "0", ask: "Would you like to enable the SyncYunohost module?"})},
	{id: "nextcloud", name: "Nextcloud", description: "Online storage, file sharing platform and various other applications", version: "31.0.5~ynh1", newer: "31.0.6~ynh1", level: 8,
		category: "synchronization", multi: true, ldap: true, disk: 650 * mebibyte, ram: 512 * mebibyte, time: 7 * time.Minute,
		questions: usual("/nextcloud", "visitors", askAdmin, question{id: "user_home", kind: "boolean", def: "0", ask: "Add the users' home directory in Nextcloud?"})},
	{id: "wordpress", name: "WordPress", description: "Create a blog or a simple website", version: "6.8.1~ynh1", newer: "6.8.2~ynh1", level: 8,
		category: "publishing", multi: true, ldap: true, disk: 50 * mebibyte, ram: 50 * mebibyte, time: 3 * time.Minute,
		questions: usual("/blog", "visitors", askAdmin, askPassword,
			question{id: "language", kind: "select", def: "fr_FR", choices: []string{"de_DE", "en_US", "fr_FR", "it_IT"}, ask: "Choose the application language"},
			question{id: "multisite", kind: "boolean", def: "0", ask: "Enable the multisite option?"})},
	{id: "roundcube", name: "Roundcube", description: "Web-based IMAP email client", version: "1.6.10~ynh1", newer: "1.6.11~ynh1", level: 8,
		category: "communication", ldap: true, disk: 100 * mebibyte, ram: 50 * mebibyte, time: 2 * time.Minute,
		questions: usual("/webmail", "all_users", question{id: "with_carddav", kind: "boolean", def: "1", ask: "Install CardDAV synchronization plugin?"})},
	{id: "vaultwarden", name: "Vaultwarden", description: "Manage passwords and other sensitive information", version: "1.34.1~ynh1", newer: "1.34.3~ynh1", level: 8,
		category: "system_tools", disk: 200 * mebibyte, ram: 100 * mebibyte, time: 3 * time.Minute,
		questions: usual("/vaultwarden", "visitors", askAdmin)},
	{id: "my_webapp", name: "My Webapp", description: "Custom web app with SFTP access to serve static or PHP files", version: "1.0~ynh19", newer: "1.0~ynh19", level: 8,
		category: "publishing", multi: true, disk: 50 * mebibyte, ram: 50 * mebibyte, time: time.Minute,
		questions: usual("/site", "visitors", question{id: "with_sftp", kind: "boolean", def: "1", ask: "Do you need a SFTP access?"},
			question{id: "password", kind: "password", optional: true, ask: "Set a password for the SFTP access"})},
}

func findRecipe(id string) *recipe {
	for i := range recipes {
		if recipes[i].id == id {
			return &recipes[i]
		}
	}
	return nil
}

// ripening is how long the catalog takes to offer the newer version of an app.
const ripening = 21 * 24 * time.Hour
