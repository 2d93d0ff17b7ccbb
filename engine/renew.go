package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// renewPatience bounds how long a running query may keep a warehouse.
const renewPatience = 30 * time.Second

// RenewWarehouse puts an empty warehouse.duckdb in the place of the one that is
// attached. Deleting rows would leave their bytes in the file's free blocks.
// Queries that are running are waited for, but not for ever: after an error the
// engine has no warehouse until it is opened again.
func (d *DuckDB) RenewWarehouse(ctx context.Context) error {
	if d.dir == "" {
		return nil
	}
	file := filepath.Join(d.dir, "warehouse.duckdb")
	if _, err := d.db.ExecContext(ctx, "DETACH DATABASE IF EXISTS wh"); err != nil {
		return fmt.Errorf("engine: renew %s: %w", file, err)
	}
	for _, f := range []string{file, file + ".wal"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("engine: renew %s: %w", file, err)
		}
	}
	deadline := time.Now().Add(renewPatience)
	for {
		err := d.attach(ctx, "wh", file, false)
		if err == nil {
			return nil
		}
		// A query that began before may still hold the file that is gone.
		if time.Now().After(deadline) {
			return fmt.Errorf("%w. Try: laborwatch transform, after a restart if it serves", err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
