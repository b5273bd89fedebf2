package auth

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"paytrace-gateway/gateway"
)

// FollowEvery is how often the folder is read: what is changed in it is so in
// every gateway after that time.
const FollowEvery = 5 * time.Second

// bySchedule is who makes and retires keys when nobody else does.
const bySchedule = "schedule"

// Run follows the folder, and makes a new key when it is time, until ctx ends.
func (f *KeyFolder) Run(ctx context.Context) {
	for {
		select {
		case <-time.After(FollowEvery):
			f.Follow(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Follow does once what Run does again and again. Where the folder cannot be
// read, or a file in it is no key, the keys stay as they are.
func (f *KeyFolder) Follow(ctx context.Context) {
	f.mu.Lock()
	before := f.Keys.set.Load()
	set, over, err := f.read()
	if err == nil {
		f.Keys.set.Store(set)
	}
	f.mu.Unlock()
	if f.newly("read", err) {
		f.Log.Warn("keys.not_read", "error", err, "consequence", "the keys stay as they were; a new one is not known here, and none is retired")
	}
	if err != nil {
		return
	}
	f.tell(ctx, before, set)
	f.remove(over)
	f.keepSchedule(set)
}

// tell says what has come and gone.
func (f *KeyFolder) tell(ctx context.Context, before, after *keySet) {
	for _, key := range after.keys {
		if before.public[key.ID] == nil {
			f.Log.Info("key.published", "key", key.ID, "by", key.MadeBy, "signsFrom", key.SignsFrom.UTC())
			f.record(ctx, AuditKeyPublished, key.ID, key.MadeBy, map[string]string{"signsFrom": key.SignsFrom.UTC().Format(time.RFC3339)})
		}
	}
	for _, key := range before.keys {
		if after.public[key.ID] != nil {
			continue
		}
		by := bySchedule
		if at := slices.IndexFunc(after.graves, func(grave SigningKey) bool { return grave.ID == key.ID }); at >= 0 {
			by = after.graves[at].RetiredBy
		}
		f.Log.Info("key.retired", "key", key.ID, "by", by, "signer", after.signer(f.Now()).ID)
		f.record(ctx, AuditKeyRetired, key.ID, by, nil)
	}
}

// The decisions about keys that the audit trail keeps.
const (
	AuditKeyPublished gateway.AuditAction = "signing_key.published"
	AuditKeyRetired   gateway.AuditAction = "signing_key.retired"
)

// recently is how many records are looked at for one that another gateway on the
// folder has just written of the same.
const recently = 50

// record keeps in the audit trail what was done to a key. The command cannot: it
// has no ledger.
func (f *KeyFolder) record(ctx context.Context, action gateway.AuditAction, key, by string, details map[string]string) {
	if f.Trail == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	subject := gateway.AuditSubject{Kind: "signing_key", ID: key}
	latest, err := f.Trail.LatestAuditEntries(ctx, 0, recently)
	if slices.ContainsFunc(latest, func(e gateway.AuditEntry) bool {
		said, _, err := e.Record()
		return err == nil && said.Action == action && said.Subject == subject
	}) {
		return
	}
	actor := gateway.Actor{Person: by}
	if by == bySchedule {
		actor = gateway.Actor{}
	}
	if err == nil {
		err = f.Trail.Audit(ctx, gateway.AuditRecord{At: f.Now().UTC(), Actor: actor, Action: action, Subject: subject, Details: details})
	}
	if err != nil {
		f.Log.Warn("keys.not_recorded", "key", key, "change", string(action), "by", by, "error", err, "consequence", "the audit trail lacks this change; this line has it")
	}
}

// remove takes away the files of keys whose last token has ended. They are not
// used anyhow.
func (f *KeyFolder) remove(over []string) {
	var failed error
	for _, file := range over {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = err
		}
	}
	if f.newly("removed", failed) {
		f.Log.Warn("keys.not_removed", "error", failed, "consequence", "the file of a key that is no longer used stays where it is")
	}
}

// keepSchedule makes a new key when the newest is old enough. Of several gateways
// that find it so, one makes it.
func (f *KeyFolder) keepSchedule(set *keySet) {
	newest := set.keys[len(set.keys)-1]
	if f.Every == 0 || f.Now().Before(newest.MadeAt.Add(f.Every)) || f.Now().Before(newest.SignsFrom) {
		return
	}
	_, err := f.Rotate(bySchedule, PublishFor)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if f.newly("made", err) {
		f.Log.Warn("keys.not_made", "error", err, "consequence", "the key that signs goes on to, though it is older than signingKeyDays")
	}
}

// newly reports that something fails which did not before, so that it is said
// once until it has worked again.
func (f *KeyFolder) newly(what string, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.failing[what]
	f.failing[what] = err != nil
	return err != nil && !before
}
