package gateway

// The road goes so deep that a new goroutine's stack, of 2 KiB, doubles four times on
// its way, and each time is copied with all that points into it. That was 5 % of a
// payment's processor time with 64 callers; grown at once, while there is nothing on
// it, it is less than 1 % (docs/adr/0040).

// roomForDeciding grows the stack to 32 KiB.
//
//go:noinline
func roomForDeciding(at int) byte {
	var room [16 << 10]byte
	return room[at] // the compiler would drop what nobody reads
}

// roomForSending grows it to 16 KiB, on which a payment waits for the processor.
//
//go:noinline
func roomForSending(at int) byte {
	var room [8 << 10]byte
	return room[at]
}
