package ingest

import (
	"fmt"
	"strings"
	"testing"

	"laborwatch/codes"
)

// older is the ID of 15 digits that a person born before 2000 once had.
func older(id string) string { return id[:6] + id[8:17] }

// mistyped is an ID of which the check digit is wrong.
func mistyped(id string) string {
	if id[17] == '1' {
		return id[:17] + "2"
	}
	return id[:17] + "1"
}

func TestHoldsPersonal(t *testing.T) {
	id, bad := person(3), mistyped(person(3))
	if codes.ResidentValid(bad) || !strings.HasPrefix(id, "4104991963") {
		t.Fatal(id, bad)
	}
	for _, s := range []string{
		id, strings.ToLower(person(8)), wide(id), "R" + id, "身份证" + id + "（本人）", id + "/" + id, id[:6] + " " + id[6:14] + " " + id[14:], id[:6] + "-" + id[6:14] + "-" + id[14:],
		wide(id[:6] + "-" + id[6:14] + "-" + id[14:]), id[:4] + " " + id[4:8] + " " + id[8:12] + " " + id[12:16] + " " + id[16:],
		bad, "编号" + bad, bad[:6] + " " + bad[6:14] + " " + bad[14:], bad[:17], bad[:6] + "-" + bad[6:17], id + "09", "20" + id, "41049919850615001x", "41049919850615001Ⅹ",
		older(id), "R" + older(id), older(id)[:6] + " " + older(id)[6:12] + " " + older(id)[12:], wide(older(id)),
		"13812345678", "普工，联系13812345678", "138-1234-5678", "138 1234 5678", "138 12345678", "1381234 5678", wide("138-1234-5678"), "８６１３８１２３４５６７８",
		"8613812345678", "+8613812345678", "+86 138 1234 5678", "+86-138-1234-5678", "(+86)13812345678", "0086 13812345678", "008613812345678", "013812345678", "1 3 8 1 2 3 4 5 6 7 8",
		"0375-2861234", "0375 2861234", "(0375)2861234", "（0375）2861234", "0375－2861234", "03752861234", "电话0375-2861234转801", "010-62345678", "01062345678", "0371-63456789", "0375-286-1234", "+86-0375-2861234",
	} {
		if !holdsPersonal(s) {
			t.Errorf("%s: not found", s)
		}
		if got := scrub("甲" + s + "乙"); !strings.Contains(got, blot) || holdsPersonal(got) || !strings.HasPrefix(got, "甲") || !strings.HasSuffix(got, "乙") {
			t.Errorf("%s is scrubbed to %s", s, got)
		}
	}
	for _, s := range []string{
		"", "1", "普工", "2026-06-15", "2026-06-15 13:45:00", "2026-06-15至2026-07-15", "20260615", "2026/6/15 — 2026/12/31", "1234567.89", "1,234,567,890.12", "99,999,999,999.99",
		"2026060000123", "P2026060001", "S20260600001", "SY00000012", "Q2026060001", "H000123", "CY2026-0012", "LJY410402-0031", "豫人社裁备〔2026〕12号", "410402", "410402001", "410402001002", "410402001002-001",
		"91410499MA0000001T", "91410499MA0DB1BQ7X", "12410400416123456X", "124104004161234567", "5.5%", "6-18-01-01", "P-410402-2026-000123",
		// as long as an ID, and none
		"202606150000123", "202606154104020001", "410402202606150012", "410402-20260615-0012", "410402 20260615 0012", "410402260615001", "410402001234567", "410402199613150011", "999999198506150011", "410402000012345",
		"00000000000012345", "000000012345678", "123456789012345678", "20260615103045410402", "6222020000000000000", "4104022026061500123456", "12345678901", "10012345678", "00012345678", "0012345678", "0375-20260615", "138-20260615", "2026-0375-0012",
		"9d994386473411782b812c1c491ddd18e2ab3c18391476458a935666", "c58677503a9089bbc78055281729f00d13756277286f8936ced37a72",
		"400-800-8888", "4000-6000元/月", "12315", "二〇二六年六月十五日一三八一二三四五六七八",
	} {
		if holdsPersonal(s) {
			t.Errorf("%s: found in it %s", s, scrub(s))
		}
	}
}

// What offices number by division, day and count is no ID, but one in eleven
// times that its check digit happens to be right.
func TestNumbersByDivisionAndDay(t *testing.T) {
	found := 0
	for i := range 1000 {
		if holdsPersonal(fmt.Sprintf("4104022026%02d%02d%04d", 1+i%12, 1+i%28, i)) {
			found++
		}
		if s := fmt.Sprintf("41040226%02d%02d%03d", 1+i%12, 1+i%28, i); holdsPersonal(s) {
			t.Errorf("%s: found in it %s", s, scrub(s))
		}
	}
	if found > 120 {
		t.Errorf("%d of 1000 numbers are taken for IDs", found)
	}
}

func BenchmarkHoldsPersonal(b *testing.B) {
	for name, s := range map[string]string{"name": "平顶山市某某机械有限公司 2026 年 5 月 1 日", "number": "S20260600001", "long": "410402202606150012", "short": "SY00000012"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				holdsPersonal(s)
			}
		})
	}
}

// No ID and no phone number reaches the lake through a column of texts or codes,
// however it is written; numbers of offices do.
func TestNoPersonalDataInTextsAndCodes(t *testing.T) {
	id := person(3)
	personal := []string{
		id, mistyped(id), older(id), wide(id), id[:6] + " " + id[6:14] + " " + id[14:], id[:6] + "-" + id[6:14] + "-" + id[14:], "R" + id,
		"13812345678", "138-1234-5678", "138 1234 5678", "+86 13812345678", "8613812345678", "0375-2861234", "(0375)2861234",
	}
	offices := []string{"2026060000123", "P2026060001", "SY00000012", "CY2026-0012", "2026-06-15", "91410499MA0000001T", "202606150000123", "410402202606150012", "410402-20260615-0012", "LJY410402-0031", "1234567.89"}
	for way, scanFrom := range ways {
		t.Run(way, func(t *testing.T) {
			h := newHouse(t)
			h.in.scanFrom = scanFrom
			var b strings.Builder
			b.WriteString("岗位编号,单位名称,职业大类,工作地区划,招聘人数,发布日期,备用\n")
			for i, s := range offices {
				fmt.Fprintf(&b, "%s,示例公司%s,%s,410402,1,2026-05-01,%d\n", s, s, s, i)
			}
			for i, s := range personal {
				fmt.Fprintf(&b, "%s,示例公司,6,410402,1,2026-05-01,\nA%d,示例公司（%s）,6,410402,1,2026-05-01,\nB%d,示例公司,%s,410402,1,2026-05-01,\nC%d,示例公司,6,410402,1,2026-05-01,%s\n", s, i, s, i, s, i, s)
			}
			h.put("岗位信息_202605.csv", []byte(b.String()))
			files, err := h.in.Files("job_vacancy", []string{h.dir + "/inbox"})
			if err != nil {
				t.Fatal(err)
			}
			// Bad rows beyond half make the column's type; that is another test's.
			h.contracts["job_vacancy"].Drift.Type = driftQuarantine
			sum, err := h.in.Load(t.Context(), files)
			if err != nil || len(sum.Refused) > 0 {
				t.Fatal(sum.Refused, err)
			}
			rows := h.rows("job_vacancy", `posting_no, employer, occupation, "aside.备用"`)
			if got := strings.Count(rows, "\n"); got != len(offices)+len(personal) {
				t.Errorf("%d rows:\n%s", got, rows)
			}
			for _, s := range offices {
				if !strings.Contains(rows, s+"|示例公司"+s+"|"+s+"|") {
					t.Errorf("%s did not come through", s)
				}
			}
			shown := rows + h.faults() + fmt.Sprintf("%+v", sum)
			for _, s := range personal {
				if strings.Contains(shown, s) || strings.Contains(rows, "|"+s) {
					t.Errorf("%s is shown", s)
				}
			}
			// A masked value tells its length alone.
			if got := h.query("SELECT count(*), count(*) FILTER (value_masked LIKE '%…%') FROM state.main.quarantine WHERE reason = 'personal_data'"); got != fmt.Sprintf("%d|0\n", 3*len(personal)) {
				t.Error(got)
			}
		})
	}
}
