package leakhunt

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"paytrace-gateway/adapters/magento/magentotest"
)

func placing(order string) magentotest.Placing {
	return magentotest.Placing{IncrementID: order, Items: []magentotest.Item{{SKU: "thing", Qty: 1, Price: 1999}}}
}

var deliveryIDs = regexp.MustCompile(`dlv_[0-9a-z]{26}`)

// deliveries are the ids of what was told, or is to be.
func (w *town) deliveries(filter string) []string {
	w.t.Helper()
	r := w.send(call{method: http.MethodGet, path: "/api/v1/callbacks?pageSize=25" + filter})
	ids := deliveryIDs.FindAllString(string(r.body), -1)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// ofConfiguration are the commands that want to know whose gateway they are for.
var ofConfiguration = []string{
	"archive", "attention", "audit", "callbacks", "customers", "doctor", "keys", "mapping", "operators", "secrets", "unmatched",
}

// commandsWithCards gives cards and secrets to the commands, as arguments and in
// files. What a shell remembers of them is not ours.
func (w *town) commandsWithCards() {
	w.t.Helper()
	card := func(where string) string { return w.cage.Card("command, " + where) }
	for _, line := range [][]string{
		{"%s"}, {"--%s"}, {"serve", "%s"}, {"health", "--address", "%s"}, {"health", "--address", "http://user:%s@127.0.0.1:1"},
		{"config", "%s"}, {"config", "check", "--config", "%s"}, {"doctor", "--merchant", "%s"}, {"doctor", "%s"},
		{"callbacks", "%s"}, {"callbacks", "list", "--status", "%s"}, {"callbacks", "list", "--subscriber", "%s"},
		{"callbacks", "list", "--payment", "%s"}, {"callbacks", "list", "--from", "%s"}, {"callbacks", "show", "%s"},
		{"callbacks", "replay", "%s"}, {"callbacks", "replay", "dlv_1", "--by", "%s"}, {"callbacks", "skip", "%s", "--note", "x"},
		{"callbacks", "skip", "dlv_1", "--note", "%s"}, {"callbacks", "enable", "%s"}, {"callbacks", "enable", "erp", "--by", "%s"},
		{"attention", "%s"}, {"attention", "show", "%s"}, {"attention", "resolve", "%s", "--seen"},
		{"attention", "resolve", "pay_1", "--seen", "--note", "%s"}, {"attention", "resolve", "pay_1", "--done", "--transaction", "%s"},
		{"attention", "return", "%s", "--code", "R01"}, {"attention", "return", "chk_1", "--code", "%s"}, {"attention", "return", "chk_1", "--code", "R01", "--returned-at", "%s"},
		{"attention", "return", "chk_1", "--code", "R01", "--note", "%s"}, {"attention", "return", "chk_1", "--code", "R01", "--by", "%s"},
		{"attention", "resolve", "pay_1", "--seen", "--operation", "%s"}, {"attention", "resolve", "pay_1", "--seen", "--by", "%s"},
		{"unmatched", "--merchant", "%s"}, {"mapping", "test", "--merchant", "%s"}, {"mapping", "test", "--event", "%s"},
		{"mapping", "test", "--payment", "%s"}, {"archive", "%s"}, {"archive", "show", "%s"}, {"archive", "run", "--%s"}, {"version", "%s"}, {"demo", "--%s"},
		{"audit", "%s"}, {"audit", "verify", "--against", "%s"}, {"customers", "%s"}, {"customers", "erase", "%s"}, {"customers", "erase", "c1", "--by", "%s"},
		{"keys", "%s"}, {"keys", "retire", "%s"}, {"keys", "rotate", "--by", "%s"}, {"operators", "%s"}, {"operators", "add", "%s", "--role", "viewer"},
		{"operators", "role", "ada", "--role", "%s"}, {"operators", "add", "ada", "--role", "viewer", "--by", "%s"}, {"secrets", "%s"},
		{"secrets", "remove", "%s"}, {"secrets", "rotate", "%s", "--finish"}, {"secrets", "set", "a", "--file", "%s"},
	} {
		args := slices.Clone(line)
		where := strings.Join(line, " ")
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "%s", card(where))
		}
		if !slices.Contains(args, "--config") && slices.Contains(ofConfiguration, line[0]) {
			args = append(args, "--config", w.config)
		}
		w.operate(args...)
	}
	w.filesWithCards(card)
}

// filesWithCards gives the commands configurations with a secret, or a card,
// where none may stand, and a payment to be mapped that holds one.
func (w *town) filesWithCards(card func(string) string) {
	w.t.Helper()
	content, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.t.TempDir(), "gateway.yaml")
	misplaced := w.cage.Keep("a secret in the clear", random())
	for _, change := range [][2]string{
		{"${HUNT_PAYTRACE}", misplaced}, {"${HUNT_SHOP}", misplaced}, {"${HUNT_ORG}", misplaced}, {"${HUNT_ERP}", "whsec_" + misplaced},
		{"${HUNT_CONSUMER_SECRET}", misplaced}, {"\"${HUNT_COLLECTOR}\"", misplaced}, {"\"${HUNT_REDIS}\"", "redis://user:" + misplaced + "@127.0.0.1:1/x"},
		{"id: main", "id: " + card("a merchant")}, {"watchEvery: 1m", "watchEvery: " + card("a duration")}, {"level: debug", "level: " + card("a level")},
		{"publicURL: http", card("a name in the file") + ": http"}, {"dataDir: data", "dataDir: {" + card("a broken file")},
		{"${HUNT_SHOP}", "${" + card("a variable") + "}"}, {"${HUNT_SHOP}", "{file: " + card("a file") + "}"},
		{"username: simulator@paytrace.test", "username: ${HUNT_PAYTRACE}x${HUNT_NONE}"},
		{"id: shop", "id: ${HUNT_SHOP}"}, {"name: erp", "name: ${HUNT_ERP}"}, {"way: core", "way: ${HUNT_ACCESS_TOKEN}"},
	} {
		w.write(path, strings.Replace(string(content), change[0], change[1], 1))
		for _, args := range [][]string{{"config", "check"}, {"config", "show"}} {
			w.operate(append(args, "--config", path)...)
		}
	}
	file := filepath.Join(w.t.TempDir(), "payment.json")
	for _, text := range []string{`{"paymentId":"Q","orderId":"Q","metadata":{"note":"Q"}}`, `{"Q":1}`, `{"orderId":"Q`, `Q`} {
		w.write(file, strings.ReplaceAll(text, "Q", card("a payment to be mapped: "+text)))
		w.operate("mapping", "test", "--payment", file, "--config", w.config)
	}
}

// commands has an operator look at everything there is, and says how many
// letters are dead.
func (w *town) commands() int {
	w.t.Helper()
	with := []string{"--config", w.config}
	for _, args := range [][]string{
		{"config", "check"}, {"config", "show"}, {"doctor"}, {"health"}, {"mapping", "test"},
		{"callbacks", "list", "--status", "all"}, {"callbacks", "subscribers"}, {"attention", "list"}, {"unmatched"}, {"clients", "list"},
		{"audit", "list"}, {"audit", "export"}, {"audit", "verify"}, {"keys", "list"}, {"operators", "list"}, {"secrets", "list"},
	} {
		w.operate(append(args, with...)...)
	}
	ids := w.deliveries("")
	for _, id := range ids[:min(len(ids), 6)] {
		w.operate(append([]string{"callbacks", "show", id}, with...)...)
	}
	dead := w.deliveries("&deliveryStatus=dead")
	w.operate(append([]string{"callbacks", "list", "--status", "dead"}, with...)...)
	for _, id := range dead[:min(len(dead), 6)] {
		w.operate(append([]string{"callbacks", "show", id}, with...)...)
	}
	return len(dead)
}
