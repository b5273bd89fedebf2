package config

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"paytrace-gateway/gateway"
)

// Retention says when what is finished leaves the ledger. 0 days are never.
type Retention struct {
	// ArchiveAfterDays is how long a finished payment has not changed when it
	// leaves for a file in ArchiveFolder.
	ArchiveAfterDays int    `yaml:"archiveAfterDays"`
	ArchiveFolder    string `yaml:"archiveFolder"`
	// ForgetAfterDays is how long ago everything of a payment was told when the
	// events and deliveries go.
	ForgetAfterDays int `yaml:"forgetAfterDays"`
}

const day = 24 * time.Hour

// Rules are what the gateway goes by.
func (r Retention) Rules() gateway.RetentionRules {
	return gateway.RetentionRules{
		ArchiveAfter: time.Duration(r.ArchiveAfterDays) * day, ForgetAfter: time.Duration(r.ForgetAfterDays) * day,
	}
}

// retentionAtMost is ten years.
const retentionAtMost = 3650

// retention leaves everything in the ledger unless somebody says otherwise: files
// that nobody knows of are files that nobody saves.
func (o object) retention(c *Config) Retention {
	r := o.child("retention", "retention")
	retention := Retention{
		ArchiveAfterDays: read(r, "archiveAfterDays", days(gateway.MinArchiveAfter), 0),
		ArchiveFolder:    r.filePath("archiveFolder", filepath.Join(c.DataDir, "archive")),
		ForgetAfterDays:  read(r, "forgetAfterDays", days(gateway.MinForgetAfter), 0),
	}
	if retention.ArchiveAfterDays > 0 && !c.Ledger.Postgres.IsZero() && !r.has("archiveFolder") {
		r.fault("archiveFolder", "is missing; gateways that share a PostgreSQL ledger have to share the archive: name a folder that all of them see")
	}
	return retention
}

// days are none, or enough of them.
func days(low time.Duration) kind[int] {
	lowest := int(low / day)
	return kind[int]{
		expected: fmt.Sprintf("a whole number of days from %d to %d, or 0 for never", lowest, retentionAtMost),
		parse: func(s string) (int, bool) {
			n, err := strconv.Atoi(s)
			return n, err == nil && (n == 0 || n >= lowest && n <= retentionAtMost)
		},
	}
}
