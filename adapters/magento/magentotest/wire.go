package magentotest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// number is an amount as PHP writes it: 100, 19.9, 19.99.
func number(cents int64) json.Number {
	n := fmt.Sprintf("%d.%02d", cents/100, cents%100)
	return json.Number(strings.TrimSuffix(strings.TrimRight(n, "0"), "."))
}

// orNull is an amount that is null before there is any.
func orNull(cents int64) any {
	if cents == 0 {
		return nil
	}
	return number(cents)
}

type object = map[string]any

func orderJSON(o *order) any {
	items := []any{}
	for _, i := range o.Items {
		items = append(items, itemJSON(i, nil))
		for n, child := range i.Children {
			child.id = i.id*10 + int64(n)
			items = append(items, itemJSON(child, i.id))
		}
	}
	info := []any{}
	if o.PaymentID != "" {
		info = append(info, object{"key": "gateway_payment_id", "value": o.PaymentID}, object{"key": "method_title", "value": "Credit Card"})
	}
	var status any = o.Status
	if o.statusLost {
		status = nil
	}
	return object{
		"entity_id": o.id, "increment_id": o.IncrementID, "store_id": o.storeID, "state": o.State, "status": status,
		"base_currency_code": o.Currency, "order_currency_code": o.Currency,
		"base_grand_total": number(o.grandTotal()), "grand_total": number(o.grandTotal()),
		"base_total_paid": orNull(o.paid), "total_paid": orNull(o.paid),
		"base_total_refunded": orNull(o.refunded), "total_refunded": orNull(o.refunded),
		"base_shipping_amount": number(o.Shipping), "base_shipping_refunded": orNull(o.shippingBack),
		"items": items,
		"payment": object{
			"method": o.Method, "last_trans_id": lastOf(o), "additional_information": []string{"Credit Card"},
		},
		"extension_attributes": object{"payment_additional_info": info},
	}
}

func itemJSON(i Item, parent any) any {
	out := object{
		"item_id": i.id, "sku": i.SKU, "qty_ordered": i.Qty, "qty_invoiced": i.invoiced, "qty_refunded": i.refunded,
		"qty_canceled": i.canceled, "base_price": number(i.Price),
	}
	if parent != nil {
		out["parent_item_id"] = parent
	}
	return out
}

func lastOf(o *order) any {
	if len(o.transactions) == 0 {
		return nil
	}
	return o.transactions[len(o.transactions)-1].TxnID
}

func invoiceJSON(i *Invoice) any {
	return object{
		"entity_id": i.ID, "order_id": i.OrderID, "state": i.State, "base_grand_total": number(i.Amount), "grand_total": number(i.Amount),
		"transaction_id": i.TransactionID,
	}
}

func creditMemoJSON(m *CreditMemo) any {
	return object{"entity_id": m.ID, "order_id": m.OrderID, "state": 2, "base_grand_total": number(m.Amount), "grand_total": number(m.Amount)}
}
