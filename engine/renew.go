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

// RenewWarehouse puts an empty warehouse.duckdb in the place of the one that is
// attached. Deleting rows would leave their bytes in the file's free blocks.
// Queries that are running are waited for.
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
	for {
		err := d.attach(ctx, "wh", file, false)
		if err == nil {
			return nil
		}
		// A query that began before still holds the file that is gone.
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
