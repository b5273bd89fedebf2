package openapitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"go.yaml.in/yaml/v3"

	"paytrace-gateway/openapi"
)

// webhooks is where the bodies that the gateway sends are judged: as if each
// were the body of a call.
const webhooks = "/x-webhooks/"

// withWebhooks is the contract with what stands in its extension among its
// paths, where examples are held against their schemas and bodies can be judged.
func withWebhooks() ([]byte, error) {
	var contract map[string]any
	if err := yaml.Unmarshal(openapi.YAML(), &contract); err != nil {
		return nil, err
	}
	paths, _ := contract["paths"].(map[string]any)
	sent, _ := contract["x-webhooks"].(map[string]any)
	for name, item := range sent {
		paths[webhooks+name] = item
	}
	return json.Marshal(contract)
}

// Event judges the body of an event that is sent to a webhook.
func (v *Validator) Event(body []byte) error {
	req, err := http.NewRequest(http.MethodPost, webhooks+"CallbackEvent", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if err := v.Request(req); err != nil {
		return err
	}
	var event struct{ Data map[string]any }
	if err := json.Unmarshal(body, &event); err != nil {
		return err
	}
	for _, other := range []string{"transactionState", "paymentMethod"} {
		if _, tells := event.Data[other]; tells {
			return nil
		}
	}
	if err := completePayment(event.Data); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}
