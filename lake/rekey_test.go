package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"laborwatch/engine"
	"laborwatch/pseudonym"
)

// keysOf are keys that are all one byte, one for each.
func keysOf(bytes ...byte) pseudonym.Keys {
	var keys pseudonym.Keys
	for i, b := range bytes {
		k := pseudonym.Key{Algorithm: pseudonym.SM3}
		if i%2 == 1 {
			k.Algorithm = pseudonym.SHA256
		}
		for j := range k.Secret {
			k.Secret[j] = b
		}
		keys = append(keys, k)
	}
	return keys
}

// pseudonymsOf are the pseudonyms of n numbers under a chain of keys.
func pseudonymsOf(t *testing.T, keys pseudonym.Keys, n int) []string {
	t.Helper()
	chain, err := pseudonym.NewChain(keys)
	if err != nil {
		t.Fatal(err)
	}
	h := chain.NewHasher()
	var out []string
	for i := range n {
		out = append(out, string(h.AppendKey(nil, fmt.Sprintf("%018d", i))))
	}
	return out
}

// persons makes a load whose file has a column of persons, some of them NULL,
// over several row groups.
func persons(t *testing.T, eng *engine.DuckDB, l *Lake, id, mode, sha string, keys pseudonym.Keys, n int) Publication {
	t.Helper()
	typ := "UUID"
	if id == "old" { // as files once were
		typ = "VARCHAR"
	}
	sex, own := "'M' AS sex, ", ""
	if id == "more" { // a feed that states the sex itself
		sex, own = "", "'M' AS sex, "
	}
	p := publication(t, eng, l, id, "f", mode, sha, month(t, "2026-05"), n)
	p.Load.KeyGeneration = len(keys)
	var values []string
	for i, s := range pseudonymsOf(t, keys, 7) {
		values = append(values, fmt.Sprintf("(%d, '%s')", i, s))
	}
	q := fmt.Sprintf(`COPY (SELECT DATE '2026-05-01' AS period, range AS k, CAST(person AS %[3]s) AS holder, %[5]sDATE '1961-02-01' AS birth_month, '410499' AS origin, %[6]s[range, 2] AS more, range + 2 AS _row
		FROM range(%[1]d) LEFT JOIN (VALUES %[2]s) AS v(i, person) ON i = range %% 8 ORDER BY range) TO %[4]s (FORMAT parquet, ROW_GROUP_SIZE 2048)`, n, strings.Join(values, ", "), typ, engine.Quote(p.File), sex, own)
	if _, err := eng.DB().ExecContext(context.Background(), q); err != nil {
		t.Fatal(err)
	}
	return p
}

// content hashes all of a load's file but its persons, in order, and gives the
// persons of its first eight rows.
func content(t *testing.T, eng *engine.DuckDB, l *Lake, id string) (others string, first []string) {
	t.Helper()
	loads, err := l.loads(context.Background(), "WHERE load_id = ?", id)
	if err != nil || len(loads) != 1 {
		t.Fatalf("%v, %v", loads, err)
	}
	file := "(SELECT *, row_number() OVER () AS n FROM read_parquet(" + engine.Quote(l.Path(loads[0])) + ", hive_partitioning = false))"
	row := func(q string, into any) {
		t.Helper()
		if err := eng.DB().QueryRowContext(context.Background(), q).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	row("SELECT md5(string_agg(concat_ws('|', n, period, k, sex, birth_month, origin, more, _row, holder IS NULL), ',' ORDER BY n)) FROM "+file, &others)
	var all string
	row("SELECT string_agg(coalesce(replace(CAST(holder AS VARCHAR), '-', ''), ''), ',' ORDER BY n) FROM "+file+" WHERE n <= 8", &all)
	sha, err := hashAndSync(l.Path(loads[0]))
	if err != nil || sha != loads[0].FileSHA256 {
		t.Errorf("load %s: the ledger's hash is not the file's: %v", id, err)
	}
	return others, strings.Split(all, ",")
}

// parquetFiles lists the lake's files, but for temporary ones.
func parquetFiles(t *testing.T, l *Lake) []string {
	t.Helper()
	var out []string
	if err := filepath.WalkDir(l.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Dir(path) != l.tmp() {
			out = append(out, filepath.Base(path))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// town is a lake with loads in every state, under the first key.
func town(t *testing.T, dir string) (*engine.DuckDB, *Lake, pseudonym.Keys) {
	t.Helper()
	eng, l := open(t, dir)
	k1 := keysOf(1)
	if err := l.NoteKeys(context.Background(), k1); err != nil {
		t.Fatal(err)
	}
	for _, p := range []Publication{
		persons(t, eng, l, "old", Snapshot, "1", k1, 5000), persons(t, eng, l, "new", Snapshot, "2", k1, 6000),
		persons(t, eng, l, "more", Append, "3", k1, 10), publication(t, eng, l, "seats", "g", Append, "4", month(t, "2026-05"), 5),
		// A ledger from before key generations counts a feed without persons as of the first.
		func() Publication {
			p := publication(t, eng, l, "first", "g", Append, "5", month(t, "2026-05"), 5)
			p.Load.KeyGeneration = 1
			return p
		}(),
	} {
		if _, err := publish(t, eng, l, p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := eng.DB().ExecContext(t.Context(), `UPDATE state.main.loads SET status = 'withdrawn' WHERE load_id = 'more'`); err != nil {
		t.Fatal(err)
	}
	return eng, l, k1
}

func TestRekey(t *testing.T) {
	eng, l, k1 := town(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	before := map[string]string{}
	for _, id := range []string{"old", "new", "more"} {
		before[id], _ = content(t, eng, l, id)
	}
	was, err := l.LivePeriods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seats := parquetFiles(t, l)
	var calls atomic.Int32
	res, err := l.Rekey(t.Context(), keysOf(1, 2), func(done, total int) { calls.Add(1) })
	if err != nil || res.Loads != 3 || res.Resumed != 0 || res.Generation != 2 || calls.Load() != 4 {
		t.Fatalf("%+v, %v, %d calls", res, err, calls.Load())
	}
	want := append(pseudonymsOf(t, keysOf(1, 2), 7), "")
	for id, others := range before {
		now, first := content(t, eng, l, id)
		if now != others {
			t.Errorf("%s: other columns or the order of rows changed", id)
		}
		if !slices.Equal(first, want) {
			t.Errorf("%s: persons %q, want %q", id, first, want)
		}
	}
	if got := parquetFiles(t, l); !slices.Equal(got, []string{"more.k2.parquet", "new.k2.parquet", "old.k2.parquet", "first.parquet", "seats.parquet"}) {
		t.Errorf("%q, before %q", got, seats)
	}
	marks, err := l.Keys(t.Context())
	if err != nil || !slices.Equal(marks, Marks(keysOf(1, 2))) || slices.Equal(marks[:1], Marks(keysOf(3))) {
		t.Errorf("%v, %v", marks, err)
	}
	now, err := l.LivePeriods(t.Context())
	may := month(t, "2026-05")
	if err != nil || slices.Equal(now["f"][may], was["f"][may]) || !slices.Equal(now["g"][may], was["g"][may]) {
		t.Errorf("%v, before %v, %v", now, was, err)
	}
	// A second rotation has to wait for the end of the first; then it chains on.
	keys := keysOf(1, 2, 3)
	if _, err := l.Rekey(t.Context(), keys, nil); err == nil {
		t.Error("a rotation began before the other ended")
	}
	if err := l.EndRotation(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []pseudonym.Keys{keysOf(1), keysOf(1, 2), keysOf(1, 3, 4), keysOf(2, 2, 3)} {
		if _, err := l.Rekey(t.Context(), wrong, nil); err == nil {
			t.Errorf("%d keys were accepted after %d", len(wrong), 2)
		}
	}
	if _, err := l.Rekey(t.Context(), keys, nil); err != nil {
		t.Fatal(err)
	}
	if _, first := content(t, eng, l, "old"); !slices.Equal(first, append(pseudonymsOf(t, keys, 7), "")) || slices.Equal(first[:7], pseudonymsOf(t, k1, 7)) {
		t.Errorf("third generation: %q", first)
	}
}

// Whatever step a rotation dies at, either the old state is in force or the new
// one, whole, and another call brings it to its end without doing files twice.
func TestRekeyCrashesAtEveryStep(t *testing.T) {
	for _, step := range []struct {
		name    string
		enough  bool // the new state is in force
		resumed int
	}{{"begun", false, 0}, {"file", false, 1}, {"rekeyed", false, 3}, {"enforcing", false, 3}, {"enforced", true, 0}, {"removed", true, 0}} {
		t.Run(step.name, func(t *testing.T) {
			dir := t.TempDir()
			eng, l, k1 := town(t, dir)
			before := map[string]string{}
			for _, id := range []string{"old", "new", "more"} {
				before[id], _ = content(t, eng, l, id)
			}
			files := parquetFiles(t, l)
			killed := errors.New("killed")
			l.crash = func(at string) error {
				if at == step.name {
					return killed
				}
				return nil
			}
			keys := keysOf(1, 2)
			if _, err := l.Rekey(t.Context(), keys, nil); !errors.Is(err, killed) {
				t.Fatalf("%v", err)
			}
			if err := os.WriteFile(l.Temp("old.k2.parquet"), []byte("PAR1"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := eng.Close(); err != nil {
				t.Fatal(err)
			}
			eng, l = open(t, dir)
			defer func() { _ = eng.Close() }()
			inForce := k1
			if step.enough {
				inForce = keys
			}
			for id := range before {
				if now, first := content(t, eng, l, id); now != before[id] || !slices.Equal(first, append(pseudonymsOf(t, inForce, 7), "")) {
					t.Errorf("%s: not what is in force: %q", id, first)
				}
			}
			if marks, err := l.Keys(t.Context()); err != nil || !slices.Equal(marks, Marks(inForce)) {
				t.Errorf("%v, %v", marks, err)
			}
			under, err := l.Rotation(t.Context())
			if err != nil || under.Generation != 2 || under.Done != step.enough {
				t.Errorf("%+v, %v", under, err)
			}
			if step.enough {
				if got := parquetFiles(t, l); !slices.Equal(got, []string{"more.k2.parquet", "new.k2.parquet", "old.k2.parquet", "first.parquet", "seats.parquet"}) {
					t.Errorf("files: %q", got)
				}
				return
			}
			for _, f := range files {
				if !slices.Contains(parquetFiles(t, l), f) {
					t.Errorf("%s is gone", f)
				}
			}
			// What arrives in between is under the old keys and comes along.
			if _, err := publish(t, eng, l, persons(t, eng, l, "late", Append, "9", k1, 20)); err != nil {
				t.Fatal(err)
			}
			res, err := l.Rekey(t.Context(), keys, nil)
			if err != nil || res.Loads != 4 || res.Resumed < min(step.resumed, 1) || (step.resumed != 1 && res.Resumed != step.resumed) {
				t.Errorf("%+v, %v; want %d resumed", res, err, step.resumed)
			}
			for _, id := range []string{"old", "new", "more", "late"} {
				if now, first := content(t, eng, l, id); (id != "late" && now != before[id]) || !slices.Equal(first, append(pseudonymsOf(t, keys, 7), "")) {
					t.Errorf("%s after resuming: %q", id, first)
				}
			}
		})
	}
}

// A key file that was restored from before a rotation gives another second key:
// nothing that was written under the lost one may stay.
func TestRekeyStartsOverWithAnotherKey(t *testing.T) {
	eng, l, _ := town(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	killed := errors.New("killed")
	l.crash = func(at string) error {
		if at == "rekeyed" {
			return killed
		}
		return nil
	}
	if _, err := l.Rekey(t.Context(), keysOf(1, 2), nil); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	l.crash = func(string) error { return nil }
	res, err := l.Rekey(t.Context(), keysOf(1, 5), nil)
	if err != nil || res.Loads != 3 || res.Resumed != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if _, first := content(t, eng, l, "old"); !slices.Equal(first, append(pseudonymsOf(t, keysOf(1, 5), 7), "")) {
		t.Errorf("%q", first)
	}
}

func TestRekeyRefusesWhatIsNoPseudonym(t *testing.T) {
	eng, l, k1 := town(t, t.TempDir())
	defer func() { _ = eng.Close() }()
	p := persons(t, eng, l, "odd", Append, "8", k1, 3)
	if _, err := eng.DB().ExecContext(t.Context(), "COPY (SELECT DATE '2026-05-01' AS period, 'x' AS person, 'M' AS sex, NULL AS birth_month, '' AS origin) TO "+engine.Quote(p.File)+" (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
	if _, err := publish(t, eng, l, p); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Rekey(t.Context(), keysOf(1, 2), nil); err == nil || !strings.Contains(err.Error(), "odd.csv") || !strings.Contains(err.Error(), "no pseudonym") {
		t.Errorf("%v", err)
	}
	if marks, err := l.Keys(t.Context()); err != nil || len(marks) != 1 {
		t.Errorf("%v, %v", marks, err)
	}
}

// A ledger from before key generations kept one fingerprint.
func TestOldFingerprintIsTheFirstKeys(t *testing.T) {
	dir := t.TempDir()
	eng, _ := open(t, dir)
	for _, q := range []string{
		`CREATE TABLE state.main.pseudonym_key (fingerprint VARCHAR NOT NULL)`,
		`INSERT INTO state.main.pseudonym_key VALUES ('` + keysOf(1)[0].Fingerprint() + `')`,
	} {
		if _, err := eng.DB().ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := eng.Close(); err != nil {
			t.Fatal(err)
		}
		var l *Lake
		eng, l = open(t, dir)
		if marks, err := l.Keys(t.Context()); err != nil || !slices.Equal(marks, Marks(keysOf(1))) {
			t.Errorf("%v, %v", marks, err)
		}
	}
	if err := eng.Close(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkRekey re-keys a load of 5 million rows and a hundred small ones.
func BenchmarkRekey(b *testing.B) {
	ctx := context.Background()
	eng, err := engine.Open(ctx, engine.Options{Dir: b.TempDir(), MemoryLimit: "1200MB"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = eng.Close() }()
	l, err := Open(ctx, eng, filepath.Join(b.TempDir(), "lake"), clock)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := eng.Conn(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	keys := keysOf(1)
	if err := l.NoteKeys(ctx, keys); err != nil {
		b.Fatal(err)
	}
	for i := range 101 {
		n, id := 2_000, fmt.Sprintf("%032d", i)
		if i == 0 {
			n = 5_000_000
		}
		file := l.Temp(id + ".parquet")
		if _, err := conn.ExecContext(ctx, fmt.Sprintf(`COPY (SELECT DATE '2026-05-01' AS period, md5(range::VARCHAR)::UUID AS person, 'M' AS sex, DATE '1961-02-01' AS birth_month, '410499' AS origin,
			'91410499MA' || range %% 20000 AS uscc, 100000 + range %% 7919 AS base, range + 2 AS _row FROM range(%d)) TO %s (FORMAT parquet, COMPRESSION zstd)`, n, engine.Quote(file))); err != nil {
			b.Fatal(err)
		}
		load := Load{ID: id, Feed: "f", ContractVersion: 1, Mode: Append, KeyGeneration: 1}
		if _, err := l.Publish(ctx, conn, []Publication{{Load: load, File: file}}, "", ""); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		keys = append(keys, keysOf(byte(len(keys) + 1))[0])
		if _, err := l.Rekey(ctx, keys, nil); err != nil {
			b.Fatal(err)
		}
		if err := l.EndRotation(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5.2e6, "ns/row")
}
