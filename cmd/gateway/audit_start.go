package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// startsLookedAt bounds how far back the record of the start before is looked
// for. One that is older is written again.
const startsLookedAt = 1000

// recordStart writes down with which configuration the gateway is started, when
// it is another one than at the last start: also a program that is restarted all
// the time does not fill the trail.
func (a *app) recordStart(ctx context.Context) error {
	key, err := gatewaySecret(a.cfg, auditKey)
	if err != nil {
		return err
	}
	now := configurationParts(a.cfg, key)
	now["version"] = version
	before, err := lastStart(ctx, a.ledger)
	if err != nil {
		return err
	}
	changed := changedParts(before, now)
	if len(changed) == 0 {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	now["changed"] = strings.Join(changed, " ")
	return a.ledger.Audit(ctx, gateway.AuditRecord{
		At: time.Now(), Actor: gateway.Actor{Person: userName()}, Action: gateway.AuditConfigurationStarted,
		Subject: gateway.AuditSubject{Kind: "configuration", ID: host}, Details: now,
	})
}

// configurationParts are the members of the configuration, as `gateway config
// show` prints them, each as a keyed hash: the trail says which of them has
// changed, and never to what.
func configurationParts(cfg *config.Config, key []byte) map[string]string {
	parts, member := map[string]string{}, ""
	for line := range strings.Lines(cfg.Redacted()) {
		if strings.HasPrefix(line, "#") {
			continue // what show says of the settings that are not there
		}
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "-") {
			member = name
		}
		parts[member] += line
	}
	for name, text := range parts {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "configuration\n%s\n%s", name, text)
		parts[name] = base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:9])
	}
	return parts
}

func lastStart(ctx context.Context, trail gateway.AuditTrail) (map[string]string, error) {
	for before, seen := int64(0), 0; seen < startsLookedAt; {
		page, err := trail.LatestAuditEntries(ctx, before, auditPage)
		if err != nil || len(page) == 0 {
			return nil, err
		}
		for _, e := range page {
			// One that cannot be read is told by a verification.
			if r, _, err := e.Record(); err == nil && r.Action == gateway.AuditConfigurationStarted {
				return r.Details, nil
			}
			before = e.Sequence
			seen++
		}
	}
	return nil, nil
}

// changedParts are the names of what is other than before, in order. At the
// first start that is all.
func changedParts(before, now map[string]string) []string {
	names := map[string]bool{}
	for name := range now {
		names[name] = names[name] || before[name] != now[name]
	}
	for name := range before {
		if _, there := now[name]; !there && name != "changed" {
			names[name] = true
		}
	}
	maps.DeleteFunc(names, func(_ string, changed bool) bool { return !changed })
	return slices.Sorted(maps.Keys(names))
}
