package infer

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

const registrations = "登记编号,证件号码,登记地区划,登记日期,失业原因\nS1,410499196102020019,410402,2026-06-01,毕业\nS2,410499196203030021,410403,2026-06-02,单位失业\n"

// zipped packs name, content pairs.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(body)
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func book(t testing.TB) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, line := range strings.Split(strings.TrimSpace(registrations), "\n") {
		row := strings.Split(line, ",")
		if err := f.SetSheetRow("Sheet1", "A"+string(rune('1'+i)), &row); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The only table of an archive is looked at under its own name, and nothing of
// it stays.
func TestArchives(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for name, c := range map[string]struct {
		body []byte
		file string
	}{
		"报送.zip":              {zipped(t, "新华区/失业登记_新华区_202606.csv", registrations, "新华区/说明.doc", "x"), "失业登记_新华区_202606.csv"},
		"REPORT.ZIP":          {zipped(t, "失业登记_202606.XLSX", string(book(t))), "失业登记_202606.XLSX"},
		"失业登记_202606.xlsx.gz": {gzipped(t, book(t)), "失业登记_202606.xlsx"},
		"全市.zip":              {zipped(t, "失业登记_202606.csv.gz", string(gzipped(t, []byte(registrations)))), "失业登记_202606.csv.gz"},
	} {
		g := guess(t, write(t, name, c.body))
		if g.File != c.file || g.Archive != name || g.Feed != "unemployment_registration" || g.Rows != 2 {
			t.Errorf("%s: %s from %s, feed %q, %d rows", name, g.File, g.Archive, g.Feed, g.Rows)
		}
		if shown := all(t, g); !strings.Contains(shown, "取自压缩包 "+name) {
			t.Errorf("%s: the report does not name the archive\n%s", name, shown)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// An archive that cannot be looked at says what is in it, or that it is damaged.
func TestArchivesRefused(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	whole := zipped(t, "失业登记_202606.csv", registrations)
	for name, c := range map[string]struct {
		body []byte
		want []string
	}{
		"several.zip": {zipped(t, "a.csv", "1", "b.XLSX", "2", "说明.txt", "3"), []string{"several.zip 是压缩包", "a.csv、b.XLSX、说明.txt", "解压"}},
		"papers.zip":  {zipped(t, "a.doc", "1", "b.xls", "2"), []string{"papers.zip 是压缩包", "a.doc、b.xls", "CSV 或 XLSX"}},
		"empty.zip":   {zipped(t), []string{"empty.zip 是压缩包，里面没有文件"}},
		"cut.zip":     {whole[:len(whole)/2], []string{"压缩包 cut.zip 本身已损坏或不完整"}},
		"cut.csv.gz":  {gzipped(t, bytes.Repeat([]byte(registrations), 500))[:200], []string{"cut.csv.gz", "gzip 文件不完整或已损坏"}},
	} {
		_, err := File(context.Background(), write(t, name, c.body), Options{Contracts: contracts(t)})
		if err == nil {
			t.Errorf("%s is read", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "XLSX 文件打不开") {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}
