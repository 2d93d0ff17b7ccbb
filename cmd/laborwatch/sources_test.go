package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The pull, the load's summary and the list say the same of an archive with a
// file that no contract knows: it is loaded, and the file is told.
func TestSourcesTellOfStrayMembers(t *testing.T) {
	dir := t.TempDir()
	text := "data: data\nsources:\n  - {name: county, kind: directory, settle: 20ms, directory: {path: out, after: move:loaded}}\n"
	if err := os.WriteFile(filepath.Join(dir, "laborwatch.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, dir, []int{0}, "init")
	f, err := os.Create(filepath.Join(dir, "out", "五月.zip"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, body := range map[string]string{"岗位信息_202605.csv": "岗位编号,工作地区划,招聘人数,发布日期\nP1,410402,1,2026-05-04\n", "说明.docx": "?"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, errs, code := run(t, dir, "sources", "pull", "county")
	list := must(t, dir, []int{0}, "sources", "list", "county")
	for _, c := range []struct{ text, want string }{
		{out, "county: 1 on offer, 1 loaded, 0 refused, 0 waiting, 0 failed"},
		{out, "[已装载 / done] 五月.zip: 压缩包内：装载 1 个文件，拒收 0 个，无法识别 1 个"},
		{out, "loaded 1 extracts"},
		{out, "0 extracts refused"},
		{errs, "county/五月.zip/说明.docx"},
		{list, "1 that no contract knows: 说明.docx"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%q is missing from:\n%s", c.want, c.text)
		}
	}
	if code != exitRefused {
		t.Errorf("exit %d", code)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "loaded", "五月.zip")); err != nil {
		t.Error(err)
	}
}
