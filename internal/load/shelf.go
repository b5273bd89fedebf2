package load

import "sync"

// roomFor is how many payments are remembered, to refund them, to look them up
// or to repeat them.
const roomFor = 10_000

// paid is a payment that was answered: the number its key is made of, and its
// transaction.
type paid struct {
	n           int
	transaction string
}

// shelf keeps the last payments.
type shelf struct {
	mu sync.Mutex
	// kept is a ring; what is put there last lies at next-1.
	kept []paid
	next int
	// refundable are those that nobody has taken to refund.
	refundable []paid
}

func (s *shelf) put(p paid) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) < roomFor {
		s.kept = append(s.kept, p)
	} else {
		s.kept[s.next%roomFor] = p
	}
	s.next++
	if len(s.refundable) < roomFor {
		s.refundable = append(s.refundable, p)
	}
}

// look is some payment that is there, by a number without any order.
func (s *shelf) look(at uint64) (paid, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == 0 {
		return paid{}, false
	}
	return s.kept[at%uint64(len(s.kept))], true
}

// take is a payment that nobody else will refund.
func (s *shelf) take() (paid, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.refundable) == 0 {
		return paid{}, false
	}
	last := len(s.refundable) - 1
	p := s.refundable[last]
	s.refundable = s.refundable[:last]
	return p, true
}
