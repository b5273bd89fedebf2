package config

import (
	"path/filepath"
	"strings"
	"testing"
)

const goodTLS = "tlsListener: {listen: ':8444', certFile: own.pem, keyFile: own-key.pem, caFile: own.pem}\n"

// boundClient is the minimal file, whose client has a certificate of its own.
func boundClient(t *testing.T, file string) string {
	t.Helper()
	return replaced(t, "- id: magento", "- id: magento\n        tlsCertificates: [{file: "+file+"}]")
}

func TestAClientIsBoundToACertificateWhereThereIsAListenerForIt(t *testing.T) {
	w := tlsWorld(t)
	c := w.mustParse(t, goodTLS+boundClient(t, "own.pem"))
	client := c.Merchants[0].Clients[0]
	if c.Mutual == nil || c.Mutual.Listen != ":8444" || filepath.ToSlash(c.Mutual.CAFile) != "etc/own.pem" || len(client.TLSCertificates) != 1 {
		t.Errorf("got %+v, %+v", c.Mutual, client)
	}
	if c := w.mustParse(t, minimal); c.Mutual != nil || c.Merchants[0].Clients[0].TLSCertificates != nil {
		t.Errorf("by default: %+v", c.Mutual)
	}
	for name, row := range map[string]struct{ text, want string }{
		"no listener":         {boundClient(t, "own.pem"), "tlsCertificates: there is no tlsListener"},
		"no certificate":      {goodTLS + boundClient(t, "own-key.pem"), "holds no certificate in PEM form"},
		"no authorities":      {"tlsListener: {listen: ':8444', certFile: own.pem, keyFile: own-key.pem}\n" + minimal, "tlsListener.caFile: is missing"},
		"no own certificate":  {"tlsListener: {listen: ':8444', caFile: own.pem}\n" + minimal, "tlsListener.certFile: is missing"},
		"half of its own":     {"tlsListener: {listen: ':8444', caFile: own.pem, keyFile: own-key.pem}\n" + minimal, "tlsListener.keyFile: stands without certFile"},
		"a key open to all":   {strings.Replace(goodTLS, "own-key.pem", "open-key.pem", 1) + minimal, "is open to everyone"},
		"the public address":  {strings.Replace(goodTLS, ":8444", "127.0.0.1:8080", 1) + minimal, "tlsListener.listen: is the address of another listener"},
		"a member of another": {strings.Replace(goodTLS, "caFile", "serverName: x, caFile", 1) + minimal, "tlsListener.serverName: is not known here"},
	} {
		if _, err := w.parse(row.text); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}
