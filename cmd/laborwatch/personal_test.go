package main

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"laborwatch/engine"
	"laborwatch/ingest"
)

// raw is everything personal that stands in the extracts of a city: what must
// not be found anywhere else, in whatever form.
type raw struct {
	columns map[string]func(*raw, string)
	// full are the first 17 digits of every ID number, which its other forms and
	// its check digit hang on; short are those of 15 digits.
	full, short, names, phones map[string]bool
}

// personalColumns says what to do with the columns that are personal, by their
// headers: those that contracts read persons from, and those that they leave out.
func personalColumns(t *testing.T) map[string]func(*raw, string) {
	t.Helper()
	contracts, err := ingest.LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]func(*raw, string){}
	for _, c := range contracts {
		for _, h := range c.Personal {
			switch {
			case strings.Contains(h, "电话") || strings.Contains(h, "手机"):
				out[h] = func(r *raw, s string) { r.phones[s] = true }
			case strings.Contains(h, "姓名") || strings.Contains(h, "联系人") || h == "AAC003":
				out[h] = func(r *raw, s string) { r.names[s] = true }
			}
		}
		for _, col := range c.Columns {
			if col.Type == "person" {
				for _, h := range col.Aliases {
					out[h] = (*raw).id
				}
			}
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d personal columns", len(out))
	}
	return out
}

// id takes a number in any form, and in all forms.
func (r *raw) id(s string) {
	s = strings.TrimSpace(narrow(s))
	switch {
	case len(s) == 18 && digits(s[:17]):
		r.full[s[:17]] = true
		if s[6:8] == "19" {
			r.short[s[:6]+s[8:17]] = true
		}
	case len(s) == 15 && digits(s):
		r.short[s] = true
		r.full[s[:6]+"19"+s[6:]] = true
	}
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// narrow makes full-width characters half-width.
func narrow(s string) string {
	if !strings.Contains(s, "\xef\xbc") && !strings.Contains(s, "\xef\xbd") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, s)
}

// collect reads the personal columns of all extracts in a folder.
func collect(t *testing.T, inbox string) *raw {
	t.Helper()
	r := &raw{columns: personalColumns(t), full: map[string]bool{}, short: map[string]bool{}, names: map[string]bool{}, phones: map[string]bool{}}
	if err := filepath.WalkDir(inbox, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".csv":
			return r.csv(path)
		case ".xlsx":
			return r.xlsx(path)
		case ".parquet": // employers
			return nil
		}
		return fmt.Errorf("%s: an extract that is not looked into", path)
	}); err != nil {
		t.Fatal(err)
	}
	delete(r.names, "")
	if len(r.full) < 10_000 || len(r.short) < 5_000 || len(r.names) < 100 || len(r.phones) < 100 {
		t.Fatalf("only %d IDs, %d of 15 digits, %d names and %d phones to look for", len(r.full), len(r.short), len(r.names), len(r.phones))
	}
	return r
}

func (r *raw) rows(next func() ([]string, error)) error {
	var take map[int]func(*raw, string)
	for {
		row, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if take == nil {
			found := map[int]func(*raw, string){}
			for i, h := range row {
				if f, ok := r.columns[strings.TrimPrefix(h, "\ufeff")]; ok {
					found[i] = f
				}
			}
			if len(found) > 0 {
				take = found
			}
			continue
		}
		for i, f := range take {
			if i < len(row) {
				f(r, row[i])
			}
		}
	}
}

func (r *raw) csv(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var in io.Reader = bytes.NewReader(b)
	if !utf8.Valid(b) {
		in = simplifiedchinese.GB18030.NewDecoder().Reader(in)
	}
	c := csv.NewReader(in)
	c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = -1, true, true
	return r.rows(c.Read)
}

func (r *raw) xlsx(path string) error {
	f, err := excelize.OpenFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			return err
		}
		if err := r.rows(func() ([]string, error) {
			if len(rows) == 0 {
				return nil, io.EOF
			}
			row := rows[0]
			rows = rows[1:]
			return row, nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// never is any ID number under the county codes of synthetic cities, whoever's it
// is, as a run of digits: whole, without its check digit, or of 15 digits.
var never = regexp.MustCompile(`410499(19|20)\d\d(0[1-9]|1[0-2])[0-3]\d\d{3}|^410499\d\d(0[1-9]|1[0-2])[0-3]\d\d{3}$`)

// digitRuns gives the runs of eleven digits and more.
func digitRuns(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := 0
		for i := 0; i <= len(text); i++ {
			if i < len(text) && text[i] >= '0' && text[i] <= '9' {
				continue
			}
			if i-start >= 11 && !yield(text[start:i]) {
				return
			}
			start = i + 1
		}
	}
}

// parted are IDs and phone numbers in groups, as people write them.
var parted = regexp.MustCompile(`\d{6}[ -]\d{8}[ -]\d{3}[\dXx]|\d{6}[ -]\d{6}[ -]\d{3}|1\d{2}[ -]\d{4}[ -]\d{4}|0\d{2,3}[ -]\d{7,8}`)

// hits names what of the personal data stands in a text.
func (r *raw) hits(text string) []string {
	found := map[string]bool{}
	text = narrow(text)
	for _, number := range parted.FindAllString(text, -1) { // known ones alone: neighbors in a list look like them, too
		n := strings.NewReplacer(" ", "", "-", "").Replace(number)
		switch {
		case r.phones[n]:
			found["a phone"] = true
		case r.short[n], len(n) == 18 && r.full[n[:17]]:
			found["a resident ID"] = true
		}
	}
	for run := range digitRuns(text) {
		if len(run) == 11 && r.phones[run] {
			found["a phone"] = true
		}
		if strings.Contains(run, "410499") && never.MatchString(run) {
			found["a resident ID"] = true
		}
		for i := 0; i+15 <= len(run); i++ {
			if r.short[run[i:i+15]] || (i+17 <= len(run) && r.full[run[i:i+17]]) {
				found["a resident ID"] = true
			}
		}
	}
	// A name counts where it stands alone: employers' names begin alike.
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool { return !unicode.Is(unicode.Han, c) && !unicode.IsDigit(c) }) {
		if r.names[word] {
			found["a name"] = true
		}
	}
	var out []string
	for f := range found {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}

// control shows that the search finds what it is to find.
func (r *raw) control(t *testing.T) {
	t.Helper()
	var id, short, name, phone string
	for id = range r.full {
		if id[6:8] == "19" {
			break
		}
	}
	short = id[:6] + id[8:]
	for name = range r.names {
		break
	}
	for phone = range r.phones {
		break
	}
	wide := func(s string) string {
		return strings.Map(func(c rune) rune { return c - '!' + '！' }, s)
	}
	for text, want := range map[string]string{
		"x" + id + "X,": "a resident ID", id + "x": "a resident ID", id: "a resident ID", "9" + id + "09": "a resident ID",
		short: "a resident ID", "'" + short + "'": "a resident ID", wide(id + "X"): "a resident ID", wide(short): "a resident ID",
		id[:6] + " " + id[6:14] + "-" + id[14:] + "X": "a resident ID", short[:6] + "-" + short[6:12] + "-" + short[12:]: "a resident ID", phone[:3] + "-" + phone[3:7] + "-" + phone[7:]: "a phone",
		"\x00" + name + "\x01": "a name", "姓名：" + name + "，": "a name", phone: "a phone", "<" + wide(phone) + ">": "a phone",
	} {
		if !slices.Equal(r.hits(text), []string{want}) {
			t.Fatalf("the search finds %v, not %s", r.hits(text), want)
		}
	}
	if got := r.hits("91410499MA00DB1BQ7 " + name + "2有限公司 0.410499123456 2026-05-01"); got != nil {
		t.Fatalf("the search finds %v where there is nothing", got)
	}
}

// search is a look through what a run wrote, and how much was looked through.
type search struct {
	*raw
	eng          *engine.DuckDB
	bytes, files int
}

func (s *search) text(t *testing.T, where, text string) {
	t.Helper()
	s.bytes += len(text)
	for _, what := range s.hits(text) {
		t.Errorf("%s holds %s", where, what)
	}
}

// noPersonalData looks through everything that a full run wrote into a data
// folder, but for the extracts themselves: the bytes of all files, the parts of
// packed ones, and the values of lake, ledger and warehouse, which lie
// compressed on disk.
func noPersonalData(t *testing.T, data string) { searchData(t, data, filepath.Join(data, "inbox")) }

// searchData looks for what the inbox holds, and for more phone numbers.
func searchData(t *testing.T, data, inbox string, phones ...string) *search {
	t.Helper()
	s := &search{raw: collect(t, inbox)}
	for _, p := range phones {
		s.phones[p] = true
	}
	s.control(t)
	var err error
	if s.eng, err = engine.Open(t.Context(), engine.Options{Dir: data, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer s.eng.Close()
	parquet := 0
	if err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "inbox" || d.Name() == "truth"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		s.files++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s.text(t, path, string(b))
		if strings.HasSuffix(path, ".parquet") {
			parquet++
			s.values(t, path, "read_parquet("+engine.Quote(path)+", hive_partitioning = false)")
			s.values(t, path+" metadata", "(SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata("+engine.Quote(path)+"))")
		}
		if bytes.HasPrefix(b, []byte("PK\x03\x04")) {
			return s.packed(t, path)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	tables := s.tables(t)
	for _, table := range tables {
		s.values(t, table, table)
	}
	has := func(db string) bool {
		return slices.ContainsFunc(tables, func(t string) bool { return strings.HasPrefix(t, db+".") })
	}
	if !has("state") || !has("wh") || parquet < 10 || s.bytes < 1<<20 {
		t.Errorf("searched only %v, %d Parquet files and %d bytes", tables, parquet, s.bytes)
	}
	return s
}

// packed searches the parts of an XLSX or another zip.
func (s *search) packed(t *testing.T, path string) error {
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

// tables lists the tables of both databases.
func (s *search) tables(t *testing.T) []string {
	t.Helper()
	rows, err := s.eng.DB().QueryContext(t.Context(), `SELECT database_name || '.main."' || table_name || '"' FROM duckdb_tables() WHERE database_name IN ('state', 'wh') ORDER BY 1`)
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

// values searches the distinct values of every column, whatever its type: a
// number may be an ID too.
func (s *search) values(t *testing.T, where, from string) {
	t.Helper()
	rows, err := s.eng.DB().QueryContext(t.Context(), "SELECT column_name FROM (DESCRIBE SELECT * FROM "+from+")")
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
		s.text(t, where, name)
		parts = append(parts, fmt.Sprintf("coalesce(string_agg(DISTINCT CAST(%s AS VARCHAR), ' '), '')", engine.Ident(name)))
	}
	if err := rows.Err(); err != nil || len(parts) == 0 {
		t.Fatalf("%s: %d columns, %v", where, len(parts), err)
	}
	var text string
	if err := s.eng.DB().QueryRowContext(t.Context(), "SELECT concat_ws(' ', "+strings.Join(parts, ", ")+") FROM "+from).Scan(&text); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	s.text(t, where, text)
}
