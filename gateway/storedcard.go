package gateway

// StoredCard says where the card of a new payment method comes from: exactly
// one member.
type StoredCard struct {
	Method           PaymentMethod // hostedFields, encryptedCard or card
	TransactionID    string        // an approved payment of ours: PayTrace's id or pay_...
	ProcessorProfile string        // a profile that is at PayTrace already
}
