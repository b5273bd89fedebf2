// Package mapping turns an event into the fields of another system, by rules
// that stand in the merchant's configuration.
//
// A rule is the name of a field of theirs and an expression over the event, in
// the language of https://expr-lang.org. Rules are checked when the
// configuration is loaded (rules.go), against the small world that an
// expression can see (environment.go). To evaluate one is pure: the same event
// always gives the same fields.
//
// Expressions are written by operators, but what they compute with was sent by
// callers. So the language is cut down until every evaluation is small by its
// form (expression.go): there are no loops, no names for intermediate results
// and no functions that multiply a text, so that a result is never longer than
// what an expression of bounded size can string together. Nothing in it reads
// a clock, a file or the network.
package mapping
