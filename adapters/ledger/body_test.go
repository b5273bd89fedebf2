package ledger

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// sameBody wants the bytes of encoding/json, and that they are read as it reads them.
func sameBody(t *testing.T, p gateway.Payment) {
	t.Helper()
	want, refused := json.Marshal(p)
	got, err := encodePayment(p)
	if (err != nil) != (refused != nil) {
		t.Fatalf("%+v\nis written with %v, by encoding/json with %v", p, err, refused)
	}
	if err == nil && got != string(want) {
		t.Fatalf("the body is\n%s\nand by encoding/json\n%s", got, want)
	}
	if err != nil {
		return
	}
	var wanted gateway.Payment
	refused = json.Unmarshal(want, &wanted)
	read, err := decodePayment(got)
	if (err != nil) != (refused != nil) {
		t.Fatalf("%s\nis read with %v, by encoding/json with %v", got, err, refused)
	}
	if err == nil && !reflect.DeepEqual(read, wanted) {
		t.Fatalf("read is\n%+v\nand by encoding/json\n%+v", read, wanted)
	}
}

// texts are written in all ways that there are.
var texts = []string{"", "a", "order 7", `"`, `\`, "<b>&", "\u2028", "é", "\xff", "\n\x00", "~", "\x7f", strings.Repeat("x", 300)}

// furnish sets every member that a payment has now or will have, so that a new one
// which encodePayment forgets fails here. Of many some are left as they are.
func furnish(random *rand.Rand, v reflect.Value, depth int, always bool) {
	if !always && random.IntN(3) == 0 {
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		at := time.Unix(random.Int64N(1<<33), random.Int64N(1e9)).UTC()
		if random.IntN(2) == 0 {
			at = at.Truncate(time.Second).In(time.FixedZone("", 60*(random.IntN(48*60)-24*60)))
		}
		v.Set(reflect.ValueOf(at))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[random.IntN(len(texts))])
		if always {
			v.SetString("x")
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(random.Int64N(1<<40) - 1<<38)
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			furnish(random, v.Elem(), depth-1, always)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), random.IntN(3), 3))
		if always {
			v.SetLen(2)
		}
		for i := range v.Len() {
			furnish(random, v.Index(i), depth-1, always)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"b": "2", "a": texts[random.IntN(len(texts))]}))
	case reflect.Struct:
		for i := range v.NumField() {
			furnish(random, v.Field(i), depth, always)
		}
	}
}

func TestABodyIsWhatEncodingJSONWrites(t *testing.T) {
	sameBody(t, gateway.Payment{})
	sameBody(t, gateway.Payment{Operations: []gateway.Operation{}, Metadata: map[string]string{}})
	sameBody(t, gateway.Payment{CreatedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	sameBody(t, storetest.Sale("m1", noon).Payment)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		var p gateway.Payment
		furnish(random, reflect.ValueOf(&p).Elem(), 4, i == 0)
		sameBody(t, p)
	}
}

func FuzzABodyIsWhatEncodingJSONWrites(f *testing.F) {
	for i, text := range texts {
		f.Add(text, int64(i), uint64(i))
	}
	f.Add("", int64(-1), uint64(9))
	f.Fuzz(func(t *testing.T, text string, number int64, seed uint64) {
		var p gateway.Payment
		furnish(rand.New(rand.NewPCG(seed, 0)), reflect.ValueOf(&p).Elem(), 4, false)
		p.OrderID, p.Reference, p.Amount, p.Version = text, text, gateway.Money(number), number
		p.CreatedAt, p.UpdatedAt = time.Unix(number, number), time.UnixMicro(number).UTC()
		sameBody(t, p)
	})
}

func BenchmarkBody(b *testing.B) {
	p := storetest.Approval(storetest.Sale("m1", noon).Payment, noon).Payment
	p.Metadata, p.Operations[0].Resolution, p.Operations[0].Attention = nil, nil, "" // most have none
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := encodePayment(p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(p); err != nil {
				b.Fatal(err)
			}
		}
	})
	body, err := encodePayment(p)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decodePayment(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read by encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal([]byte(body), new(gateway.Payment)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
