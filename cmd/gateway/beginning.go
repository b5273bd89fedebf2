package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/cmd/gateway/config"
)

// loadWhole reads the configuration, and has everyone whom it is for judge their
// part, so that a file that passes is one that a gateway starts with. Nobody is
// called.
func loadWhole(path string) (*config.Config, error) {
	cfg, err := config.Load(path, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	// A sealed secret is in the ledger, which a check does without.
	cfg.Unseal(standIns(cfg))
	defer cfg.Unseal(nil)
	var faults []config.Fault
	for i, m := range cfg.Merchants {
		faults = append(faults, faultsOfMerchant(cfg, m, fmt.Sprintf("merchants[%d]", i))...)
	}
	if cfg.Redis.Enabled() {
		if _, err := redisConfig(cfg.Redis); err != nil {
			faults = append(faults, cfg.FaultsOf("redis", err)...)
		}
	}
	return cfg, config.NewFaults(faults)
}

// faultsOfMerchant begins what a start begins.
func faultsOfMerchant(cfg *config.Config, m config.Merchant, path string) (faults []config.Fault) {
	if _, err := paytrace.New(clientConfig(m, slog.New(slog.DiscardHandler))); err != nil {
		faults = append(faults, cfg.FaultsOf(path+".paytrace", err)...)
	}
	for _, c := range callbacksOf(m) {
		sink, err := c.open()
		if err != nil {
			faults = append(faults, cfg.FaultsOf(path+".callbacks."+c.setting, err)...)
			continue
		}
		sink.Close()
	}
	return faults
}

// standIns give each sealed secret a value that fits its places, and is none.
func standIns(cfg *config.Config) config.Values {
	values := map[string]string{}
	for _, s := range cfg.Sealed {
		values[s.MerchantID+" "+s.Name] = standIn(s.Fits)
	}
	return func(merchantID string, _ bool, name string) (newest, before string) {
		return values[merchantID+" "+name], ""
	}
}

func standIn(fits func(string) string) string {
	for _, value := range []string{"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32)), strings.Repeat("0", 32)} {
		if fits(value) == "" {
			return value
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}
