package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"paytrace-gateway/gateway"
)

const (
	defaultMaxConnections     = 64
	defaultMaxLookConnections = 8
	maxClients                = 100
	maxDiscretionary          = 20 // a payment's metadata has no more
)

// merchant reads one merchant.
func (o object) merchant() Merchant {
	live := read(o, "liveMode", truth, false)
	id := o.unique("id", merchantID, o.r.merchantIDs)
	o.r.merchantID, o.r.liveMode = id, live
	return Merchant{
		ID:              id,
		LiveMode:        live,
		Currency:        read(o, "currency", currency, "USD"),
		TimeZone:        read(o, "timeZone", zone, pacificZone()),
		TellUnmatched:   read(o, "tellUnmatched", truth, false),
		VerifyCards:     read(o, "verifyCards", truth, false),
		RawCards:        o.raw("rawCards", "card numbers are taken"),
		RawBankAccounts: o.raw("rawBankAccounts", "numbers of bank accounts are taken"),
		ACH:             o.ach(),
		PayTrace:        o.paytrace(live),
		Clients:         o.clients(live),
		Callbacks:       o.callbacks(live),
	}
}

func pacificZone() Zone {
	z, _ := parseZone(pacific) // embedded, so it is always there
	return z
}

// unique reads an id and refuses one that has been seen before; seen says where.
func (o object) unique(name string, k kind[string], seen map[string]string) string {
	id := require(o, name, k)
	if first, twice := seen[id]; twice && id != "" {
		o.fault(name, fmt.Sprintf("is the id of %s too; ids have to be unique in the whole file", first))
	} else {
		seen[id] = o.path
	}
	return id
}

func (o object) paytrace(live bool) PayTrace {
	p := o.child("paytrace", "paytrace")
	if !o.has("paytrace") {
		o.fault("paytrace", "is missing; expected baseURL, username, password and integratorID")
		return PayTrace{}
	}
	account := PayTrace{
		BaseURL:             require(p, "baseURL", baseURL),
		Username:            require(p, "username", username),
		Password:            p.requiredCredential("password", fitsPassword(live), false),
		IntegratorID:        require(p, "integratorID", integrator),
		CallDeadline:        read(p, "callDeadline", between(10*time.Second, 120*time.Second), gateway.DefaultCallDeadline),
		SendWindow:          read(p, "sendWindow", between(time.Second, 30*time.Second), gateway.DefaultSendWindow),
		ReferenceField:      read(p, "referenceField", referenceField, "customer_reference_id"),
		InvoiceSuffix:       read(p, "invoiceSuffix", truth, false),
		ApprovedAmountField: read(p, "approvedAmountField", answerField, ""),
		BalanceField:        read(p, "balanceField", answerField, "discretionary_data.BALANCEAMOUNT"),
		ExportTimeZone:      read(p, "exportTimeZone", zone, pacificZone()),
		ExportRowCap:        read(p, "exportRowCap", number(0, 1_000_000), 0),
		HostedFieldsScript:  read(p, "hostedFieldsScript", scriptURL, ""),
		MaxConnections:      read(p, "maxConnections", number(1, 10_000), defaultMaxConnections),
		MaxLookConnections:  read(p, "maxLookConnections", number(1, 64), defaultMaxLookConnections),
		RateLimit:           read(p, "rateLimit", number(0, 1000), 0),
		WatchEvery:          read(p, "watchEvery", between(time.Minute, 24*time.Hour), gateway.DefaultWatchEvery),
		WatchDays:           read(p, "watchDays", number(1, 31), gateway.DefaultWatchDays),
		CheckVaultEvery:     read(p, "checkVaultEvery", between(10*time.Minute, 30*24*time.Hour), gateway.DefaultCheckVaultEvery),
		DiscretionaryData:   p.discretionaryData(),
	}
	if account.CallDeadline > 0 && account.CallDeadline <= account.SendWindow {
		p.fault("callDeadline", "has to be longer than sendWindow, or a request sent late gets no time for its answer")
	}
	p.judgeAccount(account, live)
	return account
}

func (o object) discretionaryData() map[string]string {
	path := join(o.path, "discretionaryData")
	entries := o.r.entries(o.members["discretionaryData"], path, func(string) string { return "" })
	if len(entries) > maxDiscretionary {
		o.fault("discretionaryData", fmt.Sprintf("expected at most %d names", maxDiscretionary))
	}
	names := object{r: o.r, path: path, members: entries}
	data, taken := map[string]string{}, map[string]string{}
	for _, ours := range slices.Sorted(maps.Keys(entries)) {
		theirs := require(names, ours, theirName)
		if first, twice := taken[theirs]; twice && theirs != "" {
			names.fault(ours, fmt.Sprintf("goes to the same name at PayTrace as %s", first))
		}
		taken[theirs], data[ours] = ours, theirs
	}
	return data
}
