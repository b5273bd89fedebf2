package gateway

// VaultCustomer is a shopper with stored payment methods. The cards lie at
// PayTrace; the gateway keeps what may be shown.
type VaultCustomer struct {
	MerchantID string
	ID         string
	Methods    []VaultMethod
}

// VaultMethod is one stored card. PayTrace holds one card for each of its own
// customers, so every method has a PayTrace customer id of its own.
type VaultMethod struct {
	ID                  string
	ProcessorCustomerID string
	Card                CardSummary
	Default             bool
}

// Choose returns the method named, or the default one when none is named.
func (c VaultCustomer) Choose(methodID string) (VaultMethod, bool) {
	for _, m := range c.Methods {
		if m.ID == methodID || (methodID == "" && m.Default) {
			return m, true
		}
	}
	return VaultMethod{}, false
}
