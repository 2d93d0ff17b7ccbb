package app

import (
	"fmt"
	"os"
	"path/filepath"

	"laborwatch/config"
	"laborwatch/ingest"
)

// ContractsOf gives the contracts of a configuration, without a data folder.
func ContractsOf(c *config.Config) (ingest.Contracts, error) { return contracts(c) }

// ContractSource gives the YAML of a feed's contract: the one in the
// configuration's folder, else the one that ships.
func ContractSource(c *config.Config, feed string) ([]byte, error) {
	if dir := c.Ingest.Contracts; dir != "" {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("contracts: %w", err)
		}
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
				continue
			}
			path := filepath.Join(dir, e.Name())
			b, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			if x, err := ingest.ParseContract(path, b); err == nil && x.Feed == feed {
				return b, nil
			}
		}
	}
	return ingest.EmbeddedContract(feed)
}
