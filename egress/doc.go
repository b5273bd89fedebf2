// Package egress is the door to addresses that others have chosen: the
// receivers of webhooks, shops and orgs. Whoever may write such an address
// could otherwise make the gateway call what only the gateway can reach, such
// as a metadata service, a database or its own operator's port.
//
// The rules hold for each connection, at the moment of its making and for the
// address that is really dialled (door.go): a name that led to a public address
// when it was configured, and to a private one now, is refused. An address is
// refused unless it is public unicast (address.go) or in the allow-list
// (allow.go). What can be seen from the URL alone is refused before (url.go).
//
// What comes back is foreign too. No redirect is followed, no cookie kept, a
// body read up to a limit, and its words are shown to a person only as scrub.go
// leaves them.
package egress
