package alert_test

import (
	"testing"
)

const candidates = `SELECT concat_ws(' ', strftime(period, '%Y-%m'), rule, level, enterprise, persons, base, round(rate, 4),
	window_from, window_to, coalesce(notice_no, '-'), coalesce(CAST(notice_days AS VARCHAR), '-'), coalesce(CAST(notice_ok AS VARCHAR), '-'))
	FROM alert_enterprise ORDER BY period, enterprise, rule`

func TestLevels(t *testing.T) {
	c := newCity(t)
	for _, e := range []struct {
		uscc       string
		heads, out int
	}{
		{"BLUE", 200, 12},      // 6 % > 5.5 %
		{"EDGE", 200, 11},      // 5.5 % is not above it
		{"SMALLBLUE", 10, 3},   // 30 % > 20 %
		{"SMALLNONE", 30, 4},   // 13 % of a small employer
		{"ONE", 3, 1},          // one dismissal is no layoff
		{"YELLOW20", 1000, 20}, // 20 persons
		{"YELLOW10", 60, 6},    // 10 % and 5 persons
		{"ORANGE50", 1000, 50}, // 50 persons, 5 %
		{"ORANGE10", 480, 49},  // over 10 %, but staff under 500: yellow
		{"ORANGE5C", 400, 50},  // 50 persons
		{"RED", 1000, 200},     // 200 persons
		{"CLOSED", 40, 38},     // 95 % of the staff: a closure, by persons yellow
	} {
		c.employ(e.uscc, "410402", "2614", e.heads)
		c.out(e.uscc, "2026-03-10", "redundancy", 0, e.out/2)
		c.out(e.uscc, "2026-03-20", "dismissal_notice", e.out/2, e.out-e.out/2)
	}
	c.build()
	c.expect(candidates,
		"2026-03 enterprise_layoff 4 BLUE 12 200 0.06 2026-03-10 2026-03-20 - - -",
		"2026-03 enterprise_closure 3 CLOSED 38 40 0.95 2026-03-10 2026-03-20 - - false",
		"2026-03 enterprise_layoff 3 ORANGE10 49 480 0.1021 2026-03-10 2026-03-20 - - false",
		"2026-03 enterprise_layoff 2 ORANGE50 50 1000 0.05 2026-03-10 2026-03-20 - - false",
		"2026-03 enterprise_layoff 2 ORANGE5C 50 400 0.125 2026-03-10 2026-03-20 - - false",
		"2026-03 enterprise_layoff 1 RED 200 1000 0.2 2026-03-10 2026-03-20 - - false",
		"2026-03 enterprise_layoff 4 SMALLBLUE 3 10 0.3 2026-03-10 2026-03-20 - - false",
		"2026-03 enterprise_layoff 3 YELLOW10 6 60 0.1 2026-03-10 2026-03-20 - - false",
		"2026-03 enterprise_layoff 3 YELLOW20 20 1000 0.02 2026-03-10 2026-03-20 - - false",
	)
}

// Everything that is netted out stays silent.
func TestDecoys(t *testing.T) {
	c := newCity(t)
	for _, u := range []string{"RETIRE", "GROUP1", "GROUP2", "SEASON", "DISPATCH", "FIRM", "TRANSFER", "ARREARS", "LATE"} {
		c.employ(u, "410402", "2614", 300)
	}
	c.out("RETIRE", "2026-03-10", "retirement", 0, 100)
	c.out("TRANSFER", "2026-03-10", "moved_out_pool", 0, 100)
	c.out("ARREARS", "2026-03-10", "interruption", 0, 100)
	// Moved inside the group, a day after and, for half of them, a week before.
	c.out("GROUP1", "2026-03-10", "employer_proposed", 0, 100)
	c.change("GROUP1", "GROUP2", "2026-03-11", "in", "transferred_in", 0, 50)
	c.change("GROUP1", "GROUP2", "2026-03-03", "in", "new_enrolment", 50, 50)
	// The same firm hires them again after the season, on the last day allowed.
	c.out("SEASON", "2026-01-10", "contract_expired", 0, 100)
	c.change("SEASON", "SEASON", "2026-03-10", "in", "resumed", 0, 100)
	c.out("DISPATCH", "2026-03-31", "contract_expired", 0, 100)
	c.change("DISPATCH", "FIRM", "2026-05-31", "in", "new_enrolment", 0, 100)
	// Too late: two months and a day.
	c.out("LATE", "2026-03-10", "contract_expired", 0, 100)
	c.change("LATE", "LATE", "2026-05-11", "in", "resumed", 0, 100)
	c.build()
	c.expect(candidates, "2026-03 enterprise_layoff 2 LATE 100 300 0.3333 2026-03-10 2026-03-10 - - false")
	c.expect(`SELECT concat_ws(' ', uscc, change_date, reported, persons) FROM core_dismissal ORDER BY uscc`,
		"DISPATCH 2026-03-31 100 0", "GROUP1 2026-03-10 100 0", "LATE 2026-03-10 100 100", "SEASON 2026-01-10 100 0")
}

func TestWindow(t *testing.T) {
	c := newCity(t)
	for _, u := range []string{"ACROSS", "APART", "SPLIT", "TWICE"} {
		c.employ(u, "410402", "0610", 1000)
	}
	// 15 and 15 within 30 days, over a month's end: yellow in the second month.
	c.out("ACROSS", "2026-03-20", "redundancy", 0, 15)
	c.out("ACROSS", "2026-04-18", "redundancy", 15, 15)
	// A day too far apart.
	c.out("APART", "2026-03-20", "redundancy", 0, 15)
	c.out("APART", "2026-04-19", "redundancy", 15, 15)
	// Of several windows in a month the most severe.
	c.out("SPLIT", "2026-03-01", "redundancy", 0, 20)
	c.out("SPLIT", "2026-03-25", "redundancy", 20, 40)
	// The same persons reported on two days count once.
	c.out("TWICE", "2026-03-20", "redundancy", 0, 19)
	c.out("TWICE", "2026-03-21", "redundancy", 0, 19)
	c.build()
	c.expect(candidates,
		"2026-03 enterprise_layoff 2 SPLIT 60 1000 0.06 2026-03-01 2026-03-25 - - false",
		"2026-04 enterprise_layoff 3 ACROSS 30 1000 0.03 2026-03-20 2026-04-18 - - false",
	)
}

func TestNotices(t *testing.T) {
	c := newCity(t)
	for _, u := range []string{"GOOD", "LATE", "TOLDLATE", "OTHER", "NOISY", "OLD", "FOUND"} {
		c.employ(u, "410402", "0610", 1000)
	}
	for _, u := range []string{"GOOD", "LATE", "TOLDLATE", "OTHER", "NOISY", "OLD"} {
		c.out(u, "2026-06-10", "redundancy", 0, 30)
	}
	c.notice("N1", "GOOD", "2026-05-01", "2026-05-11", "2026-06-10", "2026-06-20")
	c.notice("N2", "LATE", "2026-05-01", "2026-05-12", "2026-06-10", "2026-06-20")
	c.notice("N3", "TOLDLATE", "2026-05-20", "2026-05-01", "2026-06-10", "2026-06-20")
	c.notice("N4", "ANOTHER", "2026-05-01", "2026-05-01", "2026-06-10", "2026-06-20")
	// One contract that ran out before the planned start does not shorten the notice.
	c.out("NOISY", "2026-05-25", "contract_expired", 900, 1)
	c.notice("N5", "NOISY", "", "2026-05-01", "2026-06-08", "2026-06-20")
	// A plan for another time.
	c.notice("N6", "OLD", "2026-01-01", "2026-01-01", "2026-02-10", "2026-02-20")
	// The first ones found work since: they were dismissed all the same.
	c.out("FOUND", "2026-06-08", "redundancy", 0, 20)
	c.change("FOUND", "GOOD", "2026-06-28", "in", "transferred_in", 0, 20)
	c.out("FOUND", "2026-06-12", "redundancy", 20, 20)
	c.notice("N7", "FOUND", "2026-05-08", "2026-05-09", "2026-06-08", "2026-06-20")
	c.build()
	c.expect(candidates,
		"2026-06 enterprise_layoff 3 FOUND 20 1000 0.02 2026-06-12 2026-06-12 N7 30 true",
		"2026-06 enterprise_layoff 3 GOOD 30 1000 0.03 2026-06-10 2026-06-10 N1 30 true",
		"2026-06 enterprise_layoff 3 LATE 30 1000 0.03 2026-06-10 2026-06-10 N2 29 false",
		"2026-06 enterprise_layoff 3 NOISY 31 1000 0.031 2026-05-25 2026-06-10 N5 40 true",
		"2026-06 enterprise_layoff 3 OLD 30 1000 0.03 2026-06-10 2026-06-10 - - false",
		"2026-06 enterprise_layoff 3 OTHER 30 1000 0.03 2026-06-10 2026-06-10 - - false",
		"2026-06 enterprise_layoff 3 TOLDLATE 30 1000 0.03 2026-06-10 2026-06-10 N3 40 false",
	)
}

func TestTotals(t *testing.T) {
	c := newCity(t)
	// No employer near red alone, 1,500 together in a region and a division.
	for _, u := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"} {
		c.employ(u, "410402", "2614", 1000)
		c.out(u, "2026-03-10", "redundancy", 0, 100)
		c.out(u, "2026-03-31", "redundancy", 100, 50)
	}
	c.employ("X", "410403", "2820", 2000)
	c.out("X", "2026-03-31", "redundancy", 0, 1499)
	c.build()
	const totals = `SELECT concat_ws(' ', strftime(period, '%Y-%m'), rule, level, region, industry, enterprise, persons, base,
		window_from, window_to) FROM (FROM alert_region_layoff UNION ALL FROM alert_industry_layoff) ORDER BY rule`
	c.expect(totals,
		"2026-03 industry_layoff 1 _T 26 _T 1500 10000 2026-03-10 2026-03-31",
		"2026-03 region_layoff 1 410402 _T _T 1500 10000 2026-03-10 2026-03-31")
}

// The surveyed rate alone raises nothing: a second source must agree.
func TestCityRate(t *testing.T) {
	c := newCity(t)
	c.employ("A", "410402", "2614", 940)
	c.exec(`INSERT INTO ind_survey_level SELECT DATE '2026-01-01' + to_months(m), 'surveyed_unemployment_rate', '_T', '_T', '_T', '_T',
		rate, rate * 1e5, 1e5, 0.006 FROM (VALUES (0, 0.0549), (1, 0.055), (2, 0.0651), (3, 0.0652), (4, 0.0701), (5, 0.0702), (6, 0.07)) v(m, rate)`)
	// 50 of 990: 5.05 %, inside the registered rate's band up to May.
	c.exec(`INSERT INTO lake.unemployment_registration BY NAME SELECT DATE '2026-01-01' + to_months(CAST(m AS INTEGER)) AS period,
		'r' || i AS registration_no, 'u' || i AS person, 'F' AS sex, DATE '1990-01-01' AS birth_month, '410402' AS region,
		DATE '2026-01-01' AS registered_on FROM range(8) m(m), range(50) r(i)`)
	c.exec(`DELETE FROM lake.unemployment_registration WHERE period = DATE '2026-07-01' AND registration_no = 'r0'`)
	const city = `SELECT concat_ws(' ', strftime(period, '%m'), level, persons, base, rate, window_from, window_to) FROM alert_city_rate ORDER BY period`
	c.build()
	c.expect(city,
		"02 4 5500 100000 0.055 2026-02-01 2026-02-28",
		"03 3 6510 100000 0.0651 2026-03-01 2026-03-31",
		"04 2 6520 100000 0.0652 2026-03-01 2026-04-30",
		"05 2 7010 100000 0.0701 2026-04-01 2026-05-31",
		"06 1 7020 100000 0.0702 2026-05-01 2026-06-30")
}
