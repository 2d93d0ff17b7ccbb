package main

import (
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"laborwatch/engine"
)

// rekeyable is a city of eight months, the last of which comes later.
func rekeyable(t *testing.T) (all, early string) {
	t.Helper()
	city := t.TempDir()
	must(t, city, []int{0}, append(small, "--out", city)...)
	all, early = filepath.Join(city, "inbox"), t.TempDir()
	months, err := os.ReadDir(all)
	if err != nil {
		t.Fatal(err)
	}
	if len(months) < 8 {
		t.Fatalf("%d deliveries", len(months))
	}
	for _, m := range months[:len(months)-1] {
		if err := os.CopyFS(filepath.Join(early, m.Name()), os.DirFS(filepath.Join(all, m.Name()))); err != nil {
			t.Fatal(err)
		}
	}
	return all, early
}

// persons gives every pseudonym of a folder's lake, and how many stand in files
// of the given generation.
func persons(t *testing.T, dir string) (known map[string]bool, files map[string]int) {
	t.Helper()
	eng, err := engine.Open(t.Context(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	known, files = map[string]bool{}, map[string]int{}
	if err := filepath.WalkDir(filepath.Join(dir, "data", "lake"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		var has bool
		if err := eng.DB().QueryRowContext(t.Context(), "SELECT count(*) > 0 FROM parquet_schema("+engine.Quote(path)+") WHERE name = 'person'").Scan(&has); err != nil || !has {
			return err
		}
		_, generation, _ := strings.Cut(strings.TrimSuffix(d.Name(), ".parquet"), ".")
		files[generation]++
		rows, err := eng.DB().QueryContext(t.Context(), "SELECT DISTINCT replace(CAST(person AS VARCHAR), '-', '') FROM read_parquet("+engine.Quote(path)+", hive_partitioning = false) WHERE person IS NOT NULL")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p string
			if err := rows.Scan(&p); err != nil {
				return err
			}
			known[p] = true
		}
		return rows.Err()
	}); err != nil {
		t.Fatal(err)
	}
	return known, files
}

// found counts the places in the bytes of a folder's databases where pseudonyms
// stand: in hex, or in binary as the engine lays out a UUID.
func found(t *testing.T, dir string, known map[string]bool) (n int) {
	t.Helper()
	binaries := map[[16]byte]bool{}
	for p := range known {
		b, err := hex.DecodeString(p)
		if err != nil {
			t.Fatal(err)
		}
		var u [16]byte
		binary.LittleEndian.PutUint64(u[:8], binary.BigEndian.Uint64(b[8:]))
		binary.LittleEndian.PutUint64(u[8:], binary.BigEndian.Uint64(b)^1<<63)
		binaries[u] = true
	}
	hexes := regexp.MustCompile(`[0-9a-f]{32,}`)
	for _, name := range []string{"warehouse.duckdb", "warehouse.duckdb.wal", "state.duckdb", "state.duckdb.wal"} {
		b, err := os.ReadFile(filepath.Join(dir, "data", name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+16 <= len(b); i++ {
			if binaries[[16]byte(b[i:i+16])] {
				n++
			}
		}
		for _, run := range hexes.FindAll(b, -1) {
			for i := 0; i+32 <= len(run); i++ {
				if known[string(run[i:i+32])] {
					n++
				}
			}
		}
	}
	return n
}

// values counts the pseudonyms that stand in the tables of a folder's databases.
func values(t *testing.T, dir string, known map[string]bool) (n int) {
	t.Helper()
	eng, err := engine.Open(t.Context(), engine.Options{Dir: filepath.Join(dir, "data"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	rows, err := eng.DB().QueryContext(t.Context(), `SELECT database_name || '.main."' || table_name || '"', '"' || column_name || '"' FROM duckdb_columns()
		WHERE database_name IN ('wh', 'state') AND data_type IN ('VARCHAR', 'UUID') AND NOT internal`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		cells, err := eng.DB().QueryContext(t.Context(), "SELECT DISTINCT unnest(regexp_extract_all(replace(CAST("+column+" AS VARCHAR), '-', ''), '[0-9a-f]{32}')) FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		defer cells.Close()
		for cells.Next() {
			var cell string
			if err := cells.Scan(&cell); err != nil {
				t.Fatal(err)
			}
			if known[cell] {
				n++
			}
		}
		if err := cells.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRotationLinksHistory rotates the key between two deliveries. Persons of
// both must link, so the cube is that of a folder that knew one key, to the
// byte; and nothing of the old pseudonyms may be left in the folder.
func TestRotationLinksHistory(t *testing.T) {
	all, early := rekeyable(t)
	plain := folder(t, all)
	must(t, plain, ok, "ingest")
	must(t, plain, []int{0}, "transform")
	want := cubeSum(t, plain)

	dir := folder(t, early)
	must(t, dir, ok, "ingest")
	must(t, dir, []int{0}, "transform")
	before := cubeSum(t, dir)
	old, files := persons(t, dir)
	if len(old) < 10_000 || files[""] < 100 {
		t.Fatalf("only %d persons in files %v", len(old), files)
	}
	if values(t, dir, old) == 0 || found(t, dir, old) == 0 {
		t.Fatal("the searches do not find pseudonyms that are there")
	}
	must(t, dir, []int{0}, "key", "rotate", "--algorithm", "hmac-sha256")
	if cubeSum(t, dir) != before {
		t.Error("the rotation changed the cube")
	}
	now, after := persons(t, dir)
	if len(now) != len(old) || after["k2"] != files[""] || len(after) != 1 {
		t.Errorf("%d persons in files %v; before %d in %v", len(now), after, len(old), files)
	}
	for p := range old {
		if now[p] {
			t.Fatal("an old pseudonym is still in the lake")
		}
	}
	if n := values(t, dir, old); n > 0 {
		t.Errorf("%d old pseudonyms are values of the databases", n)
	}
	if n := found(t, dir, old); n > 0 {
		t.Errorf("%d old pseudonyms are in the bytes of the databases", n)
	}

	const last = "2026-08"
	if err := os.CopyFS(filepath.Join(early, last), os.DirFS(filepath.Join(all, last))); err != nil {
		t.Fatal(err)
	}
	must(t, dir, ok, "ingest")
	must(t, dir, []int{0}, "transform")
	if cubeSum(t, dir) != want {
		t.Error("after the rotation persons do not link: the cube differs")
	}
	// What was loaded under the old key is known under the new one.
	if out := must(t, dir, ok, "ingest"); !strings.Contains(out, "0 rows in") {
		t.Errorf("loaded again: %s", out)
	}
}

// TestKillRotation kills key rotate at random instants. The folder must be
// whole each time: it takes loads and computes; and in the end one more call
// puts the new key in force, with the same cube.
func TestKillRotation(t *testing.T) {
	all, _ := rekeyable(t)
	plain := folder(t, all)
	must(t, plain, ok, "ingest")
	must(t, plain, []int{0}, "transform")
	want := cubeSum(t, plain)
	old, _ := persons(t, plain)
	begin := time.Now()
	must(t, plain, []int{0}, "key", "rotate")
	took := time.Since(begin)

	const wanted, rounds = 6, 6
	rng := rand.New(rand.NewPCG(3, 4))
	killed := 0
	for round := 0; round < rounds && killed < wanted; round++ {
		dir := folder(t, all)
		must(t, dir, ok, "ingest")
		must(t, dir, []int{0}, "transform")
		for range 3 {
			killed += killAt(t, dir, time.Duration(rng.Int64N(int64(took))), "key", "rotate")
			must(t, dir, []int{0}, "key", "check")
			must(t, dir, []int{0}, "loads", "verify")
		}
		if out := must(t, dir, ok, "ingest"); !strings.Contains(out, "0 rows in") {
			t.Errorf("round %d: loaded again: %s", round, out)
		}
		must(t, dir, []int{0}, "transform")
		if cubeSum(t, dir) != want {
			t.Errorf("round %d: a rotation that was cut off changed the cube", round)
		}
		must(t, dir, []int{0}, "key", "rotate")
		if cubeSum(t, dir) != want {
			t.Errorf("round %d: after the rotation the cube differs", round)
		}
		now, files := persons(t, dir)
		if len(now) != len(old) || len(files) != 1 {
			t.Errorf("round %d: %d persons in files %v", round, len(now), files)
		}
		check := must(t, dir, []int{0}, "key", "check")
		if strings.Contains(check, "warning") {
			t.Errorf("round %d: %s", round, check)
		}
		t.Logf("round %d: %d killed so far; files %v", round, killed, files)
	}
	if killed < wanted {
		t.Errorf("only %d processes were killed; the test wants %d", killed, wanted)
	}
}
