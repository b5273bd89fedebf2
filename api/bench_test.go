package api

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
)

const benchedBody = `{"amount":"19.99","orderId":"100000042","paymentMethod":{"vault":{"customerId":"cus_7"}}}`

// What a checkout costs at the HTTP side alone: everything between the parsed
// request and the gateway, and from its answer to the bytes.
func BenchmarkCheckout(b *testing.B) {
	s, token := benchedServer(b)
	app := s.app(heldCard)
	app.Post("/api/v1/payments", s.needs(auth.PaymentsWrite), func(c *fiber.Ctx) error {
		request, err := decodedForBench(c)
		if err != nil {
			return err
		}
		return writeAnswer(c, paidForBench(request.command()), nil)
	})
	handle := app.Handler()
	wire := fmt.Sprintf("POST /api/v1/payments HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"+
		"Authorization: Bearer %s\r\nIdempotency-Key: default-100000042-sale-1\r\nUser-Agent: shop\r\nAccept: */*\r\nContent-Length: %d\r\n\r\n%s",
		token, len(benchedBody), benchedBody)
	b.ReportAllocs()
	from := bufio.NewReaderSize(nil, headerLimit)
	var ctx fasthttp.RequestCtx
	ctx.Init(&fasthttp.Request{}, nil, nil)
	for b.Loop() {
		from.Reset(strings.NewReader(wire))
		if err := ctx.Request.Read(from); err != nil {
			b.Fatal(err)
		}
		ctx.ResetUserValues()
		ctx.Response.Reset()
		handle(&ctx)
		if ctx.Response.StatusCode() != http.StatusCreated {
			b.Fatal(string(ctx.Response.Body()))
		}
	}
}

// What the strict decoder and its hunt for card numbers cost.
func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var request createPaymentRequest
		if err := decodeStrict([]byte(benchedBody), &request); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	var request createPaymentRequest
	if err := decodeStrict([]byte(benchedBody), &request); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := check(request); err != nil {
			b.Fatal(err)
		}
	}
}

func benchedServer(b *testing.B) (s *Server, token string) {
	key, err := auth.GenerateKey()
	if err != nil {
		b.Fatal(err)
	}
	keys, err := auth.NewKeys(key)
	if err != nil {
		b.Fatal(err)
	}
	clients, err := auth.NewClients([]auth.Client{{
		ID: "shop", MerchantID: "main", Scopes: auth.Scopes{auth.PaymentsWrite, auth.PaymentsRead}, Channel: "bench",
		SecretHash: auth.HashSecret("bench-secret-bench-secret-123"),
	}})
	if err != nil {
		b.Fatal(err)
	}
	c := auth.Config{Issuer: "https://gateway.test", Keys: keys, Clients: clients, Now: time.Now}
	granted, refusal := auth.NewIssuer(c).Token(b.Context(), auth.TokenRequest{
		GrantType: "client_credentials", ClientID: "shop", ClientSecret: "bench-secret-bench-secret-123",
	})
	if refusal != nil {
		b.Fatal(refusal)
	}
	return New(Config{
		Issuer: auth.NewIssuer(c), Verifier: auth.NewVerifier(c), Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Now: time.Now,
	}), granted.AccessToken
}

func decodedForBench(c *fiber.Ctx) (request createPaymentRequest, err error) {
	if err := decodeStrict(body(c), &request); err != nil {
		return request, err
	}
	return request, check(request)
}

// paidForBench is an answer of the usual size.
func paidForBench(cmd gateway.CreatePayment) gateway.Answer {
	now := time.Now()
	op := gateway.Operation{
		ID: "op_06h28rq36tne79g0vyahn5b0dg", Kind: gateway.KindSale, Status: gateway.OpApproved, Amount: cmd.Amount,
		Key: "default-100000042-sale-1", TransactionID: "125391271", CreatedAt: now, UpdatedAt: now,
	}
	return gateway.Answer{OperationID: op.ID, Payment: gateway.Payment{
		ID: "pay_06h28rq36tne79g0vyahn5b0dg", MerchantID: "main", Status: gateway.Status(gateway.OpApproved), Amount: cmd.Amount, Currency: "USD",
		OrderID: cmd.OrderID, TransactionID: op.TransactionID, Operations: []gateway.Operation{op}, CreatedAt: now, UpdatedAt: now,
	}}
}
