package app

import (
	"context"
	"fmt"

	"laborwatch/lake"
)

// Withdraw takes a load out of the lake; see lake.Withdraw.
func (a *App) Withdraw(ctx context.Context, id string, act lake.Act, restore bool) (lake.Withdrawal, error) {
	a.work.Lock()
	defer a.work.Unlock()
	return a.Lake.Withdraw(ctx, id, act, restore)
}

// Verify holds the files of the lake against the ledger; see lake.Verify.
func (a *App) Verify(ctx context.Context, feed string) (lake.Verified, error) {
	a.work.Lock()
	defer a.work.Unlock()
	return a.Lake.Verify(ctx, feed, func(done, total int, bytes int64) {
		a.opts.Progress("verify", fmt.Sprintf("%d MiB", bytes>>20), int64(done), int64(total))
	})
}

// Forget lets the extract of a damaged load be loaded again; see lake.Forget.
func (a *App) Forget(ctx context.Context, id string, act lake.Act) (lake.Load, error) {
	a.work.Lock()
	defer a.work.Unlock()
	return a.Lake.Forget(ctx, id, act)
}
