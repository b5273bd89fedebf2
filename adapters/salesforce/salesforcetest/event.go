package salesforcetest

import (
	"crypto/rand"
	"net/http"
	"time"
)

// Published is a platform event that was taken.
type Published struct {
	At     time.Time
	Event  string
	Fields map[string]any
}

// publish answers the publishing of a platform event. Its success bears an
// "error" that says that the event is queued.
func (o *Org) publish(name string, body []byte) answer {
	event, ok := o.events[name]
	if !ok {
		return notFound(nil)
	}
	fields, broken := decode(body)
	if broken == nil {
		broken = event.readable(fields)
	}
	if broken == nil {
		broken = event.acceptable(fields)
	}
	if broken != nil {
		return broken.answer()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.published = append(o.published, Published{At: o.settings.Now(), Event: event.Name, Fields: fields})
	o.published = o.published[max(0, len(o.published)-maxHistory):]
	a := jsonAnswer(http.StatusCreated, result{ID: "e01xx0000000001AAA", Success: true, Errors: []resultFault{
		{StatusCode: "OPERATION_ENQUEUED", Message: rand.Text(), Fields: []string{}},
	}})
	a.acted = true
	return a
}

// Published are the platform events that were taken, oldest first.
func (o *Org) Published() []Published {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]Published{}, o.published...)
}
