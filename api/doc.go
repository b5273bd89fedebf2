// Package api is HTTP in, the gateway's verbs, HTTP out: the contract of
// openapi/openapi.yaml over fiber.
//
// Everything that a handler keeps is copied out of fiber's buffers at the
// edge; no *fiber.Ctx leaves its request.
package api
