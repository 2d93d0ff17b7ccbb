package simulate

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"laborwatch/codes"
	"laborwatch/period"
)

// contributions reads a month's insured heads by employer, and checks IDs.
func contributions(t *testing.T, x *extracts, f map[string]string) map[string]int {
	t.Helper()
	heads := map[string]int{}
	bad := x.badRows(t, f["file"])
	for i, r := range named(x.read(t, f["file"])) {
		if bad[i+2] != nil {
			continue
		}
		if _, err := codes.ParseResident(r["社会保障号码"]); err != nil {
			t.Fatalf("%s row %d: %v", f["file"], i+2, err)
		}
		if r["险种"] == "210" && r["缴费类型"] == "10" && r["缴费状态"] == "1" {
			heads[r["统一社会信用代码"]]++
		}
	}
	return heads
}

// changesOf reads the daily files of a month back into changes.
func (b *readback) changesOf(t *testing.T, x *extracts, p period.Period) []change {
	t.Helper()
	var out []change
	for _, f := range b.daily {
		if f["period"] != p.String() {
			continue
		}
		bad := x.badRows(t, f["file"])
		for i, r := range named(x.read(t, f["file"])) {
			if bad[i+2] != nil {
				continue
			}
			id, err := codes.ParseResident(r["证件号码"])
			if err != nil {
				t.Fatal(err)
			}
			ch := change{day: b.day(t, r["变更日期"]), person: b.index(b.persons, id.Number), firm: b.firm(r["统一社会信用代码"])}
			ch.reason = b.reasons[r["变更原因"]]
			if in := strings.HasPrefix(r["增减标志"], "增"); in != ch.reason.isIn() {
				t.Fatalf("%s row %d: %s for %s", f["file"], i+2, r["增减标志"], r["变更原因"])
			}
			out = append(out, ch)
		}
	}
	return out
}

// readback numbers persons and employers as they come.
type readback struct {
	daily   []map[string]string
	persons map[string]int32
	usccs   map[string]int32
	reasons map[string]reason
	firms   []firm
}

func newReadback(t *testing.T, x *extracts) *readback {
	b := &readback{daily: x.files(t, "insurance_change"), persons: map[string]int32{}, usccs: map[string]int32{}, reasons: map[string]reason{}}
	for r := range reasons {
		b.reasons[reasonText[r]] = r
		if reasonCode[r] != "" {
			b.reasons[reasonCode[r]] = r
		}
	}
	return b
}

func (b *readback) index(m map[string]int32, key string) int32 {
	n, ok := m[key]
	if !ok {
		n = int32(len(m))
		m[key] = n
	}
	return n
}

func (b *readback) firm(uscc string) int32 {
	n := b.index(b.usccs, uscc)
	if int(n) == len(b.firms) {
		b.firms = append(b.firms, firm{uscc: uscc})
	}
	return n
}

// day reads the forms in which dates are written.
func (b *readback) day(t *testing.T, s string) int32 {
	t.Helper()
	s = strings.NewReplacer("年", "-", "月", "-", "日", "", "/", "-").Replace(s)
	switch {
	case len(s) == 5:
		return int32(number(t, s)) - 2
	case len(s) == 8 && !strings.Contains(s, "-"):
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	p := strings.Split(s, "-")
	if len(p) != 3 {
		t.Fatalf("date %q", s)
	}
	return firstDay(period.Of(number(t, p[0]), 1).Add(number(t, p[1])-1)) + int32(number(t, p[2])) - 1
}

// Insured heads follow from last month's and the changes, employer by
// employer, and add up to truth/administrative.csv.
func checkInsurance(t *testing.T, x *extracts) {
	truth := map[string]int{}
	for _, r := range x.truth(t, "administrative.csv") {
		if r["region"] == "_T" {
			truth[r["period"]] = number(t, r["insured"])
		}
	}
	b := newReadback(t, x)
	var before map[string]int
	for _, f := range x.files(t, "social_insurance") {
		heads := contributions(t, x, f)
		total := 0
		for _, n := range heads {
			total += n
		}
		if total != truth[f["period"]] {
			t.Errorf("%s: %d insured, truth %d", f["period"], total, truth[f["period"]])
		}
		if before != nil {
			flow := map[string]int{}
			for _, ch := range b.changesOf(t, x, month(t, f["period"])) {
				flow[b.firms[ch.firm].uscc] += 1 - 2*b2i(!ch.reason.isIn())
			}
			for _, u := range b.firms {
				if before[u.uscc]+flow[u.uscc] != heads[u.uscc] {
					t.Errorf("%s: %s had %d insured, %+d, has %d", f["period"], u.uscc, before[u.uscc], flow[u.uscc], heads[u.uscc])
				}
			}
		}
		before = heads
	}
}

// checkRegistrations compares the register's rows with administrative.csv.
func checkRegistrations(t *testing.T, x *extracts) {
	stock := map[string]int{}
	for _, r := range x.truth(t, "administrative.csv") {
		if r["region"] == "_T" {
			stock[r["period"]] = number(t, r["registered"])
		}
	}
	for _, f := range x.files(t, "unemployment_registration") {
		rows, header := x.readAny(t, f["file"])
		if header[1] != "证件号码" {
			t.Fatalf("header %v", header)
		}
		bad := x.badRows(t, f["file"])
		open := map[string]bool{}
		for i, r := range rows[3 : len(rows)-2] {
			if bad[i+4] == nil && r[11] == "—" {
				open[r[1]] = true
			}
		}
		if len(open) != stock[f["period"]] {
			t.Errorf("%s: %d registered, truth %d", f["period"], len(open), stock[f["period"]])
		}
	}
}

// The survey's answers lead to a rate near the truth: within what its size
// allows in a month, and without bias over all months. Dwellings overlap by
// half with last month and last year.
func checkSurvey(t *testing.T, x *extracts) {
	truth := map[string]float64{}
	for _, r := range x.truth(t, "rates.csv") {
		if r["region"] == "_T" && r["group"] == "_T" {
			truth[r["period"]], _ = strconv.ParseFloat(r["rate"], 64)
		}
	}
	homes := map[string]map[string]bool{}
	bias, adults := 0.0, 0
	files := x.files(t, "labor_force_survey")
	for _, f := range files {
		bad := x.badRows(t, f["file"])
		var idle, force float64
		in := map[string]bool{}
		for i, r := range named(x.read(t, f["file"])) {
			if bad[i+2] != nil {
				continue
			}
			if r["是否应答"] == "否" {
				continue
			}
			in[r["户编码"]] = true
			if number(t, r["年龄"]) < 16 {
				continue
			}
			adults++
			w, err := strconv.ParseFloat(r["权数"], 64)
			if err != nil || w <= 0 {
				t.Fatalf("weight %q", r["权数"])
			}
			switch surveyStatus(r) {
			case employedAnswer:
				force += w
			case unemployedAnswer:
				force += w
				idle += w
			}
		}
		homes[f["period"]] = in
		d := idle/force - truth[f["period"]]
		bias += d / float64(len(files))
		if math.Abs(d) > .025 {
			t.Errorf("%s: estimate %.4f, truth %.4f", f["period"], idle/force, truth[f["period"]])
		}
	}
	if math.Abs(bias) > .005 {
		t.Errorf("estimates are off by %.4f on average", bias)
	}
	if n := adults / len(files); n < 1500 || n > 4000 {
		t.Errorf("%d adults answer in a month", n)
	}
	for _, lag := range []int{1, 12, 6} {
		p := period.Of(2026, 10)
		now, then := homes[p.String()], homes[p.Add(-lag).String()]
		both := 0
		for h := range now {
			if then[h] {
				both++
			}
		}
		share := float64(both) / float64(len(now))
		if lag != 6 && (share < .38 || share > .55) || lag == 6 && share > .15 {
			t.Errorf("%.2f of the dwellings were in the sample %d months before", share, lag)
		}
	}
}

const (
	employedAnswer = iota
	unemployedAnswer
	neitherAnswer
)

// surveyStatus follows the national rules, a job agreed on counting as
// unemployed.
func surveyStatus(r map[string]string) int {
	is := func(q string) bool { return r[q] == "是" }
	switch {
	case is("上周工作一小时以上"), is("有工作未上班") && is("三个月内返回或有收入"):
		return employedAnswer
	case is("两周内能开始工作") && (is("近三个月找过工作") || is("已落实三个月内到岗工作")):
		return unemployedAnswer
	}
	return neitherAnswer
}

// Every event has its alert at its level and net persons, every alert its
// event; decoys have none.
func checkEvents(t *testing.T, x *extracts) {
	type found struct {
		level   string
		persons int
	}
	alerts := map[string]found{}
	for _, a := range x.truth(t, "expected_alerts.csv") {
		if a["event"] == "" {
			t.Errorf("an alert without an event: %v", a)
		}
		if a["scope"] == "enterprise" {
			alerts[a["key"]] = found{a["level"], number(t, a["persons"])}
		} else if a["level"] != "1" || number(t, a["persons"]) < totalRed {
			t.Errorf("total: %v", a)
		}
		alerts[a["scope"]] = found{}
	}
	levels := map[string]int{}
	kinds := map[string]int{}
	for _, e := range x.truth(t, "events.csv") {
		kinds[e["kind"]]++
		a, ok := alerts[e["uscc"]]
		switch {
		case e["uscc"] == "":
			if number(t, e["net_persons"]) < totalRed {
				t.Errorf("slump: %v", e)
			}
		case e["decoy"] == "1":
			if ok {
				t.Errorf("a decoy raises an alert: %v", e)
			}
			if last := month(t, e["end"][:7]); last > period.Of(2026, 10).Add(-3) {
				t.Errorf("a decoy ends in %s", last)
			}
		default:
			levels[e["level"]]++
			if !ok || a.level != e["level"] || a.persons != number(t, e["net_persons"]) {
				t.Errorf("event %v has alert %v", e, a)
			}
			if (e["notice_no"] == "") != (e["notice_days"] == "") {
				t.Errorf("notice: %v", e)
			}
		}
	}
	for _, l := range []string{"1", "2", "3", "4"} {
		if levels[l] == 0 {
			t.Errorf("no event of level %s", l)
		}
	}
	for _, k := range []string{"layoff", "closure", "slump", "retirement_wave", "group_transfer", "arrears", "dispatch_switch", "seasonal_dip", "layoff_rehired"} {
		if kinds[k] == 0 {
			t.Errorf("no event of kind %s", k)
		}
	}
	for _, scope := range []string{"region", "industry"} {
		if _, ok := alerts[scope]; !ok {
			t.Errorf("no %s total", scope)
		}
	}
}

// Reading the extracts alone gives the expected alerts of employers.
func checkAlerts(t *testing.T, x *extracts) {
	b := newReadback(t, x)
	l := newLedger(newCalendar())
	before := map[string]int{}
	for _, f := range x.files(t, "social_insurance") {
		changes := b.changesOf(t, x, month(t, f["period"]))
		if before == nil {
			before = map[string]int{}
		}
		l.add(changes, func(i int32) int32 { return int32(before[b.firms[i].uscc]) })
		before = contributions(t, x, f)
		if len(l.dismissals) > 0 && f["period"] == "2024-09" {
			for i := range l.dismissals { // no month before the first: its own heads
				l.dismissals[i].base = int32(before[b.firms[l.dismissals[i].firm].uscc])
			}
		}
	}
	got := map[string]bool{}
	for _, a := range l.alerts(b.firms, []county{{code: "all"}}) {
		if a.scope == "enterprise" {
			got[strings.Join([]string{a.key, strconv.Itoa(a.level), l.cal.iso(a.from), l.cal.iso(a.to), strconv.Itoa(a.persons)}, " ")] = true
		}
	}
	want := 0
	for _, a := range x.truth(t, "expected_alerts.csv") {
		if a["scope"] != "enterprise" {
			continue
		}
		want++
		if k := strings.Join([]string{a["key"], a["level"], a["window_from"], a["window_to"], a["persons"]}, " "); !got[k] {
			t.Errorf("the extracts do not show %s", k)
		}
	}
	if len(got) != want {
		t.Errorf("the extracts show %d alerts, want %d", len(got), want)
	}
}
