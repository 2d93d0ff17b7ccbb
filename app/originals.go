package app

import (
	"context"
	"errors"

	"laborwatch/originals"
)

// keepOriginals keeps what was loaded, and what was loaded before and is here
// again, where the operator has configured a key. It comes before anything is
// removed and after the ledger knows the loads: killed in between, the files
// are offered again, the ledger knows them, and they are kept then.
func (b *bundle) keepOriginals(ctx context.Context) error {
	store := b.app.Originals
	if b.dry || !store.Keeps() {
		return nil
	}
	loads, err := b.app.Lake.Loads(ctx, "")
	if err != nil {
		return err
	}
	known := map[string]string{} // the last load's bytes, by the extract's name
	for _, x := range loads {
		if x.PartOf == "" {
			known[x.Source] = x.SHA256
		}
	}
	fresh := map[string]string{}
	for _, x := range b.sum.Loads {
		fresh[x.File] = x.Load.SHA256
	}
	for _, f := range b.list {
		sha, isNew := fresh[f.Rel]
		// The same bytes under another name have no load of their own: they are
		// read to see whether they are kept.
		if b.bad[f.Tag] || (!isNew && store.Has(known[f.Rel])) {
			continue
		}
		_, err := store.Keep(ctx, f.Path, sha)
		switch {
		case errors.Is(err, originals.ErrChanged):
			b.app.log.Warn("the original is not kept: the file changed after it was loaded", "file", f.Rel, "sha256", sha)
		case err != nil:
			return err
		}
	}
	return nil
}
