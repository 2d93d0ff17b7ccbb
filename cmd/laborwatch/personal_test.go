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
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"laborwatch/codes"
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

// TestNoPersonalData runs everything there is on a city, good and bad extracts,
// with the most detailed logs, and looks for any ID, name or phone in what the
// folder holds, in all that was printed, and in what the daemon serves.
func TestNoPersonalData(t *testing.T) {
	city := t.TempDir()
	must(t, city, []int{0}, append(small, "--out", city)...)
	inbox := filepath.Join(city, "inbox")
	dir := folder(t, inbox)
	printed := map[string]string{}
	do := func(args ...string) {
		t.Helper()
		out, errs, _ := run(t, dir, append(args, "-v")...)
		if len(out)+len(errs) == 0 {
			t.Errorf("laborwatch %s printed nothing", strings.Join(args, " "))
		}
		printed["laborwatch "+strings.Join(args, " ")] += out + "\n" + errs
	}
	slid, phones := spoil(t, inbox, dir)
	do("ingest")
	for _, f := range []string{"求职登记_202611.csv", "求职登记_202612.csv", "失业登记_202612.csv", "增减员_20261201.csv", "社保缴费_202612.csv"} {
		do("ingest", f)
	}
	for f, rows := range slid {
		do("ingest", f)
		if told := fmt.Sprintf("%d rows in, %d loaded", rows[0], rows[1]); !strings.Contains(printed["laborwatch ingest "+f], told) {
			t.Errorf("%s: no %q in\n%s", f, told, printed["laborwatch ingest "+f])
		}
	}
	do("transform", "--plan")
	do("transform")
	for _, format := range []string{"table", "csv", "json"} {
		do("quarantine", "list", "--format", format, "--limit", "0")
		do("duplicates", "--period", "2026-06", "--format", format)
		do("alerts", "list", "--status", "all", "--format", format)
		do("query", "registered_unemployed", "--by", "region", "--format", format)
	}
	do("release", "build", "2026-08")
	do("doctor")
	do("export", filepath.Join(dir, "data", "releases", "cube.csv"))
	before := searchData(t, filepath.Join(dir, "data"), inbox, phones...)
	do("key", "rotate")
	do("key", "check")
	do("ingest")
	do("transform")
	do("release", "build", "2026-08")
	serve(t, dir, printed)
	s := searchData(t, filepath.Join(dir, "data"), inbox, phones...)
	for what, text := range printed {
		s.text(t, what, text)
	}
	t.Logf("%d IDs, %d names, %d phones; %d and %d files, %d MB", len(s.full), len(s.names), len(s.phones), before.files, s.files, (before.bytes+s.bytes)>>20)
	if all := printed["laborwatch quarantine list --format csv --limit 0"]; strings.Count(all, "\n") < 20 || !strings.Contains(all, "excel_rounded") {
		t.Error("the quarantine is not what the test is about")
	}
}

// spoil writes extracts with persons in every place where they do not belong:
// without a header, without a required column, in columns that no contract
// knows, in rows of too many cells, and with IDs that are nearly right; and those
// of slide.
func spoil(t *testing.T, inbox, dir string) (slid map[string][2]int, phones []string) {
	t.Helper()
	var rows [][]string
	if err := filepath.WalkDir(inbox, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(d.Name(), "求职登记_") || rows != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c := csv.NewReader(bytes.NewReader(b))
		c.FieldsPerRecord, c.LazyQuotes = -1, true
		rows, err = c.ReadAll()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	id, name := slices.Index(rows[0], "证件号码"), slices.Index(rows[0], "姓名")
	if id < 0 || name < 0 || len(rows) < 40 {
		t.Fatalf("header %q, %d rows", rows[0], len(rows))
	}
	var headless, unknown, wrong, changes, insurance strings.Builder
	wrong.WriteString("登记编号,证件号码,姓名,登记地区划,登记日期,失业原因,注销日期\n")
	unknown.WriteString("求职编号,证件号码,姓名,配偶姓名,配偶证件号码,求职地区划,登记日期\n")
	changes.WriteString("证件号码,姓名,统一社会信用代码,变更日期,增减标志,变更原因\n")
	insurance.WriteString("费款所属期,姓名,社会保障号码\n")
	for i, r := range rows[1:40] {
		x, n := strings.TrimSpace(narrow(r[id])), r[name]
		fmt.Fprintf(&headless, "%s,%s,410402\n", x, n)
		fmt.Fprintf(&unknown, "Q%d,%s,%s,%s,%s,410402,2026-11-03\n", i, x, n, n, x)
		// Values that slid into other columns, and numbers that lack their end.
		fmt.Fprintf(&wrong, "%s,%s,%s,%s,%s,%s,%s\n", x, x[:len(x)-1], n, x, x, n, n)
		fmt.Fprintf(&changes, "%s,%s,%s,%s,%s,%s,%s,%s\n", x, n, x, n, x, n, x, n)
		fmt.Fprintf(&insurance, "%s,%s,%s\n", x, n, x)
	}
	for file, text := range map[string]string{
		"求职登记_202612.csv": headless.String(), "求职登记_202611.csv": unknown.String(), "失业登记_202612.csv": wrong.String(),
		"增减员_20261201.csv": changes.String(), "社保缴费_202612.csv": insurance.String(),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return slide(t, dir, rows[1:40], id, name)
}

// slide writes extracts in which IDs, phones and names slid into columns of free
// text and of codes, in forms that are no plain ID: of 15 digits, mistyped, in
// groups, with hyphens. Two rows in five have such a cell; it gives how many rows
// each file has and how many are good, and the phone numbers.
func slide(t *testing.T, dir string, persons [][]string, id, name int) (slid map[string][2]int, phones []string) {
	t.Helper()
	slid = map[string][2]int{}
	text := map[string]string{
		"农村劳动力_202612.csv": "证件号码,户籍地区划,乡镇代码,采集日期,就业状态,务工地区划\n",
		"零就业家庭_202612.csv": "家庭编号,行政区划代码,乡镇街道代码,家庭状态,认定日期,帮扶措施\n",
		"监测企业_202612.csv":  "监测月份,统一社会信用代码,企业名称,建档期就业人数,调查期就业人数,增加原因,减少原因\n",
		"高校毕业生_202612.csv": "证件号码,登记地区划,毕业年份,毕业院校,专业,学历,就业状态\n",
	}
	row := func(file string, good bool, cells ...string) {
		for _, c := range cells {
			text[file] += c
		}
		text[file] += "\n"
		n := slid[file]
		if n[0]++; good {
			n[1]++
		}
		slid[file] = n
	}
	n := 0
	for i, r := range persons {
		x, who := strings.ToUpper(strings.TrimSpace(narrow(r[id]))), r[name]
		if len(x) != 18 || x[6:8] != "19" {
			continue
		}
		mobile, landline := fmt.Sprintf("138%08d", 12340000+i), fmt.Sprintf("0375%07d", 2861000+i)
		phones = append(phones, mobile, landline)
		other := map[bool]string{true: "2", false: "1"}[x[17] == '1']
		for j, cell := range []string{
			x, x[:17] + other, x[:6] + x[8:17], x[:6] + " " + x[6:14] + " " + x[14:], x[:6] + "-" + x[6:14] + "-" + x[14:], mobile[:3] + "-" + mobile[3:7] + "-" + mobile[7:], landline[:4] + "-" + landline[4:],
		} {
			n++
			at := func(place int, otherwise string) string {
				if (i+j)%5 == place {
					return cell
				}
				return otherwise
			}
			good := (i+j)%5 > 1
			row("农村劳动力_202612.csv", good, synthetic(n), ",410402,", at(0, "410402001"), ",2026-12-01,县内务工,", at(1, "440300"))
			row("零就业家庭_202612.csv", good, at(0, fmt.Sprintf("LJY410402-%04d", n)), ",410402,", at(1, "410402001"), ",在册,2026-12-01,", map[bool]string{true: who, false: "公益性岗位"}[j == 2])
			row("监测企业_202612.csv", good, "2026-12,", credit(n), ",示例公司", at(0, ""), at(1, ""), ",10,10,经办人", who, ",", who)
			row("高校毕业生_202612.csv", true, synthetic(n), ",410402,2025,", who, "大学 ", who, ",", cell, ",本科,求职中")
		}
	}
	if n < 100 {
		t.Fatalf("only %d rows", n)
	}
	for file, text := range text {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return slid, phones
}

// synthetic is a valid ID under a county code never assigned.
func synthetic(n int) string {
	first := fmt.Sprintf("410499%04d%02d%02d%03d", 1950+n%50, 1+n%12, 1+n%28, n%1000)
	c, _ := codes.ResidentCheck(first)
	return first + string(c)
}

// credit is a valid credit code.
func credit(n int) string {
	first := fmt.Sprintf("91410499MB%07d", n)
	c, _ := codes.CreditCheck(first)
	return first + string(c)
}

// serve runs the daemon and takes its pages, its metrics and its log.
func serve(t *testing.T, dir string, printed map[string]string) {
	t.Helper()
	cmd := command(t, dir, "serve", "--listen", "127.0.0.1:0", "-v")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := out.Read(line)
	url := regexp.MustCompile(`http://[0-9.:]+`).FindString(string(line[:n]))
	if err != nil || url == "" {
		t.Fatalf("%v: %s%s", err, line[:n], log.String())
	}
	for _, page := range []string{"/", "/alerts", "/releases/", "/metrics", "/api/indicators", "/api/observations?indicator=registered_unemployed", "/api/observations?indicator=duplicate_registrations"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+page, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK || len(b) < 100 {
			t.Errorf("%s: %s, %d bytes, %v", page, res.Status, len(b), err)
		}
		printed[page] = string(b)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Errorf("serve: %v", err)
	}
	printed["serve"] = string(rest) + log.String()
}
