package redis

import (
	"container/list"
	"time"
)

// shelf keeps values until they expire, at most `limit` of them. It is in the
// order in which they were put there, so that making room takes the oldest.
type shelf[K comparable, V any] struct {
	limit int
	items map[K]*list.Element
	order *list.List
}

type item[K comparable, V any] struct {
	key     K
	value   V
	expires time.Time
}

func newShelf[K comparable, V any](limit int) *shelf[K, V] {
	return &shelf[K, V]{limit: limit, items: map[K]*list.Element{}, order: list.New()}
}

func (s *shelf[K, V]) get(key K, now time.Time) (value V, found bool) {
	element, found := s.items[key]
	if !found {
		return value, false
	}
	it := element.Value.(item[K, V])
	if !now.Before(it.expires) {
		s.remove(element)
		return value, false
	}
	return it.value, true
}

// put sweeps what has expired first. Whatever expires behind something that
// lives longer waits until that is gone, or until it is asked for.
func (s *shelf[K, V]) put(key K, value V, now, expires time.Time) {
	s.drop(key)
	for oldest := s.order.Front(); oldest != nil; oldest = s.order.Front() {
		if s.order.Len() < s.limit && now.Before(oldest.Value.(item[K, V]).expires) {
			break
		}
		s.remove(oldest)
	}
	s.items[key] = s.order.PushBack(item[K, V]{key, value, expires})
}

func (s *shelf[K, V]) drop(key K) {
	if element, found := s.items[key]; found {
		s.remove(element)
	}
}

func (s *shelf[K, V]) remove(element *list.Element) {
	delete(s.items, element.Value.(item[K, V]).key)
	s.order.Remove(element)
}
