package salesforcetest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// The types of a field.
const (
	Text     = "Text"
	Number   = "Number"
	Currency = "Currency"
	DateTime = "DateTime"
	Checkbox = "Checkbox"
	Picklist = "Picklist" // restricted
	Lookup   = "Lookup"
)

// Object is a custom object, or a platform event.
type Object struct {
	Name   string
	Fields []Field
	// ReadOnly says that the user has no right to write.
	ReadOnly bool
}

// Field is one field of an object.
type Field struct {
	Name       string
	Type       string
	Length     int // of a Text
	ExternalID bool
	Unique     bool
	Required   bool
	Values     []string // of a Picklist
	Prefix     string   // of the ids that a Lookup takes
	ReadOnly   bool     // to this user, or as a formula is
}

// PaymentObject is the object as the setup guide describes it.
func PaymentObject() Object {
	return Object{Name: "Payment__c", Fields: []Field{
		{Name: "GatewayPaymentID__c", Type: Text, Length: 64, ExternalID: true, Unique: true},
		{Name: "PaymentID__c", Type: Text, Length: 64, ExternalID: true, Unique: true},
		{Name: "OpportunityId__c", Type: Lookup, Prefix: "006"},
		{Name: "OrderId__c", Type: Lookup, Prefix: "801"},
		{Name: "Account__c", Type: Lookup, Prefix: "001"},
		{Name: "Amount__c", Type: Currency},
		{Name: "Status__c", Type: Picklist, Values: []string{
			"Pending", "Authorized", "Completed", "Declined", "Voided", "Refunded", "Failed", "Indeterminate",
		}},
		{Name: "TransactionDate__c", Type: DateTime},
		{Name: "PaymentMethodType__c", Type: Text, Length: 40},
		{Name: "Last4Digits__c", Type: Text, Length: 4},
		{Name: "CustomerVaultID__c", Type: Text, Length: 64},
		{Name: "EventSequence__c", Type: Number},
	}}
}

// PersonObject is an account or a contact with the field for the vault's
// customer.
func PersonObject(name string) Object {
	return Object{Name: name, Fields: []Field{{Name: "CustomerVaultID__c", Type: Text, Length: 64}}}
}

// OperationObject is the object of an org that keeps a record for each
// operation: several have one transaction id.
func OperationObject() Object {
	object := PaymentObject()
	for i, f := range object.Fields {
		if f.Name == "PaymentID__c" || f.Name == "GatewayPaymentID__c" {
			object.Fields[i].Unique = false
		}
	}
	object.Fields = append(object.Fields, Field{Name: "GatewayOperationID__c", Type: Text, Length: 64, ExternalID: true, Unique: true})
	return object
}

// UpdateEvent is a platform event as the setup guide describes it.
func UpdateEvent() Object {
	return Object{Name: "Payment_Update__e", Fields: []Field{
		{Name: "EventID__c", Type: Text, Length: 64, Required: true},
		{Name: "EventType__c", Type: Text, Length: 64},
		{Name: "EventSequence__c", Type: Number},
		{Name: "OccurredAt__c", Type: DateTime},
		{Name: "GatewayPaymentID__c", Type: Text, Length: 64},
		{Name: "PaymentID__c", Type: Text, Length: 64},
		{Name: "Status__c", Type: Text, Length: 40},
		{Name: "Amount__c", Type: Number},
		{Name: "OpportunityId__c", Type: Text, Length: 18},
	}}
}

func (ob Object) field(name string) (Field, bool) {
	i := slices.IndexFunc(ob.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return ob.Fields[i], true
}

// readable checks what spoils a whole call: fields that are not there or not to
// be written, and values of another JSON type than their field.
func (ob Object) readable(fields map[string]any) *problem {
	if ob.ReadOnly {
		return fault("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
	}
	for name, value := range fields {
		f, ok := ob.field(name)
		if !ok {
			return &problem{ErrorCode: "INVALID_FIELD", Message: fmt.Sprintf("No such column '%s' on sobject of type %s", name, ob.Name)}
		}
		if f.ReadOnly {
			return fault("INVALID_FIELD_FOR_INSERT_UPDATE", fmt.Sprintf("Unable to create/update fields: %s. "+
				"Please check the security settings of this field and verify that it is read/write for your profile or permission set.", name), name)
		}
		if value != nil && !f.hasType(value) {
			return &problem{ErrorCode: "JSON_PARSER_ERROR", Message: fmt.Sprintf(
				"Cannot deserialize instance of %s from value %v or request may be missing a required field at [line:1, column:2]", strings.ToLower(f.Type), value)}
		}
	}
	return nil
}

func (f Field) hasType(value any) bool {
	switch v := value.(type) {
	case json.Number:
		return f.Type == Number || f.Type == Currency
	case bool:
		return f.Type == Checkbox
	case string:
		if f.Type == DateTime {
			_, err := time.Parse(time.RFC3339, v)
			return err == nil
		}
		return f.Type == Text || f.Type == Picklist || f.Type == Lookup
	}
	return false
}

var recordID = regexp.MustCompile(`^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$`)

// acceptable checks one record's values.
func (ob Object) acceptable(fields map[string]any) *problem {
	for _, f := range ob.Fields {
		text, _ := fields[f.Name].(string)
		switch {
		case f.Required && (fields[f.Name] == nil || fields[f.Name] == ""):
			return fault("REQUIRED_FIELD_MISSING", fmt.Sprintf("Required fields are missing: [%s]", f.Name), f.Name)
		case f.Type == Text && len(utf16.Encode([]rune(text))) > f.Length:
			return fault("STRING_TOO_LONG", fmt.Sprintf("%s: data value too large: %s (max length=%d)", f.Name, text, f.Length), f.Name)
		case f.Type == Picklist && text != "" && !slices.Contains(f.Values, text):
			return fault("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", fmt.Sprintf("%s: bad value for restricted picklist field: %s", f.Name, text), f.Name)
		case f.Type == Lookup && text != "" && (!recordID.MatchString(text) || !strings.HasPrefix(text, f.Prefix)):
			return fault("MALFORMED_ID", fmt.Sprintf("%s: id value of incorrect type: %s", f.Name, text), f.Name)
		}
	}
	return nil
}

func fault(code, message string, fields ...string) *problem {
	return &problem{ErrorCode: code, Message: message, Fields: fields}
}
