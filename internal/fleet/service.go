package fleet

// The plain types in which a YunoHost server is asked and answers.

// Account is a user of a server as its list shows it.
type Account struct {
	Username string `json:"username"`
	FullName string `json:"fullname"`
	Mail     string `json:"mail"`
	Quota    string `json:"mailbox-quota"` // 0: none
}

// Imported is what an import of users said of itself. It proves nothing: read
// the users.
type Imported struct {
	Created int `json:"created"`
	Updated int `json:"updated"`
	Deleted int `json:"deleted"`
	Errors  int `json:"errors"`
}

// Relay is the mail relay of a server. Its password is never read back.
type Relay struct {
	Enabled bool   `json:"enabled"`
	Host    string `json:"host"`
	Port    int    `json:"port"`
	User    string `json:"user"`
}

// Certificate is the certificate of a domain.
type Certificate struct {
	Authority string `json:"authority"` // selfsigned, letsencrypt, other
	Days      int    `json:"days"`      // of validity left
}

// Finding is one thing that a server's diagnosis has to say.
type Finding struct {
	Category string `json:"category"`
	Status   string `json:"status"` // SUCCESS, INFO, WARNING, ERROR
	Summary  string `json:"summary"`
	Ignored  bool   `json:"ignored,omitempty"`
}
