package salesforcetest

import "net/http"

// description is an object as the platform describes it to this user. The
// platform tells much more; what is here bears its names.
type description struct {
	Name       string             `json:"name"`
	Custom     bool               `json:"custom"`
	Createable bool               `json:"createable"`
	Updateable bool               `json:"updateable"`
	Queryable  bool               `json:"queryable"`
	Fields     []fieldDescription `json:"fields"`
}

type fieldDescription struct {
	Name               string          `json:"name"`
	Type               string          `json:"type"`
	Length             int             `json:"length"`
	Precision          int             `json:"precision"`
	Scale              int             `json:"scale"`
	ExternalID         bool            `json:"externalId"`
	Unique             bool            `json:"unique"`
	Nillable           bool            `json:"nillable"`
	Createable         bool            `json:"createable"`
	Updateable         bool            `json:"updateable"`
	PicklistValues     []picklistValue `json:"picklistValues"`
	RestrictedPicklist bool            `json:"restrictedPicklist"`
	ReferenceTo        []string        `json:"referenceTo"`
}

type picklistValue struct {
	Active       bool   `json:"active"`
	DefaultValue bool   `json:"defaultValue"`
	Label        string `json:"label"`
	Value        string `json:"value"`
}

// described are the platform's words for the types of a field.
var described = map[string]string{
	Text: "string", Number: "double", Currency: "currency", DateTime: "datetime",
	Checkbox: "boolean", Picklist: "picklist", Lookup: "reference",
}

// parents are the objects that a lookup's ids belong to.
var parents = map[string]string{"001": "Account", "003": "Contact", "006": "Opportunity", "801": "Order"}

// describe answers how an object, or a platform event, looks to this user.
func (o *Org) describe(name string) answer {
	if t, ok := o.tables[name]; ok {
		return jsonAnswer(http.StatusOK, t.object.describe(true))
	}
	if event, ok := o.events[name]; ok {
		return jsonAnswer(http.StatusOK, event.describe(false))
	}
	return notFound(nil)
}

// describe tells of an event that it cannot be changed: it is only published.
func (ob Object) describe(updateable bool) description {
	may := !ob.ReadOnly
	d := description{Name: ob.Name, Custom: true, Createable: may, Updateable: may && updateable, Queryable: updateable}
	d.Fields = append(d.Fields, fieldDescription{Name: "Id", Type: "id", Length: 18, PicklistValues: []picklistValue{}, ReferenceTo: []string{}})
	for _, f := range ob.Fields {
		d.Fields = append(d.Fields, f.describe(updateable))
	}
	return d
}

func (f Field) describe(updateable bool) fieldDescription {
	d := fieldDescription{
		Name: f.Name, Type: described[f.Type], Length: f.Length, ExternalID: f.ExternalID, Unique: f.Unique, Nillable: !f.Required,
		Createable: !f.ReadOnly, Updateable: !f.ReadOnly && updateable, RestrictedPicklist: f.Type == Picklist,
		PicklistValues: []picklistValue{}, ReferenceTo: []string{},
	}
	switch f.Type {
	case Number, Currency:
		d.Precision, d.Scale = 18, 2
	case Picklist:
		d.Length = 255
		for _, value := range f.Values {
			d.PicklistValues = append(d.PicklistValues, picklistValue{Active: true, Label: value, Value: value})
		}
	case Lookup:
		d.Length, d.ReferenceTo = 18, []string{parents[f.Prefix]}
	}
	return d
}
