package headcount_test

import (
	"fmt"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
)

// island has Maëlle and Yann on Kerlann's server, each with one seat.
func island(t *testing.T) *room {
	r := newRoom(t)
	for _, name := range []string{"Maelle", "Yann"} {
		_, err := r.book.AddClient(anne, contract.Client{Name: name, Kind: contract.SoleTrader, SIREN: "732829320", Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
		r.must(err)
		_, err = r.book.Sign(anne, contract.New{Client: name, Offer: "island", Start: r.day("2026-09-01")})
		r.must(err)
	}
	r.accounts["kerlann"] = []string{"anna", "bruno", "maelle", "yann", "zoe"}
	r.groups = map[string]map[string][]string{"kerlann": {"admins": {"camille"}, "all_users": {"camille", "anna", "bruno", "maelle", "yann", "zoe"},
		"atelier_maelle": {"maelle"}, "atelier_yann": {"yann", "zoe", "camille"}, "compta": {"anna"}}}
	return r
}

func (r *room) group(client, server, group string) error {
	_, err := r.look.Group(anne, client+"-1", contract.AccountGroup{Server: server, Name: group})
	return err
}

// told is what a look of a day could not see.
func (r *room) told(day string) string {
	r.Helper()
	r.at(day)
	unseen, err := r.look.Look(r.Context(), "")
	r.must(err)
	var lines []string
	for _, u := range unseen {
		lines = append(lines, u.Contract+" "+u.Why)
	}
	return strings.Join(lines, "; ")
}

func (r *room) tells(got string, want ...string) {
	r.Helper()
	if len(want) == 0 && got != "" {
		r.Errorf("told %q, want nothing", got)
	}
	for _, w := range want {
		if !strings.Contains(got, w) {
			r.Errorf("told %q, want it to say %q", got, w)
		}
	}
}

// TestIsland: several contracts on one server are compared by their groups, each account
// counts for one of them, and the server is asked once.
func TestIsland(t *testing.T) {
	r := island(t)
	// Nobody has said yet whose accounts are whose.
	r.tells(r.told("2026-09-02"), "maelle-1 its accounts share a server with others", "accolade headcount group yann --server NAME --group GROUP")
	r.must(r.group("maelle", "kerlann", "atelier_maelle"))
	r.must(r.group("yann", "kerlann", "atelier_yann"))
	r.asked = nil
	r.tells(r.told("2026-09-03"))
	r.want(strings.Join(r.asked, " "), "kerlann kerlann-two penmarch")
	// Yann has two accounts on one seat; Kerlann has its own two; our admin is nobody's.
	r.want(r.state(), "kerlann 2/2; maelle 1/1; penmarch 2/2; yann 2/1 2 from 2026-09-03")
	r.accounts["kerlann"] = append(r.accounts["kerlann"], "dora")
	r.want(r.seen("2026-09-04"), "kerlann 3/2 3 from 2026-09-04; maelle 1/1; penmarch 2/2; yann 2/1 2 from 2026-09-03")
	k, err := r.book.AcceptHeadcount(anne, contract.Acceptance{Contract: "yann-1"})
	r.must(err)
	if got := fmt.Sprint(k.CountOn(r.day("2026-09-02")), k.CountOn(r.day("2026-09-03"))); got != "1 2" {
		t.Errorf("seats booked as %s, want 1 2", got)
	}
	// He leaves in mid-month: his accounts stay for a while, and are not Kerlann's for that.
	_, err = r.book.End(anne, contract.End{Client: "yann", On: r.day("2026-09-10"), Early: contract.Waive, Reason: "parti"})
	r.must(err)
	r.want(r.seen("2026-09-11"), "kerlann 3/2 3 from 2026-09-04; maelle 1/1; penmarch 2/2")
}

// TestNeverAWrongProposal: where nothing tells whose an account is, there is none, for the
// contracts concerned alone, and a sentence says what to do.
func TestNeverAWrongProposal(t *testing.T) {
	for _, c := range []struct {
		name  string
		set   func(r *room)
		tells []string
		state string // of the island, where it was right before
	}{
		{"in two groups", func(r *room) { r.groups["kerlann"]["atelier_maelle"] = []string{"maelle", "yann"} },
			[]string{"maelle-1 account yann is in the group atelier_maelle of maelle-1 and in the group atelier_yann of yann-1: take it out of one", "yann-1 account yann is in the group atelier_yann"},
			"kerlann 2/2; maelle 1/1; penmarch 2/2; yann 1/1"},
		{"left out of one", func(r *room) {
			r.groups["kerlann"]["atelier_maelle"] = []string{"maelle", "yann"}
			_, err := r.book.LeaveOut(anne, "maelle-1", []string{"yann"})
			r.must(err)
		}, nil, "kerlann 2/2; maelle 1/1; penmarch 2/2; yann 1/1"},
		{"no such group", func(r *room) { delete(r.groups["kerlann"], "atelier_yann") },
			[]string{"yann-1 server kerlann has no group atelier_yann (it has admins, all_users, atelier_maelle, compta): make it there",
				"kerlann-1 server kerlann has no group atelier_yann"},
			"kerlann 2/2; maelle 1/1; penmarch 2/2; yann 1/1"},
		{"an empty group", func(r *room) {
			r.groups["kerlann"]["atelier_maelle"] = []string{"camille"}
			r.accounts["kerlann"] = []string{"anna", "bruno", "yann"}
		},
			[]string{"maelle-1 no account there counts yet"}, "kerlann 2/2; maelle 1/1; penmarch 2/2; yann 1/1"},
		{"all left out", func(r *room) {
			_, err := r.book.LeaveOut(anne, "penmarch-1", []string{"yann", "scanner"})
			r.must(err)
		}, []string{"penmarch-1 no account there counts yet"}, "kerlann 2/2; maelle 1/1; penmarch 2/2; yann 1/1"},
		{"the server is gone", func(r *room) {
			all, err := r.look.Servers()
			r.must(err)
			r.look.Servers = func() ([]fleet.Server, error) { return all[1:], nil }
		}, []string{"yann-1 server kerlann, where its group atelier_yann is, is not in service"}, ""},
		{"somebody shares the box, without a group", func(r *room) {
			r.sharing = []string{"kerlann-1", "yann-1"}
			r.must(r.group("yann", "", ""))
			_, err := r.book.SetHeadcount(anne, contract.Change{Client: "kerlann", Headcount: contract.Headcount{From: r.day("2026-09-04"), Count: 9}})
			r.must(err)
		}, []string{"kerlann-1 server kerlann is on a box that yann-1 shares", "accolade headcount group yann --server kerlann --group GROUP"}, "kerlann 2/9; maelle 1/1; penmarch 2/2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := island(t)
			r.accounts["kerlann"] = []string{"anna", "bruno", "maelle", "yann"}
			r.must(r.group("maelle", "kerlann", "atelier_maelle"))
			r.must(r.group("yann", "kerlann", "atelier_yann"))
			r.want(r.seen("2026-09-03"), "kerlann 2/2; maelle 1/1; penmarch 2/2; yann 1/1")
			r.at("2026-09-04")
			c.set(r)
			r.tells(r.told("2026-09-04"), c.tells...)
			if c.state != "" {
				r.want(r.state(), c.state)
			}
		})
	}
}

// TestGroupRefusals: a group that cannot be one contract's alone, and a server that is not
// there, are refused, and nothing is kept.
func TestGroupRefusals(t *testing.T) {
	r := island(t)
	r.must(r.group("maelle", "kerlann", "atelier_maelle"))
	solo := func() {
		_, err := r.book.AddClient(anne, contract.Client{Name: "Solo", Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
		r.must(err)
		o, err := r.book.EditOffer(anne, "solo", func(o *contract.Offer) error {
			o.Hour, o.Setup = contract.PriceOf(6000), contract.PriceOf(100)
			return nil
		})
		r.must(err)
		_, err = r.book.Sign(anne, contract.New{Client: "Solo", Terms: &o, Start: r.day("2026-09-01")})
		r.must(err)
	}
	solo()
	for _, c := range []struct{ client, server, group, want string }{
		{"yann", "kerlann", "atelier_maelle", "the group atelier_maelle on server kerlann holds the accounts of maelle-1"},
		{"yann", "kerlann", "all_users", "group all_users is refused"},
		{"yann", "kerlann", "Atelier Yann", "group Atelier Yann is refused"},
		{"yann", "kerlann", "", "group is missing"},
		{"yann", "old", "atelier_yann", "server old is refused: want a server in service"},
		{"yann", "", "atelier_yann", "want the server that the group is on"},
		{"solo", "kerlann", "atelier_yann", "the offer solo counts nobody"},
		{"nobody", "kerlann", "atelier_yann", `no contract "nobody-1"`},
	} {
		if err := r.group(c.client, c.server, c.group); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s in %q on %q: error %v, want it to say %q", c.client, c.group, c.server, err, c.want)
		}
	}
	if k, err := r.book.Contract("yann"); err != nil || k.Group != nil {
		t.Errorf("the group of yann is %v (%v)", k.Group, err)
	}
}
