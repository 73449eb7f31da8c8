package sepa

import (
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// bankingDay reports whether TARGET, the Eurosystem's settlement, works on a day: not
// on Saturdays and Sundays, New Year's Day, Good Friday, Easter Monday, 1 May, 25 and 26
// December (ECB, the calendar in force since 2002). French holidays do not count.
func bankingDay(d calendar.Date) bool {
	switch d.Midnight(time.UTC).Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	switch {
	case d.Month == time.January && d.Day == 1, d.Month == time.May && d.Day == 1, d.Month == time.December && (d.Day == 25 || d.Day == 26):
		return false
	}
	easter := easterSunday(d.Year)
	return d != easter.AddDays(-2) && d != easter.AddDays(1)
}

// nextBankingDay is the first banking day after d.
func nextBankingDay(d calendar.Date) calendar.Date {
	for d = d.AddDays(1); !bankingDay(d); d = d.AddDays(1) {
	}
	return d
}

// BankingDay is the first banking day from d on.
func BankingDay(d calendar.Date) calendar.Date {
	if bankingDay(d) {
		return d
	}
	return nextBankingDay(d)
}

// previousBankingDay is the last banking day before d.
func previousBankingDay(d calendar.Date) calendar.Date {
	for d = d.AddDays(-1); !bankingDay(d); d = d.AddDays(-1) {
	}
	return d
}

// CheckCollectionDate wants a banking day whose preceding banking day is not over yet:
// the bank passes collections on a day before they are due (rulebook, D-1).
func CheckCollectionDate(on, today calendar.Date) error {
	switch {
	case on.IsZero():
		return invalid("collection date", "", "want a banking day, such as %s", Earliest(today))
	case !bankingDay(on):
		return invalid("collection date", on, "banks do not work on that day; the next one is %s", nextBankingDay(on))
	case previousBankingDay(on).Before(today):
		return invalid("collection date", on, "the bank needs the order one banking day ahead; today, %s, the earliest is %s", today, Earliest(today))
	}
	return nil
}

// Earliest is the first day on which an order made today can be collected.
func Earliest(today calendar.Date) calendar.Date {
	return nextBankingDay(BankingDay(today))
}

// easterSunday is the Sunday, by the Gregorian computus (Meeus, Jones and Butcher).
func easterSunday(year int) calendar.Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return calendar.NewDate(year, time.Month(n/31), n%31+1)
}
