package main

import (
	"time"

	"paytrace-gateway/adapters/erp"
	"paytrace-gateway/api"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// fileEvery is how often it asks whether a settlement day is over.
const fileEvery = time.Minute

// filerOf is nil where nobody wants files. The table comes last, since who imports
// something waits for it.
func filerOf(cfg *config.Config) gateway.SettlementFiler {
	if cfg.SettlementFolder == "" {
		return nil
	}
	return settlementFolder(cfg)
}

func settlementFolder(cfg *config.Config) erp.Folder {
	return erp.Folder{Path: cfg.SettlementFolder, Forms: []erp.Form{
		{Extension: "json", Render: api.SettlementJSON},
		{Extension: "csv", Render: api.SettlementTable},
	}}
}

// examineSettlementFolder says whether settlement files could be written.
func examineSettlementFolder(cfg *config.Config) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: "settlement files", Found: "can be written in " + cfg.SettlementFolder}
	if err := settlementFolder(cfg).Examine(); err != nil {
		f.Grade, f.Found = gateway.Broken, err.Error()
		f.Mend = "the gateway writes no settlement file until this is mended, then all that are missing; it takes payments all the same"
	}
	return f
}
