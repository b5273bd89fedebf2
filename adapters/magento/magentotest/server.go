package magentotest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// route is one line of Magento's webapi.xml.
type route struct {
	method string
	path   *regexp.Regexp
	right  string
	do     func(*asked) answer
	// writes says that a success has changed something.
	writes bool
}

func (s *Shop) table() []route {
	at := func(method, path, right string, writes bool, do func(*asked) answer) route {
		return route{method: method, path: regexp.MustCompile("^" + path + "$"), right: right, do: do, writes: writes}
	}
	return []route{
		at("GET", "/orders", RightView, false, s.findOrders),
		at("GET", `/orders/(\d+)`, RightView, false, s.getOrder),
		at("GET", `/orders/(\d+)/comments`, RightView, false, s.getComments),
		at("GET", `/orders/(\d+)/statuses`, RightView, false, s.getStatus),
		at("POST", `/orders/(\d+)/comments`, RightComment, true, s.postComment),
		at("POST", `/orders/(\d+)/cancel`, RightCancel, true, s.postCancel),
		at("POST", `/orders/(\d+)/hold`, RightHold, true, s.postHold),
		at("POST", `/orders/(\d+)/unhold`, RightUnhold, true, s.postUnhold),
		at("POST", "/orders", RightCreate, true, s.postOrder),
		at("POST", `/order/(\d+)/invoice`, RightInvoice, true, s.postInvoice),
		at("POST", `/order/(\d+)/refund`, RightRefund, true, s.postRefund),
		at("GET", "/invoices", RightInvoices, false, s.findInvoices),
		at("POST", `/invoices/(\d+)/capture`, RightInvoices, true, s.postCapture),
		at("GET", "/creditmemos", RightCreditMemos, false, s.findCreditMemos),
		at("GET", "/transactions", RightTransaction, false, s.findTransactions),
		at("POST", "/paytrace-gateway/events", RightModule, true, s.postEvent),
	}
}

// asked is one request on its way through the shop.
type asked struct {
	request *http.Request
	path    string
	body    []byte
	// id is the number in the path.
	id int64
	// gateway is set when the payment method is asked for something.
	gateway bool
}

// answer is a status and what is written as JSON.
type answer struct {
	status int
	body   any
}

// verbatim is a body that is written as it is.
type verbatim string

func ok(body any) answer { return answer{http.StatusOK, body} }

const maxBody = 1 << 20

// serve answers one request. The lock is held all the time: an order's row is
// locked while Magento works on it.
func (s *Shop) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return
	}
	path, isREST := strings.CutPrefix(r.URL.EscapedPath(), "/rest/V1")
	w.Header().Set("Date", s.options.Now().UTC().Format(http.TimeFormat))
	http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", Value: "f1d2d2f924e986ac86fdf7b36c94bcdf", Path: "/", HttpOnly: true})
	if !isREST {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<!doctype html><title>404 Not Found</title>")
		return
	}
	a := &asked{request: r, path: path, body: body}
	s.mu.Lock()
	fault := s.takeFault(r.Method, path)
	if fault != nil && fault.Kind == Hang {
		s.mu.Unlock()
		<-r.Context().Done()
		return
	}
	out, acted := s.answer(a, fault)
	call := Call{Method: r.Method, Path: path, Query: r.URL.RawQuery, Body: string(body), Status: out.status, Acted: acted, Gateway: a.gateway}
	lost := fault != nil && fault.Kind == Lost
	if lost {
		call.Status = 0
	}
	s.history = append(s.history, call)
	s.stir()
	s.mu.Unlock()
	if lost {
		panic(http.ErrAbortHandler)
	}
	write(w, out, fault)
}

func write(w http.ResponseWriter, out answer, fault *Fault) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if fault != nil {
		for name, values := range fault.Header {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(out.status)
	if raw, is := out.body.(verbatim); is {
		_, _ = io.WriteString(w, string(raw))
		return
	}
	_ = json.NewEncoder(w).Encode(out.body)
}

// answer lets the fault strike, and says whether something was written.
func (s *Shop) answer(a *asked, fault *Fault) (answer, bool) {
	if fault != nil {
		switch fault.Kind {
		case Deadlock:
			return answer{http.StatusInternalServerError, verbatim(deadlockBody)}, false
		case Fatal:
			return answer{http.StatusInternalServerError, verbatim(fatalBody)}, false
		case Answer:
			return answer{fault.Status, verbatim(fault.Body)}, false
		}
	}
	r, refusal := s.route(a)
	if refusal != nil {
		return *refusal, false
	}
	if fault != nil && fault.Kind == Parallel {
		r.do(a)
	}
	out := r.do(a)
	return out, r.writes && out.status == http.StatusOK && out.body != false
}

// route finds what is asked for and whether it may be asked: Magento looks for
// the route, then for the signature, then for the right.
func (s *Shop) route(a *asked) (route, *answer) {
	for _, r := range s.routes {
		found := r.path.FindStringSubmatch(a.path)
		if found == nil || r.method != a.request.Method || (r.right == RightModule && !s.options.Module) {
			continue
		}
		if len(found) > 1 {
			a.id, _ = strconv.ParseInt(found[1], 10, 64)
		}
		authenticated, refusal := s.authenticate(a.request)
		if refusal != nil {
			return r, refusal
		}
		if !authenticated || !s.rights[r.right] {
			return r, &answer{http.StatusUnauthorized, failureOf("The consumer isn't authorized to access %resources.", map[string]string{"resources": r.right})}
		}
		return r, nil
	}
	return route{}, &answer{http.StatusNotFound, failureOf("Request does not match any route.", nil)}
}

// read reads the body as strictly as Magento does: a member of a data object
// that it does not know is refused, and an argument that is missing is named.
func (a *asked) read(into any, argument string) *answer {
	var members map[string]json.RawMessage
	if json.Unmarshal(a.body, &members) != nil {
		return refusalOf("Decoding error.")
	}
	if argument != "" && members[argument] == nil {
		return &answer{http.StatusBadRequest, failureOf(`"%fieldName" is required. Enter and try again.`, map[string]string{"fieldName": argument})}
	}
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return refusalOf("Error occurred during the request: " + err.Error())
	}
	return nil
}

type failure struct {
	Message    string `json:"message"`
	Parameters any    `json:"parameters,omitempty"`
}

func failureOf(message string, parameters any) failure {
	if named, is := parameters.(map[string]string); is && len(named) == 0 {
		parameters = nil
	}
	return failure{message, parameters}
}

// refusalOf is a LocalizedException.
func refusalOf(message string, parameters ...string) *answer {
	f := failure{Message: message}
	if len(parameters) > 0 {
		f.Parameters = parameters
	}
	return &answer{http.StatusBadRequest, f}
}

func noEntity() answer {
	return answer{http.StatusNotFound, failureOf("The entity that was requested doesn't exist. Verify the entity and try again.", nil)}
}
