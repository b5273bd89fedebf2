package salesforce

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"paytrace-gateway/gateway"
)

// The types of a field, in the platform's words, by what they take.
var (
	numbers = []string{"double", "currency", "percent", "int", "long"}
	texts   = []string{
		"string", "textarea", "picklist", "multipicklist", "combobox", "reference", "id", "email", "phone", "url", "encryptedstring", "anyType",
	}
)

// unfit are the faults by which a field would refuse the values.
func (s *Sink) unfit(tried string, f fieldDescription, values []any) []gateway.Finding {
	var lacking []string
	for _, value := range values {
		text, isText := value.(string)
		switch {
		case value == nil:
		case !takes(f.Type, value):
			return []gateway.Finding{broken(tried, fmt.Sprintf("%s has the type %s, and its expression gives %s", f.Name, s.client.words(f.Type), shown(value)),
				"mend the expression, with number() around amounts, or the field's type")}
		case isText && f.Length > 0 && len(utf16.Encode([]rune(text))) > f.Length:
			return []gateway.Finding{broken(tried, fmt.Sprintf("%s takes %d characters, and its expression gives %s", f.Name, f.Length, shown(value)),
				"lengthen the field, or cut with left() in its expression")}
		case isText && f.Restricted && !f.offers(text) && !slices.Contains(lacking, text):
			lacking = append(lacking, text)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	return []gateway.Finding{broken(tried, fmt.Sprintf("the picklist %s lacks %s", f.Name, strings.Join(lacking, ", ")),
		"add it to the field's values, or map the states under statuses to values that it has")}
}

// takes says whether a field of the type accepts the value's type.
func takes(fieldType string, value any) bool {
	switch v := value.(type) {
	case json.Number, int, int64:
		return slices.Contains(numbers, fieldType)
	case bool:
		return fieldType == "boolean"
	case string:
		switch fieldType {
		case "datetime":
			_, err := time.Parse(time.RFC3339, v)
			return err == nil
		case "date":
			_, err := time.Parse(time.DateOnly, v)
			return err == nil
		}
		return slices.Contains(texts, fieldType)
	}
	return false
}

func (f fieldDescription) offers(value string) bool {
	for _, v := range f.Values {
		if v.Active && v.Value == value {
			return true
		}
	}
	return false
}

// shown is an example's value, for a person.
func shown(value any) string {
	if text, ok := value.(string); ok {
		return fmt.Sprintf("the text %q", text)
	}
	return fmt.Sprintf("%v", value)
}
