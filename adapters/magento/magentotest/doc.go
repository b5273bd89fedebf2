// Package magentotest is a Magento shop with memory, for tests and the demo. It
// answers the REST calls that tell a shop of its payments with the statuses,
// bodies and traps of Magento Open Source 2.4.6-p1 as they were observed, and
// those of 2.4.7 where they differ. It checks signatures with code of its own
// and imports nothing of the gateway, so that it shares no misunderstanding
// with the client.
//
// What a shopper and the shop's people do is a method (order.go): an order is
// placed, captured or refunded in the shop itself. What goes wrong is ordered
// with Fail (fault.go). What was asked is in History (history.go).
package magentotest
