package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"laborwatch/engine"
)

// residentID is a resident ID number of the synthetic city (county codes that
// were never assigned), whole or without its last three digits.
var residentID = regexp.MustCompile(`410499(19|20)\d{2}(0[1-9]|1[0-2])[0-3]\d\d{3}[0-9Xx]`)

// personal reads the ID numbers and names of one extract, the raw material that
// must not be found anywhere else.
func personal(t *testing.T, inbox string) (ids, names []string) {
	t.Helper()
	err := filepath.WalkDir(inbox, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(d.Name(), "求职登记_") || len(ids) > 0 {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		r := csv.NewReader(f)
		r.FieldsPerRecord = -1
		head, err := r.Read()
		if err != nil {
			return err
		}
		for i := range head {
			head[i] = strings.TrimPrefix(head[i], "\ufeff")
		}
		id, name := slices.Index(head, "证件号码"), slices.Index(head, "姓名")
		if id < 0 || name < 0 {
			return errors.New("no ID or name column in " + path)
		}
		for {
			row, err := r.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			ids, names = append(ids, row[id]), append(names, row[name])
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) < 10 {
		t.Fatalf("only %d job seekers to look for", len(ids))
	}
	return ids, names
}

// noPersonalData looks through everything that a full run wrote: the files'
// bytes, and every text column of lake and databases once unpacked.
func noPersonalData(t *testing.T, data string) {
	t.Helper()
	ids, names := personal(t, filepath.Join(data, "inbox"))
	needles := append(slices.Clone(ids[:min(len(ids), 200)]), names[:min(len(names), 50)]...)
	eng, err := engine.Open(t.Context(), engine.Options{Dir: data, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	searched := 0
	look := func(where, from string) {
		var text string
		// Every value of every column, as text, with nothing left compressed.
		q := "SELECT coalesce(string_agg(CAST(COLUMNS(*) AS VARCHAR), ' '), '') FROM " + from
		rows, err := eng.DB().QueryContext(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		defer rows.Close()
		cols, _ := rows.Columns()
		for rows.Next() {
			vals := make([]any, len(cols))
			for i := range vals {
				vals[i] = new(string)
			}
			if err := rows.Scan(vals...); err != nil {
				t.Fatal(err)
			}
			for _, v := range vals {
				text += *v.(*string) + "\n"
			}
		}
		searched += len(text)
		check(t, where, text, needles)
	}
	err = filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || (d.IsDir() && slices.Contains([]string{"inbox", "truth"}, d.Name())) {
			return errors.Join(err, map[bool]error{true: fs.SkipDir}[err == nil && d.IsDir()])
		}
		if d.IsDir() || !d.Type().IsRegular() {
			return nil
		}
		if strings.HasSuffix(path, ".parquet") && !strings.Contains(path, "social_insurance") {
			look(path, "read_parquet("+engine.Quote(path)+")")
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.HasSuffix([]byte(path), []byte(".duckdb")) {
			return nil // searched by column below
		}
		searched += len(b)
		check(t, path, string(b), needles)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	rows, err := eng.DB().QueryContext(t.Context(), "SELECT database_name || '.main.\"' || table_name || '\"' FROM duckdb_tables() WHERE database_name = 'state' ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	rows.Close()
	for _, table := range tables {
		look(table, table)
	}
	if len(tables) < 4 || searched < 1<<20 {
		t.Errorf("searched only %d tables and %d bytes", len(tables), searched)
	}
}

func check(t *testing.T, where, text string, needles []string) {
	t.Helper()
	if m := residentID.FindString(text); m != "" {
		t.Errorf("%s holds a resident ID: %s…", where, m[:10])
	}
	for _, n := range needles {
		if n != "" && strings.Contains(text, n) {
			t.Errorf("%s holds a name or ID of the synthetic city", where)
			return
		}
	}
}
