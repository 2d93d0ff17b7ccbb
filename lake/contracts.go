package lake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"laborwatch/messages"
)

// ContractText is a contract as it was when loads were made by it.
type ContractText struct {
	// Fingerprint is that of Load.Contract; loads of one fingerprint share a text.
	Fingerprint string
	Feed        string
	Version     int
	// YAML is the contract's file, but for resident IDs given as examples.
	YAML string
	// Regions are the divisions that rows were checked against, joined by
	// commas, "" where they were not.
	Regions string
	// KeptAt is when the text was first kept.
	KeptAt time.Time
}

const contractSchema = `CREATE TABLE IF NOT EXISTS state.main.contracts (
	fingerprint VARCHAR PRIMARY KEY, feed VARCHAR NOT NULL, version INTEGER NOT NULL, body VARCHAR NOT NULL, regions VARCHAR NOT NULL, kept_at TIMESTAMP NOT NULL)`

// keepContract keeps a text unless there is one of its fingerprint. A text that
// no load was made by is not kept.
func keepContract(ctx context.Context, db execer, c ContractText, now time.Time) error {
	if c.YAML == "" || c.Fingerprint == "" {
		return nil
	}
	_, err := db.ExecContext(ctx, `INSERT INTO state.main.contracts SELECT $1, $2, $3, $4, $5, $6
		WHERE EXISTS (SELECT 1 FROM state.main.loads WHERE contract = $1) ON CONFLICT DO NOTHING`, c.Fingerprint, c.Feed, c.Version, c.YAML, c.Regions, now)
	return err
}

// KeepContracts keeps the texts of contracts by which the ledger has loads,
// made before their text was kept with them.
func (l *Lake) KeepContracts(ctx context.Context, list []ContractText) error {
	if l.reader {
		return nil
	}
	for _, c := range list {
		if err := keepContract(ctx, l.eng.DB(), c, l.now()); err != nil {
			return fmt.Errorf("ledger: contracts: %w", err)
		}
	}
	return nil
}

// ContractTexts lists the kept contracts whose fingerprint begins so, of a feed
// ("" for all) and a version (0 for all), the latest kept last.
func (l *Lake) ContractTexts(ctx context.Context, fingerprint, feed string, version int) ([]ContractText, error) {
	rows, err := l.eng.DB().QueryContext(ctx, `SELECT fingerprint, feed, version, body, regions, kept_at FROM state.main.contracts
		WHERE starts_with(fingerprint, $1) AND ($2 = '' OR feed = $2) AND ($3 = 0 OR version = $3) ORDER BY feed, version, kept_at, fingerprint`, fingerprint, feed, version)
	if err != nil {
		return nil, fmt.Errorf("ledger: contracts: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []ContractText
	for rows.Next() {
		var c ContractText
		if err := rows.Scan(&c.Fingerprint, &c.Feed, &c.Version, &c.YAML, &c.Regions, &c.KeptAt); err != nil {
			return nil, fmt.Errorf("ledger: contracts: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// ContractText gives the one contract that ContractTexts finds; none and
// several are errors that say what there is.
func (l *Lake) ContractText(ctx context.Context, fingerprint, feed string, version int) (ContractText, error) {
	found, err := l.ContractTexts(ctx, fingerprint, feed, version)
	switch {
	case err != nil:
		return ContractText{}, err
	case len(found) == 0:
		return ContractText{}, errors.New(messages.Both("ledger.contract.none"))
	case len(found) > 1:
		var prints []string
		for _, c := range found {
			prints = append(prints, fmt.Sprintf("%s (%s v%d)", c.Fingerprint[:min(12, len(c.Fingerprint))], c.Feed, c.Version))
		}
		return ContractText{}, errors.New(messages.Both("ledger.contract.many", len(found), strings.Join(prints, ", ")))
	}
	return found[0], nil
}
