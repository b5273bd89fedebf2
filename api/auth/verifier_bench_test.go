package auth

import "testing"

// What the cache buys is the difference between these two.
func BenchmarkVerify(b *testing.B) {
	c, _ := testConfig(b)
	token := shopToken(b, c)
	b.Run("seen", func(b *testing.B) {
		v := NewVerifier(c)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unseen", func(b *testing.B) {
		v := NewVerifier(c)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.open(token, c.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkToken(b *testing.B) {
	c, _ := testConfig(b)
	for b.Loop() {
		shopToken(b, c)
	}
}
