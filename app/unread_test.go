package app

import (
	"bytes"
	"compress/gzip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"laborwatch/ingest"
)

// The advice about a file that no contract knows leads to one that is read, and
// not into another refusal.
func TestUnread(t *testing.T) {
	cs, err := ingest.LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	const byFeed = "ingest FEED FILE"
	for file, want := range map[string][]string{
		"a/社保缴费_202610.xls":  {"a/社保缴费_202610.xls。", "另存为 XLSX 或 CSV，例如 社保缴费_202610.xlsx"},
		"失业登记名单.ET":          {"另存为 XLSX 或 CSV，例如 失业登记_202606.xlsx"},
		"x.rar":              {"解压", "zip"},
		"x.7Z":               {"解压", "zip"},
		"x.docx":             {"导出 XLSX 或 CSV"},
		"x.wps":              {"导出 XLSX 或 CSV"},
		"裁员备案.PDF":           {"导出 XLSX 或 CSV", "裁员备案_202606"},
		"x.dbf":              {"另存为 CSV 或 XLSX"},
		"本县岗位信息202606.csv":   {byFeed, "岗位信息_202606.xlsx、社保缴费_202606.csv"},
		"strange.csv":        {byFeed, "社保缴费_202606.xlsx、失业登记_202606.csv"},
		"README":             {byFeed},
		"layoff_notice.xlsx": {byFeed, "裁员备案_202606"},
	} {
		got := Unread(cs, file)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %s, want %q", file, got, w)
			}
		}
		if want[0] != byFeed && strings.Contains(got, byFeed) {
			t.Errorf("%s: to name the feed is of no use: %s", file, got)
		}
		if !strings.HasPrefix(got, "无法识别的文件：") || !strings.Contains(got, " / unrecognized file: ") {
			t.Errorf("%s: %s", file, got)
		}
	}
	own := ingest.Contracts{"mobile_flow": cs["mobile_flow"]}
	if got := Unread(own, "x.csv"); !strings.Contains(got, "移动通信流动_202606") || strings.Contains(got, "社保") {
		t.Errorf("names of feeds that are not in use: %s", got)
	}
}

// Endings are taken in any case, in the inbox and in archives; a file that is
// named and unknown gets the advice, not the list of feeds.
func TestEndingsInAnyCase(t *testing.T) {
	cfg := towns(t)
	a := start(t, cfg)
	month := func(m string) string { return strings.ReplaceAll(vacancies, "2026-05", "2026-"+m) }
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	if _, err := w.Write([]byte(month("07"))); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	inbox := cfg.Ingest.Inbox
	put(t, filepath.Join(inbox, "岗位信息_202605.CSV"), []byte(vacancies))
	put(t, filepath.Join(inbox, "六月.ZIP"), zipOf(t, map[string]string{"岗位信息_202606.CSV": month("06")}, true))
	put(t, filepath.Join(inbox, "岗位信息_202607.CSV.GZ"), gz.Bytes())
	put(t, filepath.Join(inbox, "岗位信息_202608.XLS"), []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
	sum, err := a.Ingest(t.Context(), "", nil)
	if err != nil || len(sum.Loads) != 3 || len(sum.Refused) != 0 || !slices.Equal(sum.Unknown, []string{"岗位信息_202608.XLS"}) {
		t.Errorf("%d loads, refused %v, unknown %v, %v", len(sum.Loads), sum.Refused, sum.Unknown, err)
	}
	named := filepath.Join(inbox, "岗位信息_202608.XLS")
	if _, err := a.TryIngest(t.Context(), "", []string{named, "no/such.csv"}); err == nil || !strings.Contains(err.Error(), "另存为 XLSX 或 CSV，例如 岗位信息_202608.xlsx") || !strings.Contains(err.Error(), "没有文件 no/such.csv") {
		t.Errorf("error %v", err)
	}
}
