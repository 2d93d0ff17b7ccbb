package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"laborwatch/lake"
	"laborwatch/period"
)

// registrations is a file of unemployment registrations: n rows, of which a
// share has the reason employer, the others graduation.
func registrations(n, employers int, header string, more func(i int) string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range n {
		reason := "毕业"
		if i < employers {
			reason = "单位失业"
		}
		fmt.Fprintf(&b, "R%d,%s,41040%d,2026-01-0%d,%s%s\n", i, person(i), 2+i%2, 1+i%9, reason, more(i))
	}
	return b.String()
}

const registrationHeader = "登记编号,证件号码,登记地区划,登记日期,失业原因"

func none(int) string { return "" }

// sixMonths loads six ordinary months of 200 to 205 rows.
func sixMonths(t *testing.T, h *house) {
	t.Helper()
	for m := 1; m <= 6; m++ {
		h.put(fmt.Sprintf("失业登记_2026%02d.csv", m), []byte(registrations(200+m-1, 100+m, registrationHeader, none)))
	}
	if sum := h.load(); len(sum.Loads) != 6 || len(sum.Refused) > 0 {
		t.Fatalf("%+v", sum)
	}
}

func TestSetChecks(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		// want is in the refusal or the note; "" for neither.
		want   string
		refuse bool
	}{
		"ordinary":      {registrations(203, 103, registrationHeader, none), "", false},
		"a quarter off": {registrations(150, 75, registrationHeader, none), "150 rows, usually about 202", false},
		"most are gone": {registrations(40, 20, registrationHeader, none), "40 rows, usually about 202", true},
		"doubled":       {registrations(500, 250, registrationHeader, none), "500 rows, usually about 202", true},
		"one reason":    {registrations(203, 203, registrationHeader, none), "失业原因 (reason) = graduation has a share of 0.0%, usually about 48.9%, far beyond its usual variation (robust z = ", true},
		"repeats": {
			registrations(203, 103, registrationHeader, none) + strings.Join(strings.Split(registrations(203, 103, registrationHeader, none), "\n")[1:120], "\n"),
			"of the rows are repeats", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			sixMonths(t, h)
			h.put("失业登记_202607.csv", []byte(c.text))
			sum := h.load()
			switch {
			case c.refuse:
				if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, c.want) || len(sum.Loads) != 0 {
					t.Fatalf("%+v", sum)
				}
			case len(sum.Loads) != 1:
				t.Fatalf("%+v", sum)
			case c.want == "" && len(sum.Loads[0].Notes) > 0:
				t.Errorf("%+v", sum.Loads[0].Notes)
			case c.want != "" && (len(sum.Loads[0].Notes) == 0 || !strings.Contains(fmt.Sprint(sum.Loads[0].Notes), c.want)):
				t.Errorf("%+v", sum.Loads[0].Notes)
			}
		})
	}
}

// A refusal by a set check is a person's to override, and who and why is kept.
// Where rows fail, the refusal says what they fail in, not what follows from it.
func TestRefusalNamesTheCause(t *testing.T) {
	undated := func(text string, every int) string {
		lines := strings.Split(text, "\n")
		for i := 1; i < len(lines)-1; i++ {
			if i%every != every-1 || every == 1 {
				cells := strings.Split(lines[i], ",")
				cells[3] = ""
				lines[i] = strings.Join(cells, ",")
			}
		}
		return strings.Join(lines, "\n")
	}
	for name, c := range map[string]struct {
		every       int
		want, never string
	}{
		"all":  {1, "203 of 203 rows fail in 登记日期 (registered_on): left empty. Check", "robust z"},
		"most": {3, "135 of 203 rows fail in 登记日期 (registered_on): left empty; 68 rows", "and %d more"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			sixMonths(t, h)
			h.put("失业登记_202607.csv", []byte(undated(registrations(203, 103, registrationHeader, none), c.every)))
			sum := h.load()
			if len(sum.Refused) != 1 {
				t.Fatalf("%+v", sum)
			}
			why := sum.Refused[0].Reason
			_, english, _ := strings.Cut(why, " / ")
			if !strings.Contains(english, "before it: "+c.want) || strings.Contains(why, c.never) || !strings.Contains(why, "漏填") || strings.Count(why, ";") > 2*mostReasons+2 {
				t.Error(why)
			}
		})
	}
}

func TestOverride(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t)
	sixMonths(t, h)
	h.put("失业登记_202607.csv", []byte(registrations(40, 20, registrationHeader, none)))
	if sum := h.load(); len(sum.Refused) != 1 {
		t.Fatalf("%+v", sum)
	}
	if sum := h.load(); len(sum.Refused) != 1 || !sum.Refused[0].Known {
		t.Fatalf("%+v", sum)
	}
	refusals, err := h.lake.Refusals(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.lake.Accept(ctx, refusals[0].LoadID, lake.Act{Who: "duty officer", Why: "counties 410403 to follow"}); err != nil {
		t.Fatal(err)
	}
	if sum := h.load(); len(sum.Loads) != 1 || sum.RowsLoaded != 40 || len(sum.Loads[0].Notes) == 0 {
		t.Fatalf("%+v", sum)
	}
	if got := h.query(`SELECT status, who, why FROM state.main.load_events WHERE load_id = '` + refusals[0].LoadID + `'`); got != "live|duty officer|counties 410403 to follow\n" {
		t.Error(got)
	}
}

func TestDrift(t *testing.T) {
	more := registrationHeader + ",经办机构,联系人电话,备注"
	cells := func(i int) string {
		return fmt.Sprintf(",S%d,1380000%04d,%s", i%3, i, []string{"张三", "13812345678", "B-07", person(i), "本人家住建设路"}[i%5])
	}
	t.Run("a new column is kept aside", func(t *testing.T) {
		for name, scanFrom := range map[string]int64{"engine": 1 << 40, "scan": 0} {
			h := newHouse(t)
			h.in.scanFrom = scanFrom
			h.put("失业登记_202605.csv", []byte(registrations(10, 5, more, cells)))
			sum := h.load()
			if sum.RowsLoaded != 10 {
				t.Fatalf("%s: %+v", name, sum)
			}
			notes := fmt.Sprint(sum.Loads[0].Notes)
			for _, want := range []string{"经办机构; its numbers, dates and codes are kept aside", "联系人电话; it may hold personal data", "备注; its numbers, dates and codes are kept aside"} {
				if !strings.Contains(notes, want) {
					t.Errorf("%s: no %q in %s", name, want, notes)
				}
			}
			got := h.rows("unemployment_registration", `"aside.经办机构", "aside.备注"`)
			want := "S0|∅\nS1|∅\nS2|B-07\nS0|∅\nS1|∅\nS2|∅\nS0|∅\nS1|B-07\nS2|∅\nS0|∅\n"
			if got != want {
				t.Errorf("%s: got\n%s", name, got)
			}
			// It is news once.
			h.put("失业登记_202606.csv", []byte(registrations(10, 5, more, cells)))
			if sum := h.load(); len(sum.Loads) != 1 || len(sum.Loads[0].Notes) != 0 {
				t.Errorf("%s: %+v", name, sum)
			}
		}
	})
	t.Run("a missing optional column is null and reported once", func(t *testing.T) {
		h := newHouse(t)
		h.put("失业登记_202605.csv", []byte(registrations(10, 5, registrationHeader+",文化程度", func(int) string { return ",大专" })))
		h.put("失业登记_202606.csv", []byte(registrations(10, 5, registrationHeader, none)))
		h.put("失业登记_202607.csv", []byte(registrations(10, 5, registrationHeader, none)))
		sum := h.load()
		if len(sum.Loads) != 3 || !strings.Contains(fmt.Sprint(sum.Loads[1].Notes), "the optional column 文化程度 (education) is missing") || strings.Contains(fmt.Sprint(sum.Loads[2].Notes), "education") {
			t.Errorf("%+v", sum)
		}
	})
	t.Run("a changed type says so with examples", func(t *testing.T) {
		h := newHouse(t)
		text := strings.ReplaceAll(registrations(40, 20, registrationHeader, none), "2026-01-0", "week ")
		h.put("失业登记_202605.csv", []byte(text))
		sum := h.load()
		if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "40 of 40 cells of 登记日期 (registered_on) cannot be read (bad date; rows 2, 3, 4; for example w…1 (6字符/chars), w…2 (6字符/chars), w…3 (6字符/chars))") {
			t.Errorf("%+v", sum.Refused)
		}
	})
	t.Run("policies", func(t *testing.T) {
		for policy, want := range map[string]string{
			"{new: refuse}":      "there is a column that the contract does not know",
			"{new: ignore}":      "",
			"{missing: refuse}":  "the optional column 文化程度 (education) is missing",
			"{type: quarantine}": "",
		} {
			contracts := withPolicy(t, policy)
			h := newHouseWith(t, contracts, city)
			h.put("失业登记_202605.csv", []byte(registrations(10, 5, more, cells)))
			sum := h.load()
			if got := fmt.Sprint(sum.Refused); (want == "") != (len(sum.Refused) == 0) || !strings.Contains(got, want) {
				t.Errorf("%s: %s", policy, got)
			}
		}
	})
}

// withPolicy gives the embedded contract of registrations another drift policy.
func withPolicy(t *testing.T, policy string) Contracts {
	t.Helper()
	b, err := embedded.ReadFile("contracts/unemployment_registration.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseContract("own.yaml", []byte(string(b)+"\ndrift: "+policy+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return Contracts{c.Feed: c}
}

// A county's file keeps to its county: rows of others are quarantined, and the
// other counties' rows of the month stay.
func TestCountyScope(t *testing.T) {
	for name, scanFrom := range map[string]int64{"engine": 1 << 40, "scan": 0} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.in.scanFrom = scanFrom
			h.in.scopes = map[string]string{"新华区": "410402"}
			h.put("失业登记_202606.csv", []byte(registrations(6, 3, registrationHeader, none)))
			h.put("失业登记_新华区_202606.csv", []byte(registrationHeader+"\nN1,"+person(77)+",410402001,2026-01-01,毕业\nN2,"+person(78)+",410403,2026-01-01,毕业\n"))
			files, _, err := h.in.Scan(h.dir + "/inbox")
			if err != nil {
				t.Fatal(err)
			}
			sum, err := h.in.Load(context.Background(), files)
			if err != nil || len(sum.Loads) != 2 || sum.RowsQuarantined != 1 {
				t.Fatalf("%+v, %v", sum, err)
			}
			if got := h.faults(); !strings.Contains(got, "row 3 region: out_of_scope [4…3 (6字符/chars)]") {
				t.Error(got)
			}
			q, err := h.lake.Source(context.Background(), "unemployment_registration", nil, []period.Period{sum.Loads[0].Load.Period})
			if err != nil {
				t.Fatal(err)
			}
			if got := h.query("SELECT registration_no, region FROM (" + q + ") ORDER BY 1"); got != "N1|410402\nR1|410403\nR3|410403\nR5|410403\n" {
				t.Error(got)
			}
		})
	}
}

// A file without one good row does not empty what is there.
func TestAllBadEmptiesNothing(t *testing.T) {
	h := newHouse(t)
	h.in.scopes = map[string]string{"新华区": "410402"}
	h.put("失业登记_202606.csv", []byte(registrations(6, 3, registrationHeader, none)))
	h.load()
	h.put("失业登记_新华区_202606.csv", []byte(registrationHeader+"\nN1,"+person(77)+",410402,someday,毕业\n"))
	sum := h.load()
	if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "none of the 1 rows is good") {
		t.Errorf("%+v", sum)
	}
	// Where nothing is there, its rows go to quarantine, for the sender to correct.
	h.put("失业登记_新华区_202607.csv", []byte(registrationHeader+"\nN1,"+person(77)+",410402,someday,毕业\n"))
	if sum := h.load(); sum.RowsQuarantined != 1 {
		t.Errorf("%+v", sum)
	}
}

// What stands in a header's place may be anything: nothing personal is shown or kept of it.
func TestPersonalHeader(t *testing.T) {
	h := newHouse(t)
	id := person(5)
	h.put("失业登记_202606.csv", []byte(registrations(6, 3, registrationHeader+",王某13812345678 "+id, func(int) string { return ",x" })))
	sum := h.load()
	shown := fmt.Sprintf("%+v", sum) + h.query("SELECT * FROM state.main.load_notes") + h.query("SELECT * FROM state.main.load_profiles")
	if len(sum.Loads) != 1 || strings.Contains(shown, "13812345678") || strings.Contains(shown, id) {
		t.Error(shown)
	}
	if got := h.rows("unemployment_registration", "COLUMNS('aside.*|reason')"); strings.Contains(got, "x") {
		t.Error(got)
	}
}

// The first file of a county beside a city's is judged by what it takes the
// place of.
func TestCountyBesideCity(t *testing.T) {
	for rows, refused := range map[int]bool{2: true, 30: false, 90: false} {
		h := newHouse(t)
		h.put("失业登记_202606.csv", []byte(registrations(64, 32, registrationHeader, none)))
		h.load()
		var b strings.Builder
		b.WriteString(registrationHeader + "\n")
		for i := range rows {
			fmt.Fprintf(&b, "N%d,%s,410402,2026-01-01,毕业\n", i, person(i))
		}
		h.put("失业登记_410402_202606.csv", []byte(b.String()))
		sum := h.load()
		told := fmt.Sprint(sum.Refused, sum.Loads)
		if (len(sum.Refused) == 1) != refused || !strings.Contains(told, fmt.Sprintf("%d rows of 410402 take the place of the 32 that the whole month’s file 失业登记_202606.csv has of it", rows)) {
			t.Errorf("%d rows: %s", rows, told)
		}
	}
}

// A file named after a person is refused, and nowhere named.
func TestPersonalFileName(t *testing.T) {
	h := newHouse(t)
	id := person(5)
	h.put("失业登记_"+id+"_202606.csv", []byte(registrations(6, 3, registrationHeader, none)))
	sum := h.load()
	shown := fmt.Sprintf("%+v", sum) + h.query("SELECT * FROM state.main.refusals")
	if len(sum.Refused) != 1 || !strings.Contains(shown, "rename it") || strings.Contains(shown, id) {
		t.Error(shown)
	}
	// Nor is it when the ledger knows the refusal from before.
	if again := h.load(); len(again.Refused) != 1 || strings.Contains(fmt.Sprintf("%+v", again), id) {
		t.Errorf("again: %+v", again)
	}
}

// A file under another month's name would put its rows into the lake twice.
func TestNoRowOfTheMonth(t *testing.T) {
	h := newHouse(t)
	row := func(month string) string {
		return month + "," + person(1) + ",某某," + employer(1) + ",210,1,10,3000,1\n"
	}
	h.put("社保缴费_202602.csv", []byte(socialHeader+row("202605")))
	if sum := h.load(); len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "no row is of the month that the file's name tells, 2026-02") {
		t.Errorf("%+v", sum)
	}
	// Revisions of other months beside rows of its own are what they should be.
	h.put("社保缴费_202606.csv", []byte(socialHeader+row("202606")+row("202605")))
	if sum := h.load(); sum.RowsLoaded != 2 {
		t.Errorf("%+v", sum)
	}
}
