package app

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"laborwatch/lake"
	"laborwatch/messages"
)

// Withdraw takes a load out of the lake; see lake.Withdraw.
func (a *App) Withdraw(ctx context.Context, id string, act lake.Act, restore bool) (lake.Withdrawal, error) {
	a.work.Lock()
	defer a.work.Unlock()
	return a.Lake.Withdraw(ctx, id, act, restore)
}

// Restore takes a withdrawal or a supersession back; see lake.Restore.
func (a *App) Restore(ctx context.Context, id string, act lake.Act) (lake.Restoration, error) {
	a.work.Lock()
	defer a.work.Unlock()
	return a.Lake.Restore(ctx, id, act)
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

// Accept lets an extract pass that a set check refused: the newest refusal of
// the file of that name. Sources offer it again. It gives the file.
func (a *App) Accept(ctx context.Context, name string, act lake.Act) (file string, err error) {
	a.work.Lock()
	defer a.work.Unlock()
	refusals, err := a.Lake.Refusals(ctx)
	if err != nil {
		return "", err
	}
	var found []lake.Refused
	for _, x := range refusals {
		if x.File == name || path.Base(x.File) == filepath.Base(name) {
			found = slices.DeleteFunc(found, func(y lake.Refused) bool { return y.File == x.File })
			found = append(found, x)
		}
	}
	if exact := slices.IndexFunc(found, func(x lake.Refused) bool { return x.File == name }); exact >= 0 {
		found = found[exact : exact+1]
	}
	switch {
	case len(found) == 0:
		return "", errors.New(messages.Both("cli.loads.accept.none", name))
	case len(found) > 1:
		files := make([]string, len(found))
		for i, x := range found {
			files[i] = x.File
		}
		return "", errors.New(messages.Both("cli.loads.accept.many", name, strings.Join(files, ", ")))
	case !found[0].Overridable:
		return "", errors.New(messages.Both("cli.loads.accept.other", found[0].File))
	}
	if err := a.Lake.Accept(ctx, found[0].LoadID, act); err != nil {
		return "", err
	}
	return found[0].File, a.offerAgain(ctx, found[0].File)
}
