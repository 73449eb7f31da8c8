package clocktest_test

import (
	"context"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
)

// TestEach: at most two at once, each with its mark, and no time passes between the end
// of the last one and whoever waits for it.
func TestEach(t *testing.T) {
	for range 200 {
		clk := clocktest.Auto(start)
		ctx, done := clk.Work(t.Context())
		later, forget := context.WithCancel(t.Context())
		marked, idle := clk.Work(later)
		slept := make(chan struct{})
		go func() {
			defer close(slept)
			defer idle()
			_ = clk.Sleep(marked, 1000*time.Hour) // somebody that time could jump to
		}()
		ends := make([]time.Duration, 5)
		clock.Each(ctx, clk, len(ends), 2, func(ctx context.Context, i int) {
			if err := clk.Sleep(ctx, time.Hour); err != nil {
				t.Error(err)
			}
			ends[i] = clk.Now().Sub(start)
		})
		if now := clk.Now().Sub(start); now != 3*time.Hour {
			t.Fatalf("it took %s, want 3h: two hours for four of them and one for the last", now)
		}
		for i, end := range ends {
			if want := time.Duration(1+i/2) * time.Hour; end != want {
				t.Errorf("number %d ended after %s, want %s", i, end, want)
			}
		}
		forget()
		<-slept
		done()
	}
}
