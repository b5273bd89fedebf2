package ledger

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// insertThird writes a customer as the programs of the first three schemas did.
func (s store) insertThird(t *testing.T, merchant, id string, methods ...gateway.VaultMethod) {
	t.Helper()
	s.exec(t, `INSERT INTO vault_customers (merchant_id, id) VALUES (?, ?)`, merchant, id)
	for i, m := range methods {
		s.exec(t, `INSERT INTO vault_methods
			(merchant_id, customer_id, id, position, processor_customer_id, brand, last_four, expiration_month, expiration_year, is_default)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			merchant, id, m.ID, i, m.ProfileID, string(m.Card.Brand), m.Card.LastFour, m.Card.ExpirationMonth, m.Card.ExpirationYear, m.Default)
	}
}

func TestTheVaultOfTheThirdSchemaGoesOn(t *testing.T) {
	for name, blank := range stores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			s.make(t, "migrations/0001_ledger.sql", "migrations/0002_watch.sql", "migrations/0003_outbox.sql")
			visa := gateway.VaultMethod{ID: "pm_1", ProfileID: "demo-visa", Default: true, Card: gateway.CardSummary{
				Brand: gateway.Visa, LastFour: "1111", ExpirationMonth: "12", ExpirationYear: "2030"}}
			odd := gateway.VaultMethod{ID: `"pm\`, ProfileID: `a "quoted" \ ü`}
			s.exec(t, `INSERT INTO watches (merchant_id, live_mode, through, due, version) VALUES ('live', TRUE, 1, 1, 1)`)
			s.insertThird(t, "live", "cus_1", visa, odd)
			s.insertThird(t, "live", "cus_2")
			s.insertThird(t, "live", "cus_3", visa)
			s.insertThird(t, "new", "cus_1", visa)
			decided, _, _ := history()
			s.insertFirst(t, decided)
			s.insertThird(t, "m1", "cus_1", visa)
			l := s.open(t)
			whole := migrated("live", true, "cus_1", visa, odd)
			for _, want := range []gateway.VaultCustomer{
				whole, migrated("live", true, "cus_2"), migrated("live", true, "cus_3", visa),
				migrated("new", false, "cus_1", visa), migrated("m1", true, "cus_1", visa),
			} {
				got, err := l.Customer(t.Context(), want.MerchantID, want.LiveMode, want.ID)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("the customer is %+v, %v\nwant %+v", got, err, want)
				}
				if _, err := l.Customer(t.Context(), want.MerchantID, !want.LiveMode, want.ID); !errors.Is(err, gateway.ErrNotFound) {
					t.Errorf("in the other mode: %v", err)
				}
			}
			due, err := l.DueChecks(t.Context(), "live", true, noon, 10)
			if err != nil || len(due) != 1 || !reflect.DeepEqual(due[0], whole) {
				t.Errorf("to be compared are %+v, %v", due, err)
			}
			vaultGoesOn(t, l, whole)
		})
	}
}

// migrated is a customer of an older schema, whose methods are compared at once.
func migrated(merchant string, live bool, id string, methods ...gateway.VaultMethod) gateway.VaultCustomer {
	c := gateway.VaultCustomer{MerchantID: merchant, LiveMode: live, ID: id, Version: 1, Methods: []gateway.VaultMethod{}}
	for _, m := range methods {
		m.CheckDue = time.UnixMicro(1).UTC()
		c.Methods = append(c.Methods, m)
	}
	return c
}

func vaultGoesOn(t *testing.T, l *Ledger, c gateway.VaultCustomer) {
	t.Helper()
	c.Version++
	fits(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &c}))
	page, err := l.Customers(t.Context(), gateway.CustomerFilter{MerchantID: c.MerchantID, LiveMode: c.LiveMode, ExpiresBy: 203012, Limit: 10})
	if err != nil || len(page) != 1 || page[0].ID != c.ID {
		t.Errorf("who has changed, and has a card that expires: %+v, %v", page, err)
	}
	third, err := l.Customer(t.Context(), c.MerchantID, c.LiveMode, "cus_3")
	fits(t, err)
	third.Version++
	if err := l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &third}); !errors.Is(err, gateway.ErrProfileTaken) {
		t.Errorf("a profile that is the other's: %v", err)
	}
	third.Methods = nil
	fits(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &third}))
}

// TestACustomerGoesOnFromOneThatWentBefore has the events of the sixth schema
// tell at which version that was.
func TestACustomerGoesOnFromOneThatWentBefore(t *testing.T) {
	for name, blank := range stores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			s.make(t, "migrations/0001_ledger.sql", "migrations/0002_watch.sql", "migrations/0003_outbox.sql",
				"migrations/0004_vault.sql", "migrations/0005_subscriptions.sql", "migrations/0006_archive.sql")
			decided, _, _ := history()
			s.insertFirst(t, decided)
			for i, version := range []int64{2, 7, 3} {
				for _, queue := range []string{"vault:m1:true:c:ü_%", "vault:m1:false:c"} {
					s.exec(t, `INSERT INTO events (id, merchant_id, subject, operation_id, type, version, at, body) VALUES (?, 'm1', ?, '', 'x', ?, 1, '{}')`,
						fmt.Sprint(queue, i), queue, version)
					version++
				}
			}
			l := s.open(t)
			for _, want := range []struct {
				live    bool
				id      string
				version int64
			}{{true, "c:ü_%", 7}, {false, "c", 8}, {true, "c", 0}, {false, "c:ü_%", 0}} {
				if got, err := l.LastCustomer(t.Context(), "m1", want.live, want.id); err != nil || got != (gateway.PastCustomer{Version: want.version}) {
					t.Errorf("%s, live %t, went leaving %+v, %v; want version %d", want.id, want.live, got, err, want.version)
				}
			}
		})
	}
}

// TestEventsOfTheThirdSchemaAreStillTold leaves a payment's event unspread.
func TestEventsOfTheThirdSchemaAreStillTold(t *testing.T) {
	for name, blank := range stores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			s.make(t, "migrations/0001_ledger.sql", "migrations/0002_watch.sql", "migrations/0003_outbox.sql")
			decided, _, _ := history()
			s.insertFirst(t, decided)
			l := s.open(t)
			events, err := l.Unspread(t.Context(), []string{"m1"}, 10)
			if err != nil || !reflect.DeepEqual(events, decided.Events) {
				t.Errorf("to be told are %+v, %v\nwant %+v", events, err, decided.Events)
			}
		})
	}
}

// TestNothingNewerIsToldOfACustomerWhileAReplayIsWritten holds a replay open on
// one gateway while another changes the customer.
func TestNothingNewerIsToldOfACustomerWhileAReplayIsWritten(t *testing.T) {
	url := withTables.Postgres(t)
	l, other := onPostgres(t, url), onPostgres(t, url)
	c := gateway.VaultCustomer{MerchantID: "m1", LiveMode: true, ID: "cus_1", Version: 1, CreatedAt: noon, UpdatedAt: noon}
	first := newsOf(c)
	fits(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &c, Events: []gateway.Event{first}}))
	old := deliveryTo("shop", first)
	old.Status = gateway.DeliveryDone
	fits(t, l.Spread(t.Context(), []gateway.Event{first}, []gateway.Delivery{old}))
	old.Status = gateway.DeliveryPending
	old.Version++

	written, let := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(let) })
	t.Cleanup(release)
	replayed, changed := make(chan error, 1), make(chan error, 1)
	go func() {
		row, err := encodeDelivery(old)
		if err == nil {
			err = l.write(t.Context(), row.holdPlace(), func(s *session) error {
				err := errors.Join(row.replay(s), s.flush()) // what is gathered holds nothing yet
				close(written)
				<-let
				return err
			})
		}
		replayed <- err
	}()
	<-written
	c.Version++
	next := newsOf(c)
	go func() {
		changed <- other.ApplyVault(t.Context(), gateway.VaultChange{Customer: &c, Events: []gateway.Event{next}})
	}()
	waitsForLock(t, l, changed)
	release()
	fits(t, <-replayed)
	fits(t, <-changed)
}

func newsOf(c gateway.VaultCustomer) gateway.Event {
	return gateway.Event{
		ID: gateway.NewEventID(noon), MerchantID: c.MerchantID, Type: gateway.EventMethodUpdated, Version: c.Version, At: noon,
		Vault: &gateway.VaultNews{LiveMode: c.LiveMode, CustomerID: c.ID, Origin: gateway.OriginAPI},
	}
}

// TestPostgresLooksAtTheVaultByItsIndexes asks a server that knows nothing of
// its tables yet.
func TestPostgresLooksAtTheVaultByItsIndexes(t *testing.T) {
	l := onPostgres(t, withTables.Postgres(t))
	for name, test := range map[string]struct {
		query   string
		indexes []string
	}{
		"customer":   {customerSQL, []string{"vault_customers_pkey"}},
		"customers":  {customersSQL, []string{"vault_customers_pkey"}},
		"expiring":   {expiringSQL, []string{"vault_methods_expiring", "vault_customers_pkey"}},
		"checks":     {dueChecksSQL, []string{"vault_methods_to_check", "vault_customers_pkey"}},
		"profile":    {profileUsedSQL, []string{"vault_methods_profiles"}},
		"payer":      {sameCustomerSQL, []string{"vault_customers_pkey"}},
		"methods":    {deleteMethodsSQL, []string{"vault_methods_pkey"}},
		"last":       {lastCustomerSQL, []string{"vault_lives_pkey"}},
		"change":     {updateCustomerSQL, []string{"vault_customers_pkey"}},
		"operation":  {vaultOperationSQL, []string{"vault_operations_pkey"}},
		"operations": {dueVaultOperationsSQL, []string{"vault_operations_due"}},
	} {
		steps := planInPostgres(t, l, "asked_"+name, test.query)
		for _, index := range test.indexes {
			if strings.Contains(steps, "Seq Scan") || !strings.Contains(steps, index) {
				t.Errorf("%s is carried out as\n%s\nwithout %s alone", name, steps, index)
			}
		}
	}
}

func TestCustomersComeInTheOrderOfTheirIndex(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	if steps := plan(t, l, customersSQL); strings.Contains(steps, "TEMP B-TREE") {
		t.Errorf("a merchant's customers are sorted:\n%s", steps)
	}
}

func TestAMonthThatIsNoneNeverExpires(t *testing.T) {
	for _, test := range []struct {
		month, year string
		want        int
	}{
		{"12", "2030", 203012}, {"01", "2027", 202701}, {"1", "2027", 202701}, {"", "2027", 0}, {"12", "", 0},
		{"13", "2030", 0}, {"00", "2030", 0}, {"12", "30", 0}, {"12", "20301", 0}, {"XX", "XXXX", 0},
	} {
		if got := monthOf(gateway.CardSummary{ExpirationMonth: test.month, ExpirationYear: test.year}); got != test.want {
			t.Errorf("%q/%q is %d, want %d", test.month, test.year, got, test.want)
		}
	}
}
