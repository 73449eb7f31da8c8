package support

import (
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/apportion"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

func classic(start calendar.Date) contract.Contract {
	return contract.Contract{ID: "c-1", Client: "c", Start: start,
		Offer: contract.Offer{Included: 1200, Counts: []contract.Work{contract.Accompaniment, contract.Training, contract.Assistance}}}
}

// TestAllowanceInAnyOrder: minutes in = minutes included + minutes over, for any
// order of entries, and what is over does not depend on it.
func TestAllowanceInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := calendar.NewDate(2028, 2, 29)
		k := classic(start)
		var entries []Entry
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			entries = append(entries, Entry{Date: start.AddDays(rapid.IntRange(0, 1500).Draw(t, "day")),
				Minutes: calendar.Minutes(rapid.IntRange(1, 600).Draw(t, "minutes")), Kind: rapid.SampledFrom(contract.Works).Draw(t, "kind")})
		}
		shuffled := rapid.Permutation(entries).Draw(t, "order")
		var in, included calendar.Minutes
		over, want := map[int]calendar.Minutes{}, map[int]calendar.Minutes{}
		for _, e := range entries {
			if k.Offer.CountsWork(e.Kind) {
				in += e.Minutes
			}
		}
		used := map[int]calendar.Minutes{}
		for _, s := range Apply(k, used, shuffled) {
			if s.Included < 0 || s.Over < 0 || s.Included+s.Over != s.Entry.Minutes {
				t.Fatalf("split %+v loses minutes", s)
			}
			included += s.Included
			over[s.Year.Index] += s.Over
		}
		for _, s := range Apply(k, map[int]calendar.Minutes{}, InOrder(entries)) {
			want[s.Year.Index] += s.Over
		}
		var all calendar.Minutes
		for year, n := range over {
			all += n
			if n != want[year] {
				t.Fatalf("year %d: %s over in this order, %s in the order of days", year, n, want[year])
			}
		}
		if in != included+all {
			t.Fatalf("%s in, %s included, %s over", in, included, all)
		}
	})
}

// TestBrokenYearSplits the crossing entry where the days of the last year put the limit.
func TestBrokenYearSplits(t *testing.T) {
	k := classic(calendar.NewDate(2026, 9, 15))
	k.Offer.BrokenYear, k.Ending = contract.Prorated, &contract.Ending{On: calendar.NewDate(2027, 3, 14)} // 595 minutes
	splits := Apply(k, map[int]calendar.Minutes{}, []Entry{
		{Date: calendar.NewDate(2026, 9, 16), Minutes: 500, Kind: contract.Training},
		{Date: calendar.NewDate(2026, 10, 6), Minutes: 120, Kind: contract.Training},
	})
	if got := splits[1]; got.Included != 95 || got.Over != 25 {
		t.Errorf("%s included and %s over, want 1h35 and 25min", got.Included, got.Over)
	}
	if f := ForecastOn(k, calendar.NewDate(2026, 9, 30), []Entry{{Date: calendar.NewDate(2026, 9, 16), Minutes: 500, Kind: contract.Training}}); f.Included != 595 || f.Reached != 75 || f.Last != k.Ending.On {
		t.Errorf("forecast %+v, want 595 included to %s", f, k.Ending.On)
	}
}

// TestCrossingEntry is split at the minute.
func TestCrossingEntry(t *testing.T) {
	k := classic(calendar.NewDate(2026, 9, 15))
	splits := Apply(k, map[int]calendar.Minutes{}, []Entry{
		{Date: calendar.NewDate(2026, 9, 16), Minutes: 1110, Kind: contract.Accompaniment},
		{Date: calendar.NewDate(2026, 10, 6), Minutes: 120, Kind: contract.Accompaniment},
		{Date: calendar.NewDate(2026, 10, 7), Minutes: -120, Kind: contract.Accompaniment},
		{Date: calendar.NewDate(2027, 9, 15), Minutes: 60, Kind: contract.Training},
	})
	for i, want := range [][2]calendar.Minutes{{1110, 0}, {90, 30}, {-90, -30}, {60, 0}} {
		if got := [2]calendar.Minutes{splits[i].Included, splits[i].Over}; got != want {
			t.Errorf("entry %d: included and over are %v, want %v", i, got, want)
		}
	}
}

// TestSeats splits a session without losing a minute, and fairly.
func TestSeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := calendar.Minutes(rapid.IntRange(0, 1440).Draw(t, "minutes"))
		seats := rapid.SliceOfN(rapid.IntRange(1, 30), 1, 12).Draw(t, "seats")
		all := 0
		for _, s := range seats {
			all += s
		}
		var sum calendar.Minutes
		for i, share := range apportion.Split(minutes, seats) {
			sum += share
			if off := int64(share)*int64(all) - int64(minutes)*int64(seats[i]); off <= -int64(all) || off >= int64(all) {
				t.Fatalf("%d of %d seats get %s of %s: a minute or more off", seats[i], all, share, minutes)
			}
		}
		if sum != minutes {
			t.Fatalf("the shares sum to %s, the session had %s", sum, minutes)
		}
	})
}
