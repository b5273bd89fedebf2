package salesforcetest

import (
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// The defaults of Settings.
const (
	DefaultAudience    = "https://login.salesforce.com"
	DefaultSessionLife = 2 * time.Hour
	DefaultAPILimit    = 15_000
)

// maxBody is what the org reads of one request.
const maxBody = 6 << 20

// Settings are an org's set-up. Objects none means PaymentObject alone.
type Settings struct {
	Now func() time.Time
	// ClientID and ClientSecret are those of the external client app. RunAs is
	// the user of its client credentials flow; without one the flow is refused.
	ClientID     string
	ClientSecret string
	RunAs        string
	// Certificate is the uploaded one's key, Username who may log in with it.
	Certificate *rsa.PublicKey
	Username    string
	// NotApproved says that the user was not pre-authorized.
	NotApproved bool
	Audience    string
	// InstanceURL is told with each token; none means the address that was
	// called.
	InstanceURL string
	SessionLife time.Duration
	// APILimit is how many API calls the org has.
	APILimit int64
	Objects  []Object
	Events   []Object
}

// Org is an http.Handler. Its methods may be called concurrently.
type Org struct {
	settings Settings

	mu       sync.Mutex
	sessions map[string]time.Time // until when
	issued   int
	used     int64
	limit    int64
	tables   map[string]*table
	events   map[string]Object
	parents  map[string]bool
	// locked counts who holds a parent's row.
	locked    map[string]int
	faults    []*Fault
	calls     []*Call
	published []Published
}

// New makes an org. Without a clock it has the system's.
func New(s Settings) *Org {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Audience == "" {
		s.Audience = DefaultAudience
	}
	if s.SessionLife == 0 {
		s.SessionLife = DefaultSessionLife
	}
	if s.APILimit == 0 {
		s.APILimit = DefaultAPILimit
	}
	if s.Objects == nil {
		s.Objects = []Object{PaymentObject()}
	}
	o := &Org{
		settings: s, limit: s.APILimit, sessions: map[string]time.Time{}, tables: map[string]*table{},
		events: map[string]Object{}, parents: map[string]bool{}, locked: map[string]int{},
	}
	for _, object := range s.Objects {
		o.tables[object.Name] = &table{object: object}
	}
	for _, event := range s.Events {
		o.events[event.Name] = event
	}
	return o
}

// The operations, as Call and Fault name them.
const (
	OpToken      = "token"
	OpUpsert     = "upsert"
	OpUpdate     = "update"
	OpCollection = "collection"
	OpPublish    = "publish"
	OpComposite  = "composite"
	OpDescribe   = "describe"
	OpQuery      = "query"
	OpOther      = "other"
)

var resource = regexp.MustCompile(`^/services/data/(v\d+\.\d)(/.*)$`)

// request is one call on its way through the org.
type request struct {
	*http.Request
	body      []byte
	operation string
	version   string
	parts     []string // of the path below the version
}

// ServeHTTP answers one call.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	q := &request{Request: r, body: body, operation: OpOther}
	q.classify()
	call := Call{At: o.settings.Now(), Method: r.Method, Path: r.URL.Path, Operation: q.operation}
	place := o.arrive(call)
	fault := o.strike(q.operation)
	answer, finished := o.answer(q, fault)
	o.depart(place, answer, fault)
	if !finished {
		hangUp(w)
		return
	}
	answer.write(w)
}

// classify finds out what is asked.
func (q *request) classify() {
	if q.URL.Path == "/services/oauth2/token" {
		q.operation = OpToken
		return
	}
	found := resource.FindStringSubmatch(q.URL.EscapedPath())
	if found == nil {
		return
	}
	q.version = found[1]
	q.parts = strings.Split(strings.Trim(found[2], "/"), "/")
	switch {
	case q.Method == http.MethodPatch && len(q.parts) == 4 && q.parts[0] == "sobjects":
		q.operation = OpUpsert
	case q.Method == http.MethodPatch && len(q.parts) == 3 && q.parts[0] == "sobjects":
		q.operation = OpUpdate
	case q.Method == http.MethodPatch && len(q.parts) == 4 && q.parts[0] == "composite" && q.parts[1] == "sobjects":
		q.operation = OpCollection
	case q.Method == http.MethodPost && len(q.parts) == 2 && q.parts[0] == "sobjects" && strings.HasSuffix(q.parts[1], "__e"):
		q.operation = OpPublish
	case q.Method == http.MethodPost && len(q.parts) == 1 && q.parts[0] == "composite":
		q.operation = OpComposite
	case q.Method == http.MethodGet && len(q.parts) == 3 && q.parts[0] == "sobjects" && q.parts[2] == "describe":
		q.operation = OpDescribe
	case q.Method == http.MethodGet && len(q.parts) == 1 && q.parts[0] == "query":
		q.operation = OpQuery
	}
}

// answer does what is asked, unless a fault keeps it from that. It says whether
// the caller is to have the answer.
func (o *Org) answer(q *request, fault *Fault) (answer, bool) {
	if fault != nil {
		fault.wait(q)
		switch fault.Kind {
		case ResetBefore:
			return answer{}, false
		case Answer:
			return o.counted(fault.answer()), true
		case HTML:
			return answer{status: fault.Status, contentType: "text/html", body: "<!doctype html><title>proxy</title>"}, true
		}
	}
	if q.operation == OpToken {
		return o.token(q), fault == nil || fault.Kind != ResetAfter
	}
	return o.counted(o.api(q, fault)), fault == nil || fault.Kind != ResetAfter
}

// api answers a call of the REST API.
func (o *Org) api(q *request, fault *Fault) answer {
	if refusal, refused := o.admit(q); refused {
		return refusal
	}
	if q.Method != http.MethodGet && !strings.HasPrefix(q.Header.Get("Content-Type"), "application/json") {
		return failure(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "send application/json")
	}
	switch q.operation {
	case OpUpsert:
		return o.upsert(q)
	case OpUpdate:
		return o.update(q)
	case OpCollection:
		return o.collection(q, fault)
	case OpPublish:
		return o.publish(q.parts[1], q.body)
	case OpComposite:
		return o.composite(q)
	case OpDescribe:
		return o.describe(q.parts[1])
	case OpQuery:
		return o.query(q)
	}
	return failure(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

// admit checks the version, the session and the limit of calls.
func (o *Org) admit(q *request) (answer, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	token, bearer := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	if until, known := o.sessions[token]; !bearer || !known || !o.settings.Now().Before(until) {
		return failure(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid"), true
	}
	if q.version < "v46.0" || q.version > "v68.0" {
		return failure(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist"), true
	}
	if o.used >= o.limit {
		return failure(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), true
	}
	o.used++
	return answer{}, false
}

// counted adds the header that every answer of the API has.
func (o *Org) counted(a answer) answer {
	o.mu.Lock()
	defer o.mu.Unlock()
	a.usage = fmt.Sprintf("api-usage=%d/%d", o.used, o.limit)
	return a
}

// SetUsage sets how many API calls are used, of how many.
func (o *Org) SetUsage(used, limit int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.used, o.limit = used, limit
}

// ExpireSessions ends all sessions.
func (o *Org) ExpireSessions() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sessions = map[string]time.Time{}
}

// AddParent makes a record that lookups may point at.
func (o *Org) AddParent(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.parents[same(id)] = true
}

// Lock holds a parent's row, as somebody does who edits it, until unlock is
// called.
func (o *Org) Lock(id string) (unlock func()) {
	o.hold([]string{same(id)}, 1)
	return func() { o.hold([]string{same(id)}, -1) }
}

func (o *Org) hold(ids []string, by int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range ids {
		o.locked[id] += by
	}
}

// same is an id in the form that tells records apart.
func same(id string) string { return id[:min(len(id), 15)] }
