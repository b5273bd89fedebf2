package sealing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"paytrace-gateway/gateway"
)

// What a person does to secrets by command.

// Act is what is done.
type Act string

// The acts.
const (
	// Set gives secrets their first value.
	Set Act = "set"
	// Rotate gives them a newer one.
	Rotate Act = "rotate"
	// Finish ends the value before.
	Finish Act = "finish"
	Remove Act = "remove"
	// Reseal seals all that a merchant has under the first of the keys.
	Reseal Act = "reseal"
)

// Acts are all of them.
func Acts() []Act { return []Act{Set, Rotate, Finish, Remove, Reseal} }

// Drawn is a value that was sealed by whoever has it. Number is one above that
// of the secret's last.
type Drawn struct {
	Name   string
	Number int64
	Sealed []byte
}

// Change is one act on some secrets of a merchant: on all of them or none.
type Change struct {
	Act        Act
	MerchantID string
	LiveMode   bool
	// Secrets are those that it is done to, none for Reseal. Only Set and Rotate
	// have values.
	Secrets []Drawn
	// KeyID names the key that the values are sealed under.
	KeyID string
	// OldFor is how long the values before stay in use, where they overlap.
	OldFor time.Duration
	By     gateway.Actor
}

// Known is a secret as a person sees it.
type Known struct {
	gateway.SealedSecret
	// UsedAt are the places in the configuration.
	UsedAt []string
	// Current says that all its values are sealed under the first of the keys.
	Current bool
}

// CurrentKey names the key that seals, and is empty where there is none.
func (k *Keeper) CurrentKey() string {
	if len(k.Keys) == 0 {
		return ""
	}
	return k.Keys[0].id
}

// List is what a merchant has, and had. What cannot be read is left out, as the
// log tells.
func (k *Keeper) List(ctx context.Context, merchantID string, liveMode bool) ([]Known, error) {
	list, _, err := k.list(ctx, merchantID, liveMode)
	return list, err
}

// list gives also what cannot be read, by name and why.
func (k *Keeper) list(ctx context.Context, merchantID string, liveMode bool) (list []Known, unread map[string]error, err error) {
	all, bad, err := k.stored(ctx)
	if err != nil {
		return nil, nil, gateway.LedgerFailed(err)
	}
	unread = map[string]error{}
	for _, one := range bad {
		if one.MerchantID == merchantID && one.LiveMode == liveMode {
			unread[one.ID] = one.Err
		}
	}
	for _, s := range all {
		if s.MerchantID == merchantID && s.LiveMode == liveMode {
			list = append(list, k.known(s))
		}
	}
	return list, unread, nil
}

func (k *Keeper) known(s gateway.SealedSecret) Known {
	known := Known{SealedSecret: s, Current: true}
	for _, u := range k.uses(refOf(s)) {
		known.UsedAt = append(known.UsedAt, u.Path)
	}
	for _, v := range s.Values {
		known.Current = known.Current && v.KeyID == k.CurrentKey()
	}
	return known
}

func (k *Keeper) uses(r ref) []Use {
	return slices.DeleteFunc(slices.Clone(k.Uses), func(u Use) bool { return u.ref() != r })
}

// Make makes the change, for good when it returns, and has it used here at once.
func (k *Keeper) Make(ctx context.Context, c Change) ([]Known, error) {
	if len(k.Keys) == 0 {
		return nil, refuse(gateway.CodeNoSealingKey, "the gateway has no sealing key; set sealing.key in the configuration and start it again")
	}
	kept, unread, err := k.list(ctx, c.MerchantID, c.LiveMode)
	if err != nil {
		return nil, err
	}
	if err := c.touches(unread); err != nil {
		return nil, err
	}
	var after []gateway.SealedSecret
	if c.Act == Reseal {
		after, err = k.reseal(kept)
	} else {
		after, err = k.decideAll(c, kept)
	}
	if err != nil {
		return nil, err
	}
	if err := k.save(ctx, after, k.records(c, after)); err != nil {
		return nil, err
	}
	var known []Known
	for _, s := range after {
		known = append(known, k.known(s))
	}
	return known, nil
}

// touches refuses a change of what cannot be read: it would be taken for a secret
// that was never set, or for one that is under the newest key.
func (c Change) touches(unread map[string]error) error {
	for _, name := range slices.Sorted(maps.Keys(unread)) {
		named := slices.ContainsFunc(c.Secrets, func(d Drawn) bool { return d.Name == name })
		if named || c.Act == Reseal {
			return refuse(codeInvalidRequest, "%s cannot be changed: %s; seal it under another name, and name that in the configuration", name, unread[name])
		}
	}
	return nil
}

func (k *Keeper) decideAll(c Change, kept []Known) (after []gateway.SealedSecret, err error) {
	set := 0
	for _, s := range kept {
		if len(s.Values) > 0 {
			set++
		}
	}
	for _, drawn := range c.Secrets {
		before := gateway.SealedSecret{MerchantID: c.MerchantID, LiveMode: c.LiveMode, Name: drawn.Name}
		for _, s := range kept {
			if s.Name == drawn.Name {
				before = s.SealedSecret
			}
		}
		if c.Act == Set {
			set++
		}
		if set > MaxKept {
			return nil, refuse(gateway.CodeTooManySecrets, "the merchant has as many secrets as it may have; remove those that are not used")
		}
		decided, err := k.decide(c, before, drawn)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(after, func(s gateway.SealedSecret) bool { return s.Name == drawn.Name }) {
			return nil, refuse(codeInvalidRequest, "%s stands twice", drawn.Name)
		}
		after = append(after, decided)
	}
	// Two gateways that change the same secrets take them in one order.
	slices.SortFunc(after, func(a, b gateway.SealedSecret) int { return strings.Compare(a.Name, b.Name) })
	return after, nil
}

func (k *Keeper) decide(c Change, before gateway.SealedSecret, drawn Drawn) (gateway.SealedSecret, error) {
	now := k.Now().UTC()
	used := k.uses(refOf(before))
	switch c.Act {
	case Finish:
		return before.FinishRotation(now)
	case Remove:
		if len(used) > 0 {
			return gateway.SealedSecret{}, refuse(gateway.CodeSecretInUse, "%s is used as %s; take it out of the configuration and start the gateway again first", before.Name, used[0].Path)
		}
		return before.Remove(c.By.String(), now)
	}
	text, err := k.Keys.Open(placeOf(before, drawn.Number), c.KeyID, drawn.Sealed)
	if err != nil {
		return gateway.SealedSecret{}, refuse(codeInvalidRequest, "the value of %s cannot be opened: %s", before.Name, err)
	}
	if fault := Unfit(text); fault != "" {
		return gateway.SealedSecret{}, refuse(codeInvalidRequest, "%s: %s", before.Name, fault)
	}
	overlaps := false
	for _, u := range used {
		if fault := u.Fits(text); fault != "" {
			return gateway.SealedSecret{}, refuse(codeInvalidRequest, "%s, which is used as %s: %s", before.Name, u.Path, fault)
		}
		overlaps = overlaps || u.Overlaps
	}
	v := gateway.SealedValue{Number: drawn.Number, KeyID: c.KeyID, Sealed: drawn.Sealed, SetAt: now, SetBy: c.By.String()}
	if c.Act == Set {
		return before.Set(v)
	}
	oldUntil := now
	if overlaps {
		oldUntil = now.Add(c.OldFor)
	}
	return before.Rotate(v, now, oldUntil)
}

// reseal leaves alone what is sealed under the first key already.
func (k *Keeper) reseal(kept []Known) (after []gateway.SealedSecret, err error) {
	for _, s := range kept {
		if s.Current || len(s.Values) == 0 {
			continue
		}
		values, err := k.open(s.SealedSecret)
		if err != nil {
			return nil, refuse(codeInvalidRequest, "%s cannot be opened: %s", s.Name, err)
		}
		s.Values = slices.Clone(s.Values)
		for i := range s.Values {
			v := &s.Values[i]
			if v.KeyID, v.Sealed, err = k.Keys.Seal(placeOf(s.SealedSecret, v.Number), values[i].text); err != nil {
				return nil, fmt.Errorf("sealing %s: %w", s.Name, err)
			}
		}
		s.Version++
		after = append(after, s.SealedSecret)
	}
	return after, nil
}

// actions are how the audit trail names the acts.
var actions = map[Act]gateway.AuditAction{
	Set: gateway.AuditSecretSet, Rotate: gateway.AuditSecretRotated, Finish: gateway.AuditSecretRotationFinished,
	Remove: gateway.AuditSecretRemoved, Reseal: gateway.AuditSecretResealed,
}

// records are those of a decision, one for each secret and without its values.
func (k *Keeper) records(c Change, after []gateway.SealedSecret) (all []gateway.AuditRecord) {
	for _, s := range after {
		r := gateway.AuditRecord{
			At: k.Now(), Actor: c.By, Action: actions[c.Act], MerchantID: s.MerchantID, LiveMode: s.LiveMode,
			Subject: gateway.AuditSubject{Kind: "secret", ID: s.Name},
		}
		if len(s.Values) > 0 && c.Act != Finish {
			r.Details = map[string]string{"number": strconv.FormatInt(s.LastNumber, 10), "masterKey": s.Values[len(s.Values)-1].KeyID}
		}
		if c.Act == Rotate && len(s.Values) > 1 {
			r.Details["oldValueUntil"] = s.Values[0].Until.UTC().Format(time.RFC3339)
		}
		all = append(all, r)
	}
	return all
}

// save writes the secrets, and has them used here at once.
func (k *Keeper) save(ctx context.Context, all []gateway.SealedSecret, records []gateway.AuditRecord) error {
	if len(all) == 0 {
		return nil
	}
	err := k.Store.SaveSealedSecrets(ctx, all, records)
	switch {
	case errors.Is(err, gateway.ErrStale):
		return &gateway.Error{Code: gateway.CodeInProgress, Message: "somebody else has just changed one of the secrets; look at them, then try again", Retryable: true}
	case err != nil:
		return gateway.LedgerFailed(err)
	}
	// They are kept whatever comes of this; Run reads them again.
	k.follow(ctx)
	return nil
}

// maxValue bounds a value in bytes. A private key of 4096 bits has some 3300.
const maxValue = 16 << 10

// Unfit says why a text cannot be a secret in any place, or nothing.
func Unfit(text string) string {
	switch {
	case text == "":
		return "the value is empty"
	case len(text) > maxValue:
		return fmt.Sprintf("the value has more than %d bytes", maxValue)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return "the value is no plain text; write binary data as hex or base64"
	case strings.TrimSpace(text) != text:
		return "the value begins or ends with a blank; remove it"
	}
	return ""
}

// codeInvalidRequest is package api's.
const codeInvalidRequest gateway.Code = "invalid_request"

func refuse(code gateway.Code, format string, args ...any) *gateway.Error {
	return &gateway.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
