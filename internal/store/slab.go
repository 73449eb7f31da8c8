package store

// slab cuts pieces from larger blocks, for a transaction that keeps many small ones and
// lets them go together. Each piece is the taker's alone.
type slab struct {
	free []byte
	last int // size of the block that free is of
}

// The first block of a slab is small, since most transactions write little; each next one
// is twice as large. A piece that is large itself gets its own.
const (
	firstBlock   = 512
	largestBlock = 64 << 10
)

// take returns n bytes, all zero.
func (s *slab) take(n int) []byte {
	if n > len(s.free) {
		if n > largestBlock/8 {
			return make([]byte, n)
		}
		s.last = max(firstBlock, min(2*s.last, largestBlock), n)
		s.free = make([]byte, s.last)
	}
	piece := s.free[:n:n]
	s.free = s.free[n:]
	return piece
}

// keep returns a copy of b.
func (s *slab) keep(b []byte) []byte {
	piece := s.take(len(b))
	copy(piece, b)
	return piece
}

// join returns the parts in one piece.
func (s *slab) join(parts ...string) []byte {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	piece := s.take(n)
	n = 0
	for _, part := range parts {
		n += copy(piece[n:], part)
	}
	return piece
}
