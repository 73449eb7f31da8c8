package proxmox

import (
	"regexp"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sharedtest"
)

func TestParseUPID(t *testing.T) {
	for text, want := range map[string]UPID{
		"UPID:pve:00086DA5:00B7AA7A:6A4C5684:imgcopy::root@pam!sdk:":      {Node: "pve", PID: 552357, PStart: 12036730, Started: time.Unix(1783387780, 0).UTC(), Type: "imgcopy", User: "root@pam!sdk"},
		"UPID:pve:00004675:0005B36F:6A4A8EED:qmcreate:9101:root@pam!sdk:": {Node: "pve", PID: 18037, PStart: 373615, Started: time.Unix(1783271149, 0).UTC(), Type: "qmcreate", ID: "9101", User: "root@pam!sdk"},
	} {
		got, err := parseUPID(text)
		if err != nil || got != want {
			t.Errorf("ParseUPID(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
	for _, bad := range []string{"", "UPID", "UPID:pve:1:2:3:type:id:user", "UPID::1:2:3:type:id:user:", "UPID:pve:x:2:3:type:id:user:", "UPID:pve:1:2:3::id:user:", "upid:pve:1:2:3:t:i:u:"} {
		if _, err := parseUPID(bad); err == nil {
			t.Errorf("ParseUPID(%q) wants an error", bad)
		}
	}
}

func FuzzParseUPID(f *testing.F) {
	for _, a := range sharedtest.Answers(f, "pve-9.2.4") {
		for _, upid := range regexp.MustCompile(`UPID:[^"\s]+`).FindAllString(a.Body, -1) {
			f.Add(upid)
		}
	}
	f.Add("UPID:pve:00086DA5:00B7AA7A:6A4C5684:imgcopy::root@pam!sdk:")
	f.Add("UPID:pve:00004675:0005B36F:6A4A8EED:qmcreate:9101:root@pam:")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parseUPID(text)
		if err != nil {
			return
		}
		again, err := parseUPID(u.String())
		if err != nil || again != u {
			t.Errorf("%q reads as %+v, which reads as %+v, %v", text, u, again, err)
		}
	})
}
