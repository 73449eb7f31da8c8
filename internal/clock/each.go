package clock

import "context"

// Each does something n times, at most so many at once, and returns when all are done.
// One that is done hands over a mark of work together with the news: otherwise simulated
// time could jump before the caller has woken up.
func Each(ctx context.Context, clk Clock, n, atOnce int, do func(ctx context.Context, i int)) {
	news := make(chan func(), n)
	under := 0
	await := func() {
		var handed func()
		clk.Idle(ctx, func() { handed = <-news })
		handed()
		under--
	}
	for i := range n {
		if under == atOnce {
			await()
		}
		under++
		marked, done := clk.Work(ctx)
		go func() {
			do(marked, i)
			_, handed := clk.Work(ctx)
			done()
			news <- handed
		}()
	}
	for under > 0 {
		await()
	}
}
