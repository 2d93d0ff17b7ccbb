package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"laborwatch/config"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/pseudonym"
)

// StageKey is the rotation of the pseudonym key, as its progress is called.
const StageKey = "key"

// chain is what resident IDs go through: the keys in force, nil where no
// contract reads persons and there is no key.
func (a *App) chain(ctx context.Context) (*pseudonym.Chain, error) {
	keys, err := pseudonym.ReadFile(a.Config.Ingest.KeyFile)
	if errors.Is(err, fs.ErrNotExist) && !a.Contracts.Persons() {
		return nil, nil //nolint:nilnil // nobody to give a pseudonym to
	}
	if err = errors.Join(err, CheckKeyPlace(a.Config)); err != nil {
		return nil, err
	}
	inForce, err := a.keysInForce(ctx, keys)
	if err != nil {
		return nil, err
	}
	return pseudonym.NewChain(inForce)
}

// keysInForce gives those of a file's keys that the data are under; the first
// keys that are used are noted. Of keys only fingerprints are kept.
func (a *App) keysInForce(ctx context.Context, keys pseudonym.Keys) (pseudonym.Keys, error) {
	known, err := a.Lake.Keys(ctx)
	if err != nil {
		return nil, err
	}
	if len(known) == 0 {
		return keys, a.Lake.NoteKeys(ctx, keys)
	}
	if fault := compareKeys(a.Config.Ingest.KeyFile, keys, known); fault != "" {
		return nil, errors.New(fault)
	}
	return keys[:len(known)], nil
}

// compareKeys says how a file's keys differ from those that the ledger knows, "" when not.
func compareKeys(file string, keys pseudonym.Keys, known []lake.KeyMark) string {
	for i, k := range known {
		if i >= len(keys) {
			return messages.Both("key.fewer", file, len(keys), len(known))
		}
		if lake.Marks(keys[:i+1])[i] != k {
			return messages.Both("cli.key.other", file) + " (" + messages.Both("key.generation", k.Generation) + ")"
		}
	}
	return ""
}

// afterRotation gets rid of what was computed under keys that are no longer in
// force: the warehouse begins anew. The next transform ends the rotation.
func (a *App) afterRotation(ctx context.Context) error {
	r, err := a.Lake.Rotation(ctx)
	if err != nil || !r.Done {
		return err
	}
	return a.Engine.RenewWarehouse(ctx)
}

// Rotated is what RotateKey did.
type Rotated struct {
	lake.Rekeyed
	// Adopted says that the new key was in the file already: an earlier call was
	// cut off, or another folder of the same file has changed its keys.
	Adopted bool
	Key     pseudonym.Key
}

// RotateKey puts a new key in force for all persons: it adds the key to the key
// file, gives the lake's persons their new pseudonyms, renews the warehouse, and
// computes it again. Cut off, the old keys are in force until all of the lake is
// through, and another call goes on. An empty algorithm is that of the newest key.
func (a *App) RotateKey(ctx context.Context, algorithm pseudonym.Algorithm) (Rotated, error) {
	out, err := a.rotateKey(ctx, algorithm)
	if err != nil {
		return out, err
	}
	if _, err := a.RunTransform(ctx, nil); err != nil {
		return out, fmt.Errorf("%s: %w", messages.Both("key.transform"), err)
	}
	return out, nil
}

func (a *App) rotateKey(ctx context.Context, algorithm pseudonym.Algorithm) (out Rotated, err error) {
	a.work.Lock()
	defer a.work.Unlock()
	keys, err := pseudonym.ReadFile(a.Config.Ingest.KeyFile)
	if err = errors.Join(err, CheckKeyPlace(a.Config)); err != nil {
		return out, err
	}
	inForce, err := a.keysInForce(ctx, keys)
	if err != nil {
		return out, err
	}
	under, err := a.Lake.Rotation(ctx)
	if err != nil {
		return out, err
	}
	if under.Done { // cut off when only the warehouse was left
		out.Adopted, out.Key, out.Generation = true, inForce[len(inForce)-1], len(inForce)
		return out, a.afterRotation(ctx)
	}
	target := max(under.Generation, len(keys))
	if out.Adopted = target > len(inForce) && target <= len(keys); out.Adopted {
		if under.Generation != 0 {
			target = under.Generation
		}
		keys = keys[:target]
		if has := keys[target-1].Algorithm; algorithm != "" && algorithm != has {
			return out, errors.New(messages.Both("key.adopted", target, has))
		}
	} else {
		if algorithm == "" {
			algorithm = inForce[len(inForce)-1].Algorithm
		}
		if keys, err = pseudonym.AddKey(a.Config.Ingest.KeyFile, algorithm); err != nil {
			return out, err
		}
	}
	out.Key = keys[len(keys)-1]
	out.Rekeyed, err = a.Lake.Rekey(ctx, keys, func(done, total int) {
		a.opts.Progress(StageKey, "", int64(done), int64(total))
	})
	if err != nil {
		return out, fmt.Errorf("%w. %s", a.explain(err), messages.Both("key.resume"))
	}
	a.lazy.Lock()
	a.ingest = nil // it holds the old keys
	a.lazy.Unlock()
	a.log.Info("pseudonym key rotated", "generation", out.Generation, "algorithm", out.Key.Algorithm, "loads", out.Loads)
	return out, a.afterRotation(ctx)
}

// CheckKey examines the pseudonym key: its file, and whether the ledger's
// persons are under it. A nil owner means that there is no data folder yet.
func CheckKey(ctx context.Context, c *config.Config, owner *App) []Finding {
	var out []Finding
	add := func(l FindingLevel, check, detail string) { out = append(out, Finding{l, check, detail}) }
	keys := examineKeyFile(c, add)
	if owner != nil {
		owner.examineKeys(ctx, keys, add)
	}
	return out
}

// examineKeyFile gives the keys, nil when they cannot be used.
func examineKeyFile(c *config.Config, add addFinding) pseudonym.Keys {
	file := c.Ingest.KeyFile
	keys, err := pseudonym.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		add(Warning, "key", messages.Both("cli.doctor.nokey", file))
		return nil
	case err != nil:
		add(Failure, "key", err.Error())
		return nil
	}
	if err := CheckKeyPlace(c); err != nil {
		add(Failure, "key", err.Error())
	}
	newest := keys[len(keys)-1]
	add(OK, "key", messages.Both("key.file", file, len(keys), newest.Algorithm, newest.Fingerprint()))
	return keys
}

// examineKeys compares the keys of the file with those that the data are under.
func (a *App) examineKeys(ctx context.Context, keys pseudonym.Keys, add addFinding) {
	known, err := a.Lake.Keys(ctx)
	if err != nil {
		add(Failure, "key", err.Error())
		return
	}
	under, err := a.Lake.Rotation(ctx)
	switch {
	case err != nil:
		add(Failure, "key", err.Error())
	case len(known) == 0:
		add(OK, "key", messages.Both("key.unused"))
	case keys == nil && !exists(a.Config.Ingest.KeyFile):
		add(Failure, "key", messages.Both("cli.key.lost", a.Config.Ingest.KeyFile, a.Config.Data))
	case keys == nil: // what is wrong with the file has been said
	case compareKeys(a.Config.Ingest.KeyFile, keys, known) != "":
		add(Failure, "key", compareKeys(a.Config.Ingest.KeyFile, keys, known))
	default:
		newest := known[len(known)-1]
		add(OK, "key", messages.Both("key.inforce", newest.Generation, newest.Algorithm, newest.Fingerprint))
		if under.Generation != 0 {
			add(Warning, "key", messages.Both("key.under", under.Generation))
		} else if len(keys) > len(known) {
			add(Warning, "key", messages.Both("key.ahead", len(keys), len(known)))
		}
	}
}
