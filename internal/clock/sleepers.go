package clock

import "time"

// sleeper is one call of Sleep under way.
type sleeper struct {
	at    time.Time
	order uint64
	mark  *mark // lifted while it sleeps; nil if its caller has none
	wake  chan struct{}
	index int // in the heap; -1 once taken out
}

// sleepers is a heap (container/heap), the earliest first and equal instants in the
// order in which they came.
type sleepers []*sleeper

func (h sleepers) Len() int { return len(h) }

func (h sleepers) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].order < h[j].order
}

func (h sleepers) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *sleepers) Push(x any) {
	s := x.(*sleeper)
	s.index = len(*h)
	*h = append(*h, s)
}

func (h *sleepers) Pop() any {
	old := *h
	s := old[len(old)-1]
	old[len(old)-1] = nil
	s.index = -1
	*h = old[:len(old)-1]
	return s
}
