package api

import (
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// page is a part of a list.
type page[V any] struct {
	Items      []V    `json:"items"`
	NextCursor string `json:"nextCursor,omitempty"`
	HasMore    bool   `json:"hasMore"`
	RequestID  string `json:"requestId,omitempty"`
}

// writePage answers with what was found.
func writePage[T, V any](c *fiber.Ctx, found []T, more bool, view func(T) V, place func(T) string) error {
	return writeJSON(c, http.StatusOK, pageOf(c, found, more, view, place))
}

// pageOf is what was found, each as view shows it. When there are more, the next
// page begins behind the place of the last.
func pageOf[T, V any](c *fiber.Ctx, found []T, more bool, view func(T) V, place func(T) string) page[V] {
	p := page[V]{Items: make([]V, 0, len(found)), HasMore: more, RequestID: requestID(c)}
	for _, f := range found {
		p.Items = append(p.Items, view(f))
	}
	if more {
		p.NextCursor = place(found[len(found)-1])
	}
	return p
}
