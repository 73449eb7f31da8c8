package fleet

// The plain types in which a YunoHost server is asked and answers.

// Account is a user of a server as its list shows it.
type Account struct {
	Username string `json:"username"`
	FullName string `json:"fullname"`
	Mail     string `json:"mail"`
	Quota    string `json:"mailbox-quota"` // 0: none
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

// Domain is the state of one domain of a server.
type Domain struct {
	Main        bool // the server's main one
	Certificate Certificate
	DNS         string // zone text to publish
}

// Finding is one thing that a server's diagnosis has to say.
type Finding struct {
	Category string `json:"category"`
	Status   string `json:"status"` // SUCCESS, INFO, WARNING, ERROR
	Summary  string `json:"summary"`
	Ignored  bool   `json:"ignored,omitempty"`
}
