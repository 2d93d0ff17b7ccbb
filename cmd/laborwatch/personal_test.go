package main

import (
	"archive/zip"
	"encoding/csv"
	"errors"
	"fmt"
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

// noPersonalData looks through everything that a full run wrote: the bytes of
// files, and the values of lake and ledger, which lie compressed on disk.
func noPersonalData(t *testing.T, data string) {
	t.Helper()
	ids, names := personal(t, filepath.Join(data, "inbox"))
	// A name counts as found where it stands alone: employers' names begin alike.
	s := &search{
		ids:   ids[:min(len(ids), 200)],
		plain: names[:min(len(names), 50)],
		names: regexp.MustCompile(`(^|[^\p{Han}\d])(` + strings.Join(names[:min(len(names), 50)], "|") + `)($|[^\p{Han}\d])`),
	}
	if !s.names.MatchString("x " + names[0] + ",") {
		t.Fatal("the search would not find a name")
	}
	var err error
	if s.eng, err = engine.Open(t.Context(), engine.Options{Dir: data, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer s.eng.Close()
	if err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "inbox" || d.Name() == "truth"):
			return fs.SkipDir
		case !d.Type().IsRegular() || strings.HasSuffix(path, ".duckdb"): // the databases are searched by value
			return nil
		case strings.HasSuffix(path, ".parquet"):
			s.values(t, path, "read_parquet("+engine.Quote(path)+", hive_partitioning = false)")
			return nil
		}
		if strings.HasSuffix(path, ".xlsx") {
			return s.workbook(t, path)
		}
		b, err := os.ReadFile(path)
		if err == nil {
			s.text(t, path, string(b))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	tables := s.tables(t)
	for _, table := range tables {
		s.values(t, table, table)
	}
	if len(tables) < 4 || s.bytes < 1<<20 {
		t.Errorf("searched only %d tables and %d bytes", len(tables), s.bytes)
	}
}

// search is a look for needles, and how much was looked through.
type search struct {
	eng   *engine.DuckDB
	ids   []string
	plain []string       // names, for a quick look
	names *regexp.Regexp // the same, standing alone
	bytes int
}

// workbook searches the unpacked parts of an XLSX file.
func (s *search) workbook(t *testing.T, path string) error {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
		s.text(t, path+"/"+part.Name, string(b))
	}
	return nil
}

// tables lists the tables of state.duckdb.
func (s *search) tables(t *testing.T) []string {
	t.Helper()
	rows, err := s.eng.DB().QueryContext(t.Context(), `SELECT 'state.main."' || table_name || '"' FROM duckdb_tables() WHERE database_name = 'state' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// values searches the distinct texts of every text column.
func (s *search) values(t *testing.T, where, from string) {
	t.Helper()
	rows, err := s.eng.DB().QueryContext(t.Context(), "SELECT column_name FROM (DESCRIBE SELECT * FROM "+from+") WHERE column_type = 'VARCHAR'")
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	defer rows.Close()
	var parts []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, fmt.Sprintf("coalesce(string_agg(DISTINCT %s, ' '), '')", engine.Ident(name)))
	}
	if err := rows.Err(); err != nil || len(parts) == 0 {
		t.Fatalf("%s: %d text columns, %v", where, len(parts), err)
	}
	var text string
	if err := s.eng.DB().QueryRowContext(t.Context(), "SELECT concat_ws(' ', "+strings.Join(parts, ", ")+") FROM "+from).Scan(&text); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	s.text(t, where, text)
}

func (s *search) text(t *testing.T, where, text string) {
	t.Helper()
	s.bytes += len(text)
	if m := residentID.FindString(text); m != "" {
		t.Errorf("%s holds a resident ID: %s…", where, m[:10])
	}
	if slices.ContainsFunc(s.plain, func(n string) bool { return strings.Contains(text, n) }) && s.names.MatchString(text) {
		t.Errorf("%s holds a name of the synthetic city", where)
	}
	for _, id := range s.ids {
		if id != "" && strings.Contains(text, id) {
			t.Errorf("%s holds an ID of the synthetic city", where)
			return
		}
	}
}
