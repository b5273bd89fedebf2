package gateway_test

import (
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// auditKey chains the audit trails of these tests.
var auditKey = storetest.AuditKey

// Who decides in these tests.
var (
	anna = gateway.Actor{Person: "anna"}
	ann  = gateway.Actor{Person: "Ann", Client: "ops"}
)
