package alert_test

import "testing"

const figures = `SELECT concat_ws(' ', strftime(period, '%Y-%m'), indicator, region, industry, value, n) FROM `

func TestInsuredHeads(t *testing.T) {
	c := newCity(t)
	c.employ("A", "410402", "2614", 100)
	c.employ("B", "410403", "2820", 50)
	c.employ("C", "410403", "5211", 10)
	c.employ("NOWHERE", "410403", "2614", 5)
	c.exec(`DELETE FROM lake.enterprise WHERE uscc = 'NOWHERE'`)
	// Ten of A's persons work for B too, and one of those for C; a row twice is one head.
	c.exec(`INSERT INTO lake.social_insurance BY NAME SELECT period, person, 'B' AS uscc, insurance, contribution_status, payment_type
		FROM lake.social_insurance WHERE uscc = 'A' AND person IN (SELECT 'A-' || i FROM range(10) r(i))`)
	c.exec(`INSERT INTO lake.social_insurance BY NAME SELECT period, person, 'C' AS uscc, insurance, contribution_status, payment_type
		FROM lake.social_insurance WHERE uscc = 'A' AND person = 'A-0'`)
	c.exec(`INSERT INTO lake.social_insurance SELECT * FROM lake.social_insurance WHERE person = 'A-0'`)
	// Revisions, other insurances and paused contributions are no heads.
	c.exec(`INSERT INTO lake.social_insurance BY NAME SELECT DATE '2026-01-01' AS period, 'x' || i AS person, 'C' AS uscc,
		CASE i WHEN 0 THEN '310' ELSE '210' END AS insurance, CASE i WHEN 1 THEN '2' ELSE '1' END AS contribution_status,
		CASE i WHEN 2 THEN '31' ELSE '10' END AS payment_type FROM range(3) r(i)`)
	c.build()
	c.expect(figures+`ind_insured WHERE period = DATE '2026-01-01' AND enterprise = '_T' ORDER BY indicator, region, industry`,
		"2026-01 insured_employers 410402 C 1.0 1",
		"2026-01 insured_employers 410402 _T 1.0 1",
		"2026-01 insured_employers 410403 C 1.0 1",
		"2026-01 insured_employers 410403 F 1.0 1",
		"2026-01 insured_employers 410403 _T 2.0 2",
		"2026-01 insured_employers _T 26 1.0 1",
		"2026-01 insured_employers _T 28 1.0 1",
		"2026-01 insured_employers _T 52 1.0 1",
		"2026-01 insured_employers _T C 2.0 2",
		"2026-01 insured_employers _T F 1.0 1",
		"2026-01 insured_employers _T K_NYLON 2.0 2",
		"2026-01 insured_employers _T K_SALT_PC 1.0 1",
		"2026-01 insured_employers _T _T 4.0 4",
		"2026-01 insured_persons 410402 C 100.0 1",
		"2026-01 insured_persons 410402 _T 100.0 1",
		"2026-01 insured_persons 410403 C 60.0 1",
		"2026-01 insured_persons 410403 F 11.0 1",
		"2026-01 insured_persons 410403 _T 70.0 2",
		"2026-01 insured_persons _T 26 100.0 1",
		"2026-01 insured_persons _T 28 60.0 1",
		"2026-01 insured_persons _T 52 11.0 1",
		"2026-01 insured_persons _T C 150.0 2",
		"2026-01 insured_persons _T F 11.0 1",
		"2026-01 insured_persons _T K_NYLON 150.0 2",
		"2026-01 insured_persons _T K_SALT_PC 100.0 1",
		"2026-01 insured_persons _T _T 165.0 4",
	)
	// The shortcut over employers' sums agrees with a plain count of distinct persons, in every cell.
	c.expect(`WITH plain AS (
			SELECT s.period, coalesce(c.region, '_T') AS region, coalesce(c.industry, '_T') AS industry, count(DISTINCT person) AS heads
			FROM stg_social_insurance s LEFT JOIN core_cell c ON c.period = s.period AND c.uscc = s.uscc GROUP BY ALL)
		SELECT concat_ws(' ', region, industry, heads, value) FROM plain FULL JOIN ind_insured i USING (period, region, industry)
		WHERE indicator = 'insured_persons' AND enterprise = '_T' AND heads IS DISTINCT FROM value`)
	c.expect(`SELECT concat_ws(' ', enterprise, value) FROM ind_insured WHERE enterprise <> '_T' AND period = DATE '2026-01-01' ORDER BY enterprise`,
		"A 100.0", "B 60.0", "C 11.0", "NOWHERE 5.0")
}

// A missing register is bridged by an earlier one, for three months.
func TestRegisterGap(t *testing.T) {
	c := newCity(t)
	c.employ("A", "410402", "2614", 10)
	c.exec(`DELETE FROM lake.enterprise WHERE period > DATE '2026-02-01' AND period < DATE '2026-07-01'`)
	c.exec(`UPDATE lake.enterprise SET region = '410403' WHERE period >= DATE '2026-07-01'`)
	c.build()
	c.expect(`SELECT concat_ws(' ', strftime(period, '%Y-%m'), region, strftime(register_period, '%Y-%m'))
		FROM core_enterprise WHERE period <= DATE '2026-08-01' ORDER BY period`,
		"2026-01 410402 2026-01", "2026-02 410402 2026-02", "2026-03 410402 2026-02", "2026-04 410402 2026-02",
		"2026-05 410402 2026-02", "2026-07 410403 2026-07", "2026-08 410403 2026-08")
}

func TestChanges(t *testing.T) {
	c := newCity(t)
	c.employ("A", "410402", "2614", 100)
	c.employ("B", "410403", "2820", 100)
	c.change("NEW", "A", "2026-03-02", "in", "new_enrolment", 0, 5)
	c.out("A", "2026-03-03", "redundancy", 0, 3)
	c.out("A", "2026-03-03", "redundancy", 0, 3) // reported twice
	c.out("A", "2026-03-04", "retirement", 10, 2)
	c.out("A", "2026-03-05", "ended", 20, 1)
	c.build()
	c.expect(figures+`ind_insurance_change WHERE enterprise = '_T' AND industry IN ('_T', 'K_NYLON') ORDER BY indicator, region, industry`,
		"2026-03 insurance_enrolments 410402 _T 5.0 1",
		"2026-03 insurance_enrolments 410403 _T 0.0 0",
		"2026-03 insurance_enrolments _T K_NYLON 5.0 1",
		"2026-03 insurance_enrolments _T _T 5.0 1",
		"2026-03 insurance_terminations 410402 _T 6.0 1",
		"2026-03 insurance_terminations 410403 _T 0.0 0",
		"2026-03 insurance_terminations _T K_NYLON 6.0 1",
		"2026-03 insurance_terminations _T _T 6.0 1",
		"2026-03 involuntary_terminations 410402 _T 3.0 1",
		"2026-03 involuntary_terminations 410403 _T 0.0 0",
		"2026-03 involuntary_terminations _T K_NYLON 3.0 1",
		"2026-03 involuntary_terminations _T _T 3.0 1",
	)
}

// spell writes a registration into the files of the months it is open in.
func (c *city) spell(no, person, sex, born, region, reason, categories, from, to string) {
	c.t.Helper()
	var until any
	if to != "" {
		until = to
	}
	c.exec(`INSERT INTO lake.unemployment_registration BY NAME
		SELECT DATE '2026-01-01' + to_months(CAST(m AS INTEGER)) AS period, $1 AS registration_no, $2 AS person, $3 AS sex,
			CAST($4 AS DATE) AS birth_month, $5 AS region, $6 AS reason, $7 AS categories,
			CAST($8 AS DATE) AS registered_on, CAST($9 AS DATE) AS deregistered_on
		FROM range(6) r(m)
		WHERE CAST($8 AS DATE) <= last_day(DATE '2026-01-01' + to_months(CAST(m AS INTEGER)))
			AND coalesce(CAST($9 AS DATE), DATE '9999-01-01') >= DATE '2026-01-01' + to_months(CAST(m AS INTEGER))`,
		no, person, sex, born, region, reason, categories, from, until)
}

func TestRegistered(t *testing.T) {
	c := newCity(t)
	c.employ("A", "410402", "2614", 97)
	c.spell("1", "p1", "F", "2002-03-01", "410402", "graduation", "graduate;migrant_worker", "2026-01-10", "")
	c.spell("2", "p2", "M", "1990-01-01", "410402", "employer", "", "2025-02-10", "2026-03-31")
	// One person registered in two regions, and again on the day after closing.
	c.spell("3", "p3", "M", "1960-01-01", "410402", "other", "", "2025-12-10", "2026-02-10")
	c.spell("4", "p3", "M", "1960-01-01", "410403", "other", "", "2026-02-05", "2026-02-20")
	c.spell("5", "p3", "M", "1960-01-01", "410403", "other", "", "2026-02-21", "")
	// In and out within a month.
	c.spell("6", "p4", "F", "1995-01-01", "410403", "released", "", "2026-02-02", "2026-02-03")
	c.build()
	const cells = `SELECT concat_ws(' ', strftime(period, '%m'), region, sex, age, pop_group, stock, entered, left_register)
		FROM core_registered WHERE `
	c.expect(cells+`sex = '_T' AND age = '_T' AND pop_group = '_T' AND period < DATE '2026-05-01' ORDER BY period, region`,
		"01 410402 _T _T _T 3 1 0", "01 _T _T _T _T 3 1 0",
		"02 410402 _T _T _T 2 0 1", "02 410403 _T _T _T 1 2 1", "02 _T _T _T _T 3 1 1",
		"03 410402 _T _T _T 1 0 1", "03 410403 _T _T _T 1 0 0", "03 _T _T _T _T 2 0 1",
		"04 410402 _T _T _T 1 0 0", "04 410403 _T _T _T 1 0 0", "04 _T _T _T _T 2 0 0")
	c.expect(cells+`(sex <> '_T' OR age <> '_T' OR pop_group <> '_T') AND period = DATE '2026-02-01' ORDER BY ALL`,
		"02 _T F _T _T 1 1 1", "02 _T M _T _T 2 0 0",
		"02 _T _T Y16T24 _T 1 0 0", "02 _T _T Y30T59 _T 1 1 1", "02 _T _T Y_GE60 _T 1 0 0",
		"02 _T _T _T REASON_EMPLOYER 1 0 0", "02 _T _T _T REASON_GRADUATION 1 0 0", "02 _T _T _T REASON_OTHER 1 0 0",
		"02 _T _T _T REASON_RELEASED 0 1 1", "02 _T _T _T graduate 1 0 0", "02 _T _T _T long_term 1 0 0",
		"02 _T _T _T migrant_worker 1 0 0", "02 _T _T _T relocated 0 0 0", "02 _T _T _T women 1 1 1", "02 _T _T _T youth 1 0 0")
	// Stock = the month before's + in - out, in every region.
	c.expect(`SELECT concat_ws(' ', a.period, a.region) FROM core_registered a
		LEFT JOIN core_registered b ON b.period = a.period - INTERVAL 1 MONTH AND b.region = a.region AND b.sex = a.sex AND b.age = a.age AND b.pop_group = a.pop_group
		WHERE a.period > DATE '2026-01-01' AND a.age = '_T' AND a.pop_group = '_T'
			AND a.stock <> coalesce(b.stock, 0) + a.entered - a.left_register`)
	c.expect(`SELECT concat_ws(' ', region, numerator, denominator, value) FROM ind_registered_rate
		WHERE period = DATE '2026-01-01' ORDER BY region`, "410402 3.0 100.0 0.03", "_T 3.0 100.0 0.03")
}

func TestMarket(t *testing.T) {
	c := newCity(t)
	c.employ("A", "410402", "2614", 1)
	c.exec(`INSERT INTO lake.job_vacancy BY NAME FROM (VALUES
		(DATE '2026-03-01', 'v1', 'A', '410402', NULL, 10, DATE '2026-01-05', NULL),
		(DATE '2026-03-01', 'v2', NULL, '410403', '5211', 6, DATE '2026-03-05', DATE '2026-03-06'),
		(DATE '2026-03-01', 'v3', NULL, '410403', NULL, 4, DATE '2026-03-05', NULL),
		(DATE '2026-03-01', 'v4', NULL, '410403', '5211', 99, DATE '2026-01-05', DATE '2026-02-28')
		) v(period, posting_no, uscc, region, industry, openings, posted_on, closed_on)`)
	c.exec(`INSERT INTO lake.job_seeker BY NAME FROM (VALUES
		('s1', 'p1', '410402', '2614'), ('s2', 'p2', '410402', '2614'), ('s3', 'p3', '410402', '5211'),
		('s4', 'p4', '410402', NULL), ('s5', 'p5', '410402', NULL), ('s6', 'p5', '410403', NULL)
		) v(seeker_no, person, region, industry), (VALUES (DATE '2026-03-01', DATE '2026-02-01')) w(period, registered_on)`)
	// A month without the seekers' file has openings, but no seekers and no ratio.
	c.exec(`INSERT INTO lake.job_vacancy BY NAME SELECT DATE '2026-04-01' AS period, 'v1' AS posting_no, '410402' AS region, 10 AS openings`)
	c.build()
	c.expect(`SELECT concat_ws(' ', indicator, region, value) FROM ind_market WHERE period = DATE '2026-04-01' ORDER BY region`,
		"job_openings 410402 10.0", "job_openings _T 10.0")
	c.expect(`SELECT concat_ws(' ', indicator, region, industry, round(value, 6), n) FROM ind_market
		WHERE period = DATE '2026-03-01' AND industry NOT IN ('26', '52', 'K_SALT_PC') ORDER BY indicator, region, industry`,
		"job_openings 410402 _T 10.0 1", "job_openings 410403 _T 10.0 2",
		"job_openings _T C 10.0 1", "job_openings _T F 6.0 1", "job_openings _T K_NYLON 10.0 1", "job_openings _T _T 20.0 3",
		"job_seekers 410402 _T 5.0 5", "job_seekers 410403 _T 1.0 1",
		"job_seekers _T C 3.333333 2", "job_seekers _T F 1.666667 1", "job_seekers _T K_NYLON 3.333333 2", "job_seekers _T _T 5.0 5",
		"openings_to_seekers_ratio 410402 _T 2.0 5", "openings_to_seekers_ratio 410403 _T 10.0 1",
		"openings_to_seekers_ratio _T C 3.0 2", "openings_to_seekers_ratio _T F 3.6 1",
		"openings_to_seekers_ratio _T K_NYLON 3.0 2", "openings_to_seekers_ratio _T _T 4.0 5")
}

func TestMonthAndYearChanges(t *testing.T) {
	c := newCity(t)
	c.employ("A", "410402", "2614", 100)
	c.exec(`DELETE FROM lake.social_insurance WHERE period = DATE '2026-02-01' AND person IN (SELECT 'A-' || i FROM range(20) r(i))`)
	c.exec(`INSERT INTO lake.social_insurance BY NAME SELECT period - INTERVAL 12 MONTH AS period, person, uscc, insurance,
		contribution_status, payment_type FROM lake.social_insurance WHERE period = DATE '2026-02-01' AND person < 'A-6'`)
	c.spell("1", "p1", "F", "2002-03-01", "410402", "graduation", "", "2025-12-10", "")
	c.build()
	c.expect(`SELECT concat_ws(' ', strftime(period, '%m'), indicator, enterprise, round(value, 6), numerator, denominator)
		FROM ind_change WHERE indicator LIKE 'insured_persons%' AND region = '_T' AND industry = '_T'
		AND period <= DATE '2026-03-01' ORDER BY period, indicator, enterprise`,
		"02 insured_persons_mom A -0.2 -20.0 100.0", "02 insured_persons_mom _T -0.2 -20.0 100.0",
		"02 insured_persons_yoy A 1.0 40.0 40.0", "02 insured_persons_yoy _T 1.0 40.0 40.0",
		"03 insured_persons_mom A 0.25 20.0 80.0", "03 insured_persons_mom _T 0.25 20.0 80.0")
	// Ratios change by their difference.
	c.expect(`SELECT concat_ws(' ', strftime(period, '%m'), indicator, round(value, 9), numerator IS NULL) FROM ind_change
		WHERE indicator LIKE 'registered_unemployment_rate%' AND region = '_T' AND period <= DATE '2026-02-01'`,
		"02 registered_unemployment_rate_mom 0.002444689 true")
	// Every change is one of the catalog's, once.
	c.expect(`SELECT indicator FROM ind_change GROUP BY period, indicator, region, sex, age, pop_group, industry, occupation, enterprise HAVING count(*) > 1`)
}
