// Package openapitest holds what was asked and answered over HTTP against the
// contract.
//
// The contract leaves answers open, so that callers accept members that come
// later. Here they are closed: a member that the contract does not list is a
// fault of ours.
package openapitest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Validator judges requests and answers. It may be used concurrently.
type Validator struct {
	contract *openapi3.T
	router   routers.Router
}

// New reads the contract. It fails when the contract itself is wrong, examples
// with unknown members included.
func New() (*Validator, error) {
	source, err := withWebhooks()
	if err != nil {
		return nil, err
	}
	contract, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		return nil, err
	}
	// Tests call by many addresses; the paths are what counts.
	contract.Servers = nil
	closeObjects(contract)
	router, err := legacy.NewRouter(contract)
	if err != nil {
		return nil, err
	}
	return &Validator{contract: contract, router: router}, nil
}

// Exchange judges a request and its answer. Both bodies can be read again
// afterwards.
func (v *Validator) Exchange(req *http.Request, res *http.Response) error {
	if err := v.Request(req); err != nil {
		return err
	}
	return v.Response(req, res)
}

// Request judges a request: path, parameters, headers and body. The body can
// be read again afterwards. A member that is null is reported, although the
// gateway takes it for absent.
func (v *Validator) Request(req *http.Request) error {
	route, params, err := v.router.FindRoute(req)
	if err != nil {
		return fmt.Errorf("%s %s: the contract has no such call: %w", req.Method, req.URL.Path, err)
	}
	err = openapi3filter.ValidateRequest(context.Background(), input(req, route, params))
	if err != nil {
		return fmt.Errorf("%s %s: the request breaks the contract: %w", req.Method, req.URL.Path, err)
	}
	return nil
}

// Response judges the answer to a request, whether that was good or bad. The
// body can be read again afterwards.
func (v *Validator) Response(req *http.Request, res *http.Response) error {
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: reading the answer: %w", req.Method, req.URL.Path, err)
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	return v.answer(req, res.StatusCode, res.Header, body)
}

// Answer judges an answer by its parts; target is the path that was called,
// with or without a query.
func (v *Validator) Answer(method, target string, status int, header http.Header, body []byte) error {
	req, err := http.NewRequest(method, target, nil)
	if err != nil {
		return err
	}
	return v.answer(req, status, header, body)
}

func (v *Validator) answer(req *http.Request, status int, header http.Header, body []byte) error {
	fault := v.judge(req, status, header, body)
	if fault != nil {
		return fmt.Errorf("%s %s: the answer %d breaks the contract: %w", req.Method, req.URL.Path, status, fault)
	}
	return nil
}

func (v *Validator) judge(req *http.Request, status int, header http.Header, body []byte) error {
	route, params, err := v.router.FindRoute(req)
	if err != nil {
		return v.judgeStray(status, header, body)
	}
	if status >= 300 && status < 400 && route.Operation.Responses.Status(status) == nil {
		// openapi3filter lets some of these pass unseen.
		return fmt.Errorf("the contract has no redirects here")
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input(req, route, params),
		Status:                 status,
		Header:                 header,
		Options:                options(),
	}
	if err := openapi3filter.ValidateResponse(context.Background(), answer.SetBodyBytes(body)); err != nil {
		return err
	}
	return complete(route, status, body)
}

// judgeStray judges the answer to a call that the contract does not have: it
// must be a problem like every other.
func (v *Validator) judgeStray(status int, header http.Header, body []byte) error {
	if status < 400 {
		return fmt.Errorf("the contract has no such call, so a problem was expected")
	}
	refused := v.contract.Components.Responses["Refused"]
	stray := &routers.Route{Spec: v.contract, Operation: &openapi3.Operation{
		Responses: openapi3.NewResponses(openapi3.WithStatus(status, refused)),
	}}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input(&http.Request{}, stray, nil),
		Status:                 status,
		Header:                 header,
		Options:                options(),
	}
	return openapi3filter.ValidateResponse(context.Background(), answer.SetBodyBytes(body))
}

func input(req *http.Request, route *routers.Route, params map[string]string) *openapi3filter.RequestValidationInput {
	return &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route, Options: options(),
	}
}

func options() *openapi3filter.Options {
	return &openapi3filter.Options{
		MultiError:            true,
		IncludeResponseStatus: true,
		// The request is judged as it is, not as its defaults would make it.
		SkipSettingDefaults: true,
		// Who may call is another test's matter.
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
}
