package api

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// The sizes of a page.
const (
	defaultPage = 25
	largestPage = 100
)

// What is said of a parameter in more than one list.
const (
	unknownParameter = "the contract has no such parameter"
	wrongCursor      = "expected the nextCursor of the page before"
)

// readQuery reads the query strictly: a filter that is misspelt would otherwise
// answer with everything. apply says what is wrong with a value, "" when
// nothing is.
func readQuery(c *fiber.Ctx, apply func(name, value string) string) error {
	seen := map[string]bool{}
	var fault *Problem
	c.Request().URI().QueryArgs().VisitAll(func(k, v []byte) {
		name, value := string(k), string(v)
		message := apply(name, value)
		if seen[name] {
			message = "this parameter stands twice"
		}
		seen[name] = true
		if message != "" && fault == nil {
			if !plainName.MatchString(name) {
				name = "query"
			}
			fault = fieldProblem(codeInvalidRequest, name, message)
		}
	})
	if fault != nil {
		return fault
	}
	return nil
}

func readPageSize(value string, size *int) string {
	var err error
	if *size, err = strconv.Atoi(value); err != nil || *size < 1 || *size > largestPage {
		return "expected a number from 1 to 100"
	}
	return ""
}

func readName(value string, longest int) string {
	if value == "" || utf8.RuneCountInString(value) > longest || !printable(value) {
		return "expected 1 to " + strconv.Itoa(longest) + " characters"
	}
	return ""
}

func readTime(value string, at *time.Time) string {
	var err error
	if *at, err = time.Parse(time.RFC3339, value); err != nil {
		return "expected a time such as 2026-11-21T08:00:00Z"
	}
	return ""
}

// longestPlace bounds what a cursor may hold.
const longestPlace = 128

// A cursor is opaque to callers: the place in the list where its page ends.
func cursor(place string) string { return base64.RawURLEncoding.EncodeToString([]byte(place)) }

func readCursor(value string) (place string, ok bool) {
	decoded, err := base64.RawURLEncoding.DecodeString(value)
	place = string(decoded)
	return place, err == nil && len(place) <= longestPlace && printable(place)
}
