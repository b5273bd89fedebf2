package salesforce

import (
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

const invalidSession = "INVALID_SESSION_ID"

// The waits that Salesforce's errors ask for; it sends no Retry-After.
const (
	// limitPause is for an org whose API calls are used up. They come back over
	// hours, so asking more often only takes from the first that do.
	limitPause = 15 * time.Minute
	// closedPause is for what a person has to open for the whole org.
	closedPause = 5 * time.Minute
	// setUpPause is for what the org lacks, or the integration user may not do:
	// as long as for a log-in that is refused.
	setUpPause = refusedPause
	// serverPause spares a server that says it is too busy.
	serverPause = time.Minute
)

// meaning is what an error code says of a delivery.
type meaning struct {
	outcome gateway.DeliveryOutcome
	pause   time.Duration
	// common marks what is as true of every record as of this one, so that it is
	// no use to try them one by one.
	common bool
	advice string
}

func later(advice string) meaning { return meaning{outcome: gateway.Later, advice: advice} }

func paused(pause time.Duration, advice string) meaning {
	return meaning{outcome: gateway.Later, pause: pause, common: true, advice: advice}
}

// dead is the data of one record.
func dead(advice string) meaning { return meaning{outcome: gateway.Dead, advice: advice} }

// onceMended ends the advice on what a person mends without having to replay.
const onceMended = "; what waits is told by itself once it is mended"

// setUp is the org or the configuration, which stops every record alike.
func setUp(advice string) meaning { return paused(setUpPause, advice+onceMended) }

// table has a row for every error code that is documented for what we call, and
// for some that are not.
var table = map[string]meaning{
	// It passes by itself.
	lock:                                            later("somebody else writes the record or its parent; it is tried again by itself"),
	"DUPLICATE_VALUE":                               later("two were created at once, then the next try updates; if it stays, another record has this value in a unique field: make PaymentID__c not unique when several merchants or records per operation share the object"),
	"SERVER_UNAVAILABLE":                            paused(serverPause, "Salesforce is too busy; it is tried again by itself"),
	"PLATFORM_EVENT_PUBLISHING_UNAVAILABLE":         paused(serverPause, "the event bus is away for a moment; it is tried again by itself"),
	"PLATFORM_EVENT_PUBLISH_FAILED":                 later("the event bus did not take the event; it is tried again by itself"),
	"UNKNOWN_EXCEPTION":                             later("a fault within Salesforce; if it stays, give its message to Salesforce's support"),
	"PROCESSING_HALTED":                             later("another record of the call stopped it; it is tried again by itself"),
	"ALL_OR_NONE_OPERATION_ROLLED_BACK":             later("another record of the call stopped it; it is tried again by itself"),
	"QUERY_TIMEOUT":                                 later("the org's own automation took too long; it is tried again by itself"),
	"REQUEST_LIMIT_EXCEEDED":                        paused(limitPause, "the org has used up its API calls of 24 hours; look at Setup, System Overview, for who uses them, or buy more"),
	"LIMIT_EXCEEDED":                                paused(limitPause, "the org has published as many platform events as it may in an hour; look at its limits, or leave platformEvent out"),
	"STORAGE_LIMIT_EXCEEDED":                        paused(limitPause, "the org's data storage is full; delete records or buy more"),
	"ORG_LOCKED":                                    paused(closedPause, "the org is locked; ask Salesforce's support"),
	invalidSession:                                  paused(closedPause, "a new session was refused at once; is the integration user active and logged in from an allowed address?"),
	"INVALID_AUTH_HEADER":                           paused(closedPause, "the token is not taken; is loginURL that of this org?"),
	"API_CURRENTLY_DISABLED":                        paused(closedPause, "the API is off for the org for now; ask Salesforce's support"),
	"API_DISABLED_FOR_ORG":                          paused(closedPause, "the org's edition or the user's profile has no API; enable API access for the integration user"),
	"INSUFFICIENT_ACCESS":                           setUp("give the integration user the permission set with rights on the object and all mapped fields"),
	"INSUFFICIENT_ACCESS_OR_READONLY":               setUp("give the integration user edit rights on the object and the named fields"),
	"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY":          dead("a trigger or flow of the org failed; its message says which; mend it, then replay"),
	"CANNOT_EXECUTE_FLOW_TRIGGER":                   dead("a flow of the org failed; mend it, then replay"),
	"INVALID_FIELD":                                 setUp("the object has no such field, or the integration user may not see it; create it, give rights in the permission set, or leave it out of fields"),
	"INVALID_FIELD_FOR_INSERT_UPDATE":               setUp("the field cannot be written; is it a formula or a standard field? leave it out of fields"),
	"INVALID_TYPE":                                  setUp("the org has no such object, or the integration user may not see it; check object and platformEvent, and the permission set"),
	"NOT_FOUND":                                     setUp("the org has no such object or external id field, or the integration user may not see it; check object, externalID and apiVersion"),
	"METHOD_NOT_ALLOWED":                            setUp("mark the field of externalID as an external id"),
	"UNSUPPORTED_API_VERSION":                       setUp("the org does not speak this version; set apiVersion"),
	"FUNCTIONALITY_NOT_ENABLED":                     setUp("the org lacks a feature that the call needs; enable it"),
	"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST":       dead("the picklist lacks this value; add it to the field's values, or map the status to one it has, then replay"),
	"STRING_TOO_LONG":                               dead("the text is longer than the named field; lengthen the field, or cut with left() in its expression, then replay"),
	"NUMBER_OUTSIDE_VALID_RANGE":                    dead("the number does not fit the named field; widen the field, then replay"),
	"REQUIRED_FIELD_MISSING":                        dead("the org asks for a field that is not written; map it under fields, or make it not required, then replay"),
	"FIELD_CUSTOM_VALIDATION_EXCEPTION":             dead("a validation rule of the org refuses the record; mend the rule or the mapping, then replay"),
	"FIELD_INTEGRITY_EXCEPTION":                     dead("the named field does not take this value; mend the mapping, then replay"),
	"FIELD_FILTER_VALIDATION_EXCEPTION":             dead("the lookup's filter refuses the parent; mend the filter or the caller's sourceRecords, then replay"),
	"INVALID_CROSS_REFERENCE_KEY":                   dead("the parent record of sourceRecords is not there, or of another kind; mend it in the org, or skip the event"),
	"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": dead("the integration user may not use the parent record of sourceRecords; share it with the user, then replay"),
	"MALFORMED_ID":                                  dead("an id in sourceRecords is no Salesforce id, or of another kind of record; skip the event, and mend the caller"),
	"ENTITY_IS_DELETED":                             dead("the record or its parent is in the recycle bin; restore it, then replay, or skip the event"),
	"DUPLICATES_DETECTED":                           dead("a duplicate rule of the org refuses the record; exempt the integration user from the rule, then replay"),
	"DUPLICATE_EXTERNAL_ID":                         dead("several records have this external id; merge them, mark the field as unique, then replay"),
	"INVALID_TYPE_ON_FIELD_IN_RECORD":               dead("the value is of another type than the field; write number() around amounts, then replay"),
	"JSON_PARSER_ERROR":                             dead("a value is of another type than its field; mend its expression, then replay"),
	"MISSING_ARGUMENT":                              dead("Salesforce misses something in the call; please report this"),
	"EXCEEDED_ID_LIMIT":                             dead("too many records in one call; please report this"),

	// These are general knowledge: no document that was read names them for what
	// we call.
	"REQUEST_RUNNING_TOO_LONG":                later("Salesforce gave the call up because it took too long; it is tried again by itself"),
	"TOO_MANY_APEX_REQUESTS":                  paused(serverPause, "too much of the org's own code runs at once; it is tried again by itself"),
	"TXN_SECURITY_METERING_ERROR":             paused(serverPause, "a transaction security policy of the org was asked too often; it is tried again by itself"),
	"SERVICE_DENIED":                          paused(closedPause, "the org refuses the API service for now; ask Salesforce's support"),
	"INVALID_LOGIN":                           paused(closedPause, "is the integration user active, not locked, and logged in from an allowed address?"),
	"CLIENT_NOT_ACCESSIBLE_FOR_USER":          setUp("pre-authorize the integration user in the app's policies"),
	"INVALID_OPERATION_WITH_EXPIRED_PASSWORD": setUp("the integration user's password has expired; set a new one, or let it never expire"),
	"PASSWORD_LOCKOUT":                        setUp("the integration user is locked out after wrong passwords; unlock it"),
}

// foreign is what an answer says that holds no error of Salesforce's. A firewall
// refuses a whole queue, and says nothing against any of its records.
func foreign(status int) meaning {
	switch {
	case tooLarge[status]:
		return dead("what was sent is too large for something on the way; shorten the fields, or raise the limit of the proxy, then replay")
	case status >= 400 && status < 500 && status != 401 && !passing[status]:
		return later("that is not Salesforce's answer; is a proxy or firewall between that refuses the gateway, or is loginURL wrong?")
	}
	return byStatus(status)
}

// tooLarge are the refusals of a body, an address and headers for their size,
// which are halved as what is wrong with one record is.
var tooLarge = map[int]bool{413: true, 414: true, 431: true}

// byStatus is what a status says when there is no code that is known.
func byStatus(status int) meaning {
	switch {
	case status == 300:
		return dead("several records have this external id; merge them, mark the field as unique, then replay")
	case status < 300:
		return later("that is not Salesforce's answer; is a proxy between?")
	case status < 400:
		return later("the org has moved or a proxy is between; it is not followed, the next log-in says where the org is")
	case status == 401:
		return paused(closedPause, "the token is not taken; is loginURL that of this org, and is no proxy between?")
	case status == 403:
		return setUp("the integration user may not do this; give it the permission set")
	case status == 404, status == 405:
		return setUp("check object, externalID and apiVersion")
	case status == 410:
		return setUp("the org does not speak this version any more; set apiVersion")
	case passing[status]:
		return later("it is tried again by itself")
	case status < 500:
		return dead("mend what the message says, then replay")
	case status == 503:
		return paused(serverPause, "Salesforce is away or too busy; it is tried again by itself")
	}
	return later("a fault within Salesforce, or on the way; it is tried again by itself")
}

// passing are the refusals that say nothing against the record: 409 is a
// conflict with another writer, 420 and 421 are wrong routes.
var passing = map[int]bool{408: true, 409: true, 420: true, 421: true, 423: true, 425: true, 429: true}

// lock is how Salesforce says that a row is locked, also deep in the message of
// a trigger that has run into it.
const lock = "UNABLE_TO_LOCK_ROW"

// meaningOf is what an error means. Only a refusal is believed to be one: a
// server that fails may not say that a record is hopeless.
func meaningOf(status int, f fault) meaning {
	m, known := saying(f)
	if !known || status < 400 || (status >= 500 && m.outcome == gateway.Dead) {
		return byStatus(status)
	}
	return m
}

// saying is the table's row for an error, unless its message says more than its
// code.
func saying(f fault) (meaning, bool) {
	switch code := f.code(); {
	case (code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" || code == "CANNOT_EXECUTE_FLOW_TRIGGER") && strings.Contains(f.Message, lock):
		return table[lock], true
	case code == "REQUEST_LIMIT_EXCEEDED" && strings.Contains(strings.ToLower(f.Message), "concurrent"):
		return paused(serverPause, "too many long calls of the org run at once; it is tried again by itself; if it stays, look at what else uses the API"), true
	default:
		m, known := table[code]
		return m, known
	}
}

// logins are the token endpoint's own errors, and what to do.
var logins = map[string]string{
	"invalid_grant":              "check username, privateKey and the certificate uploaded to the app, the audience, and this machine's clock",
	"invalid_client":             "check clientID and clientSecret",
	"invalid_client_id":          "check clientID: it is the consumer key of the external client app; a new app takes minutes to be known",
	"invalid_client_credentials": "check clientSecret",
	"invalid_app_access":         "pre-authorize the integration user's permission set in the app's policies",
	"invalid_assertion_type":     "please report this",
	"invalid_request":            "check loginURL and clientID",
	"invalid_scope":              "give the app the scope api",
	"inactive_user":              "activate the integration user",
	"inactive_org":               "the org is closed or locked; ask Salesforce's support",
	"unauthorized_client":        "allow this flow in the app's OAuth settings",
	"unsupported_grant_type":     "allow this flow in the app's OAuth settings; client credentials need the My Domain as loginURL",
	"redirect_uri_mismatch":      "please report this",
	"immediate_unsuccessful":     "pre-authorize the integration user in the app's policies",
	"access_denied":              "pre-authorize the integration user in the app's policies",
}

// grants are the descriptions of invalid_grant that say more.
var grants = map[string]string{
	"hasn't approved this consumer":      `set "Permitted Users" of the app to "Admin approved users are pre-authorized" and add the integration user's permission set`,
	"no client credentials user enabled": "enable the client credentials flow in the app's policies and name the user it runs as",
	"audience":                           "set audience to https://login.salesforce.com, or https://test.salesforce.com for a sandbox",
	"expired":                            "set this machine's clock; the assertion lives for two minutes",
	"authentication failure":             "is the integration user active, and may it log in from this address?",
}

// passingLogins are refusals of a log-in that end by themselves.
var passingLogins = map[string]bool{"rate_limit_exceeded": true, "temporarily_unavailable": true, "server_error": true, "unknown_error": true, "too_many_requests": true}

// loginAdvice is what to do about a refused log-in, and whether it passes.
func loginAdvice(code, description string) (advice string, passes bool) {
	if passingLogins[code] {
		return "it is tried again by itself", true
	}
	if code == "invalid_grant" {
		for said, advice := range grants {
			if strings.Contains(strings.ToLower(description), said) {
				return advice, false
			}
		}
	}
	if advice, known := logins[code]; known {
		return advice, false
	}
	return "check loginURL and the app's OAuth settings", false
}
