// Package load makes requests at a fixed rate, whether or not the earlier ones
// are answered, and counts how long each took from the moment at which it was
// due. A driver that waits for its answers leaves out just the requests that a
// slow moment delays, and then reports that there was none.
//
// It speaks HTTP alone and knows nothing of the gateway's insides, so that what
// it says of the gateway is what a shop would see.
package load
