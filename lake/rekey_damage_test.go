package lake

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"laborwatch/engine"
	"laborwatch/period"
	"laborwatch/pseudonym"
)

// fileOf is the path of a load's file as the ledger has it.
func fileOf(t *testing.T, l *Lake, id string) string {
	t.Helper()
	x, err := l.loads(t.Context(), "WHERE load_id = ?", id)
	if err != nil || len(x) != 1 {
		t.Fatal(x, err)
	}
	return l.Path(x[0])
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// dieAt lets a rotation die at a step, or none.
func dieAt(l *Lake, step string) {
	l.crash = func(at string) error {
		if at == step {
			return errors.New("killed")
		}
		return nil
	}
}

func underKeys(t *testing.T, eng *engine.DuckDB, l *Lake, id string, keys pseudonym.Keys) {
	t.Helper()
	if _, first := content(t, eng, l, id); !slices.Equal(first, append(pseudonymsOf(t, keys, 7), "")) {
		t.Errorf("%s is not under the keys: %q", id, first)
	}
}

// A file that is not the one which the ledger has must not come out of a
// rotation with a hash of its own.
func TestRekeyNamesDamage(t *testing.T) {
	eng, l, k1 := town(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	// A whole Parquet file of fewer rows stands in new's place, more's is lost.
	other := persons(t, eng, l, "other", Append, "x", k1, 16)
	if err := os.Rename(other.File, fileOf(t, l, "new")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(fileOf(t, l, "more")); err != nil {
		t.Fatal(err)
	}
	_, err := l.Rekey(t.Context(), keysOf(1, 2), nil)
	if err == nil {
		t.Fatal("a damaged file was re-keyed")
	}
	for _, want := range []string{"new new.csv", "altered", "more more.csv", "missing", "2 loads", "Try: laborwatch loads verify", "--forget new"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if marks, err := l.Keys(t.Context()); err != nil || len(marks) != 1 {
		t.Errorf("%v, %v", marks, err)
	}
	v, err := l.Verify(t.Context(), "", nil)
	if err != nil || len(v.Damages) != 2 || v.Damages[0].Kind != Altered || v.Damages[1].Kind != Missing {
		t.Errorf("%+v %v", v.Damages, err)
	}
}

// What a call before this one wrote is taken only to the byte.
func TestRekeyResumesOnlyWhatItWrote(t *testing.T) {
	eng, l, _ := town(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	dieAt(l, "rekeyed")
	keys := keysOf(1, 2)
	if _, err := l.Rekey(t.Context(), keys, nil); err == nil {
		t.Fatal("no error")
	}
	dieAt(l, "")
	next := func(id string) string { return strings.TrimSuffix(fileOf(t, l, id), ".parquet") + ".k2.parquet" }
	// One is another whole file, of another nobody knows who wrote it, and one is lost.
	copyFile(t, next("more"), next("new"))
	if _, err := eng.DB().ExecContext(t.Context(), `DELETE FROM state.main.key_rotation_files WHERE load_id = 'old'`); err != nil {
		t.Fatal(err)
	}
	copyFile(t, next("more"), next("old"))
	if err := os.Remove(next("more")); err != nil {
		t.Fatal(err)
	}
	dieAt(l, "rekeyed")
	if res, err := l.Rekey(t.Context(), keys, nil); err == nil || res.Resumed != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	dieAt(l, "")
	res, err := l.Rekey(t.Context(), keys, nil)
	if err != nil || res.Loads != 3 || res.Resumed != 3 {
		t.Fatalf("%+v, %v", res, err)
	}
	for _, id := range []string{"old", "new", "more"} {
		underKeys(t, eng, l, id, keys)
	}
	if v, err := l.Verify(t.Context(), "", nil); err != nil || len(v.Damages) != 0 {
		t.Errorf("%+v %v", v.Damages, err)
	}
	var left int
	if err := eng.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM state.main.key_rotation_files`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d files are still noted, %v", left, err)
	}
}

// A lost file that was let go is skipped, and its extract comes back under the
// key of then; or a backup does, which has the old pseudonyms.
func TestRekeySkipsWhatWaits(t *testing.T) {
	ctx := t.Context()
	eng, l, k1 := town(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	backup := filepath.Join(t.TempDir(), "backup")
	copyFile(t, fileOf(t, l, "new"), backup)
	was := fileOf(t, l, "new")
	for _, id := range []string{"new", "more"} {
		if err := os.Truncate(fileOf(t, l, id), 40); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Forget(ctx, id, act); err != nil {
			t.Fatal(err)
		}
	}
	may := month(t, "2026-05")
	if _, err := l.Source(ctx, "f", nil, []period.Period{may}); err == nil || !strings.Contains(err.Error(), "new (new.csv)") || !strings.Contains(err.Error(), "Try: ") {
		t.Errorf("rows of a live load that waits: %v", err)
	}
	keys := keysOf(1, 2)
	res, err := l.Rekey(ctx, keys, nil)
	if err != nil || res.Loads != 1 || len(res.Skipped) != 2 || res.Skipped[0].ID != "new" || res.Skipped[1].ID != "more" {
		t.Fatalf("%+v, %v", res, err)
	}
	if err := l.EndRotation(ctx); err != nil {
		t.Fatal(err)
	}
	// The extract comes: the load keeps its line, and nothing else stays.
	again := persons(t, eng, l, "more", Append, "3", keys, 10)
	got, err := publish(t, eng, l, again)
	if err != nil || len(got) != 1 || got[0].Status != Withdrawn || got[0].KeyGeneration != 2 || got[0].FileSHA256 == "" {
		t.Fatalf("%+v, %v", got, err)
	}
	underKeys(t, eng, l, "more", keys)
	// The backup comes: as it is it cannot be used.
	if err := os.Rename(backup, was); err != nil {
		t.Fatal(err)
	}
	v, err := l.Verify(ctx, "", nil)
	if err != nil || len(v.Behind) != 1 || v.Behind[0].ID != "new" || len(v.Mended)+len(v.Damages)+len(v.Waiting) != 0 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := l.Source(ctx, "f", nil, []period.Period{may}); err == nil {
		t.Error("old pseudonyms are read among the new")
	}
	// The next change of keys brings it along.
	keys = keysOf(1, 2, 3)
	if res, err = l.Rekey(ctx, keys, nil); err != nil || res.Loads != 3 || len(res.Skipped) != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	for _, id := range []string{"old", "new", "more"} {
		underKeys(t, eng, l, id, keys)
	}
	if v, err = l.Verify(ctx, "", nil); err != nil || len(v.Behind)+len(v.Mended)+len(v.Damages)+len(v.Waiting) != 0 {
		t.Errorf("%+v, %v", v, err)
	}
	if slices.Equal(pseudonymsOf(t, k1, 1), pseudonymsOf(t, keys, 1)) {
		t.Error("the keys give equal pseudonyms")
	}
}

// While a rotation is cut off its files are its own, and it is told of.
func TestVerifyKnowsARotation(t *testing.T) {
	dir := t.TempDir()
	eng, l, _ := town(t, dir)
	dieAt(l, "rekeyed")
	if _, err := l.Rekey(t.Context(), keysOf(1, 2), nil); err == nil {
		t.Fatal("no error")
	}
	for range 2 {
		v, err := l.Verify(t.Context(), "", nil)
		if err != nil || len(v.Damages) != 0 || v.Rotation.Generation != 2 || v.Rotation.Done {
			t.Errorf("%+v, %v", v, err)
		}
		if err := eng.Close(); err != nil {
			t.Fatal(err)
		}
		eng, l = open(t, dir)
	}
	if err := eng.Close(); err != nil {
		t.Fatal(err)
	}
}
