package ingest

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// Every refused extract leaves the lake as it was, and the others load.
func TestRefusals(t *testing.T) {
	whole := book(t, [][]any{{"岗位编号", "工作地区划", "招聘人数", "发布日期"}, {"G1", "410402", 1, "2026-05-01"}})
	for _, c := range []struct {
		name, file string
		b          []byte
		zh, en     string
	}{
		{"empty", "社保缴费_202604.csv", nil, "文件是空的", "empty"},
		{"blank", "社保缴费_202604.csv", []byte(" \n\n"), "文件是空的", "empty"},
		{"PDF", "社保缴费_202604.csv", []byte("%PDF-1.4 …"), "另存为 CSV", "PDF"},
		{"binary", "社保缴费_202604.csv", bytes.Repeat([]byte{0, 1, 2, 250}, 500), "不是文本", "0x00 × "},
		{"old XLS", "社保缴费_202604.csv", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "XLS", "XLS"},
		{"missing column", "社保缴费_202604.csv", []byte(strings.Replace(social("202604", 2), "社会保障号码", "社会保障号马", 1)), "统一社会信用代码）。请核对", "required columns are missing: person (accepted headers"},
		{"no header", "社保缴费_202604.csv", []byte("a,b\n1,2\n"), "没有认得出的表头", "no header"},
		{"truncated gzip", "社保缴费_202604.csv.gz", gzipped([]byte(social("202604", 500)))[:900], "gzip 文件不完整", "gzip"},
		{"no gzip at all", "社保缴费_202604.csv.gz", append([]byte{0x1f, 0x8b}, "nonsense, not a stream"...), "gzip 文件不完整", "gzip"},
		{"truncated XLSX", "岗位信息_202604.xlsx", whole[:len(whole)/2], "XLSX 文件打不开", "XLSX"},
		{"truncated Parquet", "单位登记_202604.parquet", []byte("PAR1\x15\x04\x15"), "Parquet 文件读不了", "Parquet"},
		{"no month in the name", "岗位信息_本月.csv", []byte("岗位编号,工作地区划,招聘人数,发布日期\nG1,410402,1,2026-05-01\n"), "文件名中没有所属月份", "for example 岗位信息_202606.csv"},
		{"a form not filled in", "裁员备案_填报模板.csv", []byte("备案编号,统一社会信用代码,企业名称,备案日期\n"), "像是没有填写的模板", "not filled in"},
		{"month 13", "岗位信息_202613.csv", []byte("岗位编号,工作地区划,招聘人数,发布日期\nG1,410402,1,2026-05-01\n"), "文件名中没有所属月份", "file name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.put(c.file, c.b)
			h.put("社保缴费_202605.csv", []byte(social("202605", 3)))
			sum := h.load()
			if len(sum.Refused) != 1 || len(sum.Loads) != 1 || sum.RowsLoaded != 3 {
				t.Fatalf("%+v", sum)
			}
			r := sum.Refused[0]
			if r.File != c.file || r.Known || !strings.Contains(r.Reason, c.zh) || !strings.Contains(r.Reason, c.en) {
				t.Errorf("%+v", r)
			}
			again := h.load()
			if again.Skipped != 1 || len(again.Refused) != 1 || !again.Refused[0].Known || again.Refused[0].Reason != r.Reason {
				t.Errorf("again: %+v", again)
			}
			left, err := os.ReadDir(h.lake.Temp(""))
			if err != nil || len(left) > 0 {
				t.Errorf("left in tmp: %v, %v", left, err)
			}
		})
	}
}

func TestTwiceIsANoOp(t *testing.T) {
	h := newHouse(t)
	h.put("2026-06/社保缴费_202605.csv", []byte(social("202605", 3)))
	h.put("2026-06/copy/社保缴费_202605.csv", []byte(social("202605", 3)))
	first := h.load()
	if first.RowsLoaded != 3 || first.Skipped != 1 || len(first.Loads) != 1 {
		t.Errorf("%+v", first)
	}
	before := h.query("SELECT * FROM state.main.loads ORDER BY seq")
	again := h.load()
	if again.RowsLoaded != 0 || again.Skipped != 2 {
		t.Errorf("%+v", again)
	}
	h.close()
	h.open(city)
	if again = h.load(); again.Skipped != 2 {
		t.Errorf("after reopening: %+v", again)
	}
	if after := h.query("SELECT * FROM state.main.loads ORDER BY seq"); after != before {
		t.Errorf("the ledger changed:\n%s\n%s", before, after)
	}
}

func TestCorrectionSupersedes(t *testing.T) {
	h := newHouse(t)
	h.put("2026-06/社保缴费_202605.csv", []byte(social("202605", 3)))
	h.put("2026-07/社保缴费_202605_更正.csv", []byte(social("202605", 4)))
	h.put("2026-07/社保缴费_202606.csv", []byte(social("202606", 2)))
	h.load()
	want := "2026-06/社保缴费_202605.csv|3|superseded|2026-07/社保缴费_202605_更正.csv\n2026-07/社保缴费_202606.csv|2|live|∅\n2026-07/社保缴费_202605_更正.csv|4|live|∅\n"
	if got := h.query(ledger); got != want {
		t.Error(got)
	}
}

// A changed contract reads the same bytes again and replaces what they gave.
func TestNewContractReplaces(t *testing.T) {
	h := newHouse(t)
	h.put("增减员_20260512.csv", []byte("证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n"+person(1)+","+employer(1)+",2026-05-12,减,裁撤\n"))
	if sum := h.load(); sum.RowsQuarantined != 1 {
		t.Errorf("%+v", sum)
	}
	c := *h.contracts["insurance_change"]
	c.Columns = append([]ColumnRule(nil), c.Columns...)
	c.column("reason").Codes = map[string][]string{"redundancy": {"裁撤"}}
	h.contracts["insurance_change"] = &c
	h.close()
	h.open(city)
	if sum := h.load(); sum.RowsLoaded != 1 {
		t.Errorf("%+v", sum)
	}
	if s := h.query("SELECT status, rows_loaded FROM state.main.loads ORDER BY seq"); s != "superseded|0\nlive|1\n" {
		t.Error(s)
	}
}

func TestSnapshotOfSeveralMonthsNeedsAName(t *testing.T) {
	h := newHouse(t)
	h.put("社保缴费_合并.csv", []byte(social("202605", 3)+strings.TrimPrefix(social("202606", 3), socialHeader)))
	h.put("社保缴费_单月.csv", []byte(social("202605", 3)))
	sum := h.load()
	if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "2026-05 … 2026-06") || len(sum.Loads) != 1 || sum.Loads[0].Load.Period.String() != "2026-05" {
		t.Errorf("%+v", sum)
	}
}
