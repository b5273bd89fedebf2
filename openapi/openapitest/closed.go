package openapitest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// closeObjects forbids unknown members in every named object that does not say
// otherwise. Objects are always named in the contract, and never put together
// by allOf, which could not be closed in this way.
func closeObjects(contract *openapi3.T) {
	closed := false
	for _, schema := range contract.Components.Schemas {
		s := schema.Value
		if s.Type.Is("object") && s.AdditionalProperties.Schema == nil {
			s.AdditionalProperties.Has = &closed
		}
	}
}

// always are the members that every payment has. The schema cannot require
// them, because it also describes the answer for a key that made no payment.
var always = []string{
	"paymentId", "merchantId", "liveMode", "status", "outcome", "amount", "currencyCode",
	"orderId", "operations", "createdAt", "updatedAt", "version",
}

const cancelled = "cancelled"

// complete finds the payments in an answer and names what they lack.
func complete(route *routers.Route, status int, body []byte) error {
	switch schemaOf(route, status) {
	case "Payment":
		var p map[string]any
		if err := json.Unmarshal(body, &p); err != nil {
			return err
		}
		return completePayment(p)
	case "PaymentPage":
		var page struct{ Items []map[string]any }
		if err := json.Unmarshal(body, &page); err != nil {
			return err
		}
		for i, p := range page.Items {
			if err := completePayment(p); err != nil {
				return fmt.Errorf("items[%d]: %w", i, err)
			}
		}
	}
	return nil
}

func completePayment(p map[string]any) error {
	expected := always
	if _, closedKey := p["idempotencyKey"]; closedKey {
		if p["outcome"] != cancelled {
			return fmt.Errorf("idempotencyKey belongs only beside the outcome %q", cancelled)
		}
		expected = []string{"idempotencyKey", "outcome", "requestId"}
	}
	var missing []string
	for _, name := range expected {
		if _, there := p[name]; !there {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return fmt.Errorf("the payment lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

// schemaOf is the name of the schema that an answer has, "" when it has none.
func schemaOf(route *routers.Route, status int) string {
	response := route.Operation.Responses.Value(strconv.Itoa(status))
	if response == nil {
		return ""
	}
	media := response.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return ""
	}
	return strings.TrimPrefix(media.Schema.Ref, "#/components/schemas/")
}
