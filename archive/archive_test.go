package archive

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

type entry struct {
	name string
	body []byte
	raw  bool // the name is given as bytes without the UTF-8 flag
	edit func(*zip.FileHeader)
}

func zipped(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, NonUTF8: e.raw, Method: zip.Deflate}
		if e.edit != nil {
			e.edit(h)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.body); err != nil {
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
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gbk(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unpack gives the members as name=content, one a line.
func unpack(t testing.TB, name string, body []byte, lim Limits) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	members, err := Unpack(t.Context(), file, name, dir, lim)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, m := range members {
		b, err := os.ReadFile(m.Path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(m.Path) != dir {
			t.Errorf("%s lies outside", m.Path)
		}
		out.WriteString(m.Name + "=" + string(b) + "\n")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != len(members) {
		t.Errorf("%d files for %d members, %v", len(left), len(members), err)
	}
	return out.String(), nil
}

func TestMembers(t *testing.T) {
	csv := []byte("a,b\n1,2\n")
	book := zipped(t, entry{name: "[Content_Types].xml", body: []byte("<x/>")}, entry{name: "xl/workbook.xml"})
	for _, c := range []struct {
		name, file string
		body       []byte
		want       string
	}{
		{"utf-8 with flag", "a.zip", zipped(t, entry{name: "社保缴费_202610.csv", body: csv}), "社保缴费_202610.csv=a,b\n1,2\n\n"},
		{"gbk without flag", "a.zip", zipped(t, entry{name: gbk(t, "社保缴费_202610.csv"), raw: true, body: csv}), "社保缴费_202610.csv=a,b\n1,2\n\n"},
		{"a gbk name that is valid utf-8", "a.zip", zipped(t, entry{name: gbk(t, "联通") + ".csv", raw: true, body: csv}), "联通.csv=a,b\n1,2\n\n"},
		{"utf-8 without flag", "a.zip", zipped(t, entry{name: "增减员_20261012.csv", raw: true, body: csv}), "增减员_20261012.csv=a,b\n1,2\n\n"},
		{"folder", "a.zip", zipped(t, entry{name: "新华区/"}, entry{name: "新华区/x.csv", body: csv}), "新华区/x.csv=a,b\n1,2\n\n"},
		{"traversal", "a.zip", zipped(t, entry{name: "../../etc/x.csv", body: csv}), "x.csv=a,b\n1,2\n\n"},
		{"absolute", "a.zip", zipped(t, entry{name: "/etc/x.csv", body: csv}), "x.csv=a,b\n1,2\n\n"},
		{"windows", "a.zip", zipped(t, entry{name: `C:\out\x.csv`, raw: true, body: csv}), "x.csv=a,b\n1,2\n\n"},
		{"one name twice", "a.zip", zipped(t, entry{name: "x.csv", body: []byte("1")}, entry{name: "x.csv", body: []byte("2")}), "x.csv=1\n2/x.csv=2\n"},
		{"litter", "a.zip", zipped(t, entry{name: "__MACOSX/._x.csv", body: csv}, entry{name: ".DS_Store"}, entry{name: "x.csv", body: []byte("1")}), "x.csv=1\n"},
		{"zip in zip", "a.zip", zipped(t, entry{name: "in.zip", body: zipped(t, entry{name: "x.csv", body: []byte("1")})}), "in.zip/x.csv=1\n"},
		{"text gz in zip stays for its reader", "a.zip", zipped(t, entry{name: "x.csv.gz", body: gzipped(t, csv)}), "x.csv.gz=" + string(gzipped(t, csv)) + "\n"},
		{"zip in gz", "a.zip.gz", gzipped(t, zipped(t, entry{name: "x.csv", body: []byte("1")})), "a.zip/x.csv=1\n"},
		{"an ending in any case", "A.XLSX.Gz", gzipped(t, book), "A.XLSX=" + string(book) + "\n"},
		{"workbook in gz", "a.xlsx.gz", gzipped(t, book), "a.xlsx=" + string(book) + "\n"},
		{"workbook in zip", "a.zip", zipped(t, entry{name: "b.xlsx", body: book}), "b.xlsx=" + string(book) + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := unpack(t, c.file, c.body, Default)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	one := entry{name: "x.csv", body: []byte("1")}
	deep := zipped(t, entry{name: "b.zip", body: zipped(t, entry{name: "c.zip", body: zipped(t, one)})})
	zeros := make([]byte, 64<<20)
	whole := zipped(t, entry{name: "x.csv", body: bytes.Repeat([]byte("410402,1\n"), 4000)})
	for _, c := range []struct {
		name string
		body []byte
		lim  Limits
		want string
	}{
		{"ratio", zipped(t, entry{name: "x.csv", body: zeros}), Default, "bomb"},
		{"ratio in a nested one", zipped(t, entry{name: "b.zip", body: zipped(t, entry{name: "x.csv", body: zeros})}), Default, "bomb"},
		{"size", zipped(t, entry{name: "x.csv", body: []byte("0123456789")}), Limits{200, 5, 10}, "bomb"},
		{"size over many", zipped(t, entry{name: "x.csv", body: []byte("0123")}, entry{name: "y.csv", body: []byte("0123")}), Limits{200, 5, 10}, "bomb"},
		{"entries", zipped(t, one, entry{name: "y.csv"}, entry{name: "z.csv"}), Limits{200, 1 << 20, 2}, "more than 2 entries"},
		{"deep", deep, Default, "nested too deep"},
		{"encrypted", zipped(t, entry{name: "x.csv", edit: func(h *zip.FileHeader) { h.Flags |= 1 }}), Default, "encrypted"},
		{"truncated", whole[:len(whole)-9], Default, "压缩包 a.zip 本身已损坏或不完整"},
		{"damaged member", damaged(whole), Default, "压缩包中的 x.csv 已损坏或不完整"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := unpack(t, "a.zip", c.body, c.lim)
			if !Refused(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a refusal with %q", err, c.want)
			}
		})
	}
}

// damaged turns bytes in the middle of the first member.
func damaged(b []byte) []byte {
	out := bytes.Clone(b)
	for i := 60; i < 70; i++ {
		out[i] ^= 0xff
	}
	return out
}

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		name string
		body []byte
		want Kind
	}{
		{"x.csv", []byte("a,b\n"), Plain},
		{"empty.csv", nil, Plain},
		{"x.csv.gz", gzipped(t, []byte("a,b\n")), Plain},
		{"x.zip", zipped(t, entry{name: "x.csv"}), Zip},
		{"workbook.zip", zipped(t, entry{name: "[Content_Types].xml"}), Plain},
		{"called.xlsx", zipped(t, entry{name: "x.csv"}), Zip},
		{"broken.xlsx", []byte("PK\x03\x04broken"), Plain},
		{"broken.zip", []byte("PK\x03\x04broken"), Zip},
		{"x.zip.gz", gzipped(t, zipped(t, entry{name: "x.csv"})), Gzip},
	} {
		file := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(file, c.body, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Sniff(file, c.name)
		if err != nil || got != c.want {
			t.Errorf("%s: %v %v, want %v", c.name, got, err, c.want)
		}
	}
}

// FuzzUnpack: whatever the bytes are, nothing is written outside the folder and
// no more than the limits allow.
func FuzzUnpack(f *testing.F) {
	f.Add(zipped(f, entry{name: "../x.csv", body: []byte("1")}, entry{name: "in.zip", body: zipped(f, entry{name: "y.csv"})}))
	f.Add(gzipped(f, zipped(f, entry{name: gbk(f, "社保.csv"), raw: true, body: []byte("1")})))
	f.Fuzz(func(t *testing.T, body []byte) {
		dir := t.TempDir()
		file := filepath.Join(dir, "x")
		out := filepath.Join(dir, "out")
		if err := errors.Join(os.WriteFile(file, body, 0o600), os.Mkdir(out, 0o700)); err != nil {
			t.Fatal(err)
		}
		members, err := Unpack(t.Context(), file, "a.zip", out, Limits{Ratio: 200, Bytes: 1 << 20, Entries: 50})
		if err != nil && !Refused(err) {
			t.Fatal(err)
		}
		var total int64
		for _, m := range members {
			info, err := os.Stat(m.Path)
			if err != nil || filepath.Dir(m.Path) != out || !filepath.IsLocal(m.Name) {
				t.Fatalf("%+v: %v", m, err)
			}
			total += info.Size()
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 2 || total > 1<<20 {
			t.Fatalf("%v, %d bytes, %v", left, total, err)
		}
	})
}
