package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"laborwatch/codes"
)

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
