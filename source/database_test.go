package source

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

// Values arrive digit by digit: no rounding, no shift of time zones, and NULL
// told from an empty text.
func TestSQLValuesAreExact(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		s := server(t, "postgres")
		s.Exec(t, `CREATE TABLE v (n int, money numeric(30,10), f double precision, at timestamp(6), zoned timestamptz(6), d date, big bigint, ok boolean, txt text, blank text, nothing text)`,
			`INSERT INTO v VALUES (1, 12345678901234567890.0123456789, 0.1, '2026-05-01 00:00:00.000001', '2026-05-01 00:00:00.000001+08', '2026-05-01', 9223372036854775807, true, E'a "quoted", text\n第二行', '', NULL)`,
			`GRANT SELECT ON v TO lw`)
		h := newHouse(t)
		h.pull(h.source(s.Place(t, `SELECT n AS "序号", money, f, at, zoned, d, big, ok, txt, blank, nothing FROM v`, nil)))
		h.want(map[string][]string{"q_202611.csv": {"序号,money,f,at,zoned,d,big,ok,txt,blank,nothing\n" +
			`1,12345678901234567890.0123456789,0.1,2026-05-01 00:00:00.000001,2026-05-01 00:00:00.000001+08,2026-05-01,9223372036854775807,t,"a ""quoted"", text` + "\n第二行\",\"\",\n"}})
	})
	t.Run("mariadb", func(t *testing.T) {
		s := server(t, "mariadb")
		s.Exec(t, `CREATE TABLE v (n int, money decimal(40,10), f double, at datetime(6), stamp timestamp(6), d date, big bigint unsigned, txt text, blank text, nothing text)`,
			`SET time_zone = '+08:00'`,
			`INSERT INTO v VALUES (1, 12345678901234567890.0123456789, 1000000.1, '2026-05-01 00:00:00.000001', '2026-05-01 00:00:00.000001', '2026-05-01', 18446744073709551615, 'a "quoted", text\n第二行', '', NULL)`)
		h := newHouse(t)
		h.pull(h.source(s.Place(t, "SELECT n AS `序号`, money, f, at, stamp, d, big, txt, blank, nothing FROM v", nil)))
		h.want(map[string][]string{"q_202611.csv": {"序号,money,f,at,stamp,d,big,txt,blank,nothing\n" +
			`1,12345678901234567890.0123456789,1000000.1,2026-05-01 00:00:00.000001,2026-05-01 00:00:00.000001,2026-05-01,18446744073709551615,"a ""quoted"", text` + "\n第二行\",\"\",\n"}})
	})
}

// A watermark keeps every microsecond: rows that differ in the last digit alone
// are told apart, and nothing is read twice or left out.
func TestSQLWatermark(t *testing.T) {
	both(t, func(t *testing.T, s *servertest.Database) {
		s.Exec(t, `CREATE TABLE w (id int, at timestamp(6) NOT NULL DEFAULT '2000-01-01 00:00:00')`)
		if s.Kind == "postgres" {
			s.Exec(t, `GRANT SELECT ON w TO lw`)
		} else {
			s.Exec(t, `ALTER TABLE w MODIFY at datetime(6) NOT NULL`)
		}
		s.Exec(t, `INSERT INTO w VALUES (1, '2026-11-02 10:00:00.000001'), (2, '2026-11-02 10:00:00.000002')`)
		h := newHouse(t)
		place := s.Place(t, `SELECT id, at FROM w WHERE at > {watermark} ORDER BY at, id`, &config.Watermark{Column: "at", Type: "timestamp", Start: "2020-01-01 00:00:00"})
		src := h.source(place)
		h.pull(src)
		first := "id,at\n1,2026-11-02 10:00:00.000001\n2,2026-11-02 10:00:00.000002\n"
		h.want(map[string][]string{"q_1_20261103.csv": {first}})
		if res := h.pull(src); len(res.Loaded) != 0 {
			t.Errorf("nothing was new: %+v", res)
		}
		s.Exec(t, `INSERT INTO w VALUES (3, '2026-11-02 10:00:00.000003')`)
		h.restart()
		h.pull(h.source(place))
		h.want(map[string][]string{"q_1_20261103.csv": {first}, "q_2_20261103.csv": {"id,at\n3,2026-11-02 10:00:00.000003\n"}})

		// A crash between landing and load: the extract is loaded first, as it
		// was, and what came meanwhile goes into the next.
		s.Exec(t, `INSERT INTO w VALUES (4, '2026-11-02 10:00:00.000004')`)
		h.fault = Stop(errors.New("killed"))
		if _, err := h.source(place).Pull(t.Context(), h.load); err == nil {
			t.Fatal("no fault")
		}
		if mark, _, err := h.state.Watermark(t.Context(), "db"); err != nil || mark != "2026-11-02 10:00:00.000003" {
			t.Errorf("the watermark went ahead of the ledger: %q %v", mark, err)
		}
		h.fault = nil
		s.Exec(t, `INSERT INTO w VALUES (5, '2026-11-02 10:00:00.000005')`)
		h.restart()
		h.pull(h.source(place))
		h.want(map[string][]string{
			"q_1_20261103.csv": {first}, "q_2_20261103.csv": {"id,at\n3,2026-11-02 10:00:00.000003\n"},
			"q_3_20261103.csv": {"id,at\n4,2026-11-02 10:00:00.000004\n"}, "q_4_20261103.csv": {"id,at\n5,2026-11-02 10:00:00.000005\n"},
		})
		h.empty("db")

		// A row dated next year would hide all that come before it.
		s.Exec(t, `INSERT INTO w VALUES (6, '2027-11-02 00:00:00'), (7, '2026-11-02 10:00:00.000007')`)
		res := h.pull(h.source(place))
		if len(res.Failed) != 1 || !strings.Contains(res.Failed[0].Err.Error(), "later than tomorrow") {
			t.Errorf("%+v", res)
		}
		s.Exec(t, `DELETE FROM w WHERE id = 6`)
		h.pull(h.source(place))
		if got := h.got["q_5_20261103.csv"]; !slices.Equal(got, []string{"id,at\n7,2026-11-02 10:00:00.000007\n"}) {
			t.Errorf("%q", got)
		}
	})
}

// With a lag, a row that was committed late under an early time is read.
func TestSQLLag(t *testing.T) {
	both(t, func(t *testing.T, s *servertest.Database) {
		s.Exec(t, `CREATE TABLE w (id int, at timestamp(6) NOT NULL DEFAULT '2000-01-01 00:00:00')`)
		if s.Kind == "postgres" {
			s.Exec(t, `GRANT SELECT ON w TO lw`)
		} else {
			s.Exec(t, `ALTER TABLE w MODIFY at datetime(6) NOT NULL`)
		}
		s.Exec(t, `INSERT INTO w VALUES (1, '2026-11-02 10:00:00.5')`)
		h := newHouse(t)
		src := h.source(s.Place(t, `SELECT id, at FROM w WHERE at > {watermark} ORDER BY at, id`, &config.Watermark{Column: "AT", Type: "timestamp", Start: "2020-01-01 00:00:00", Lag: "10m"}))
		h.pull(src)
		if res := h.pull(src); len(res.Loaded) != 0 {
			t.Errorf("the same rows were loaded again: %+v", res)
		}
		s.Exec(t, `INSERT INTO w VALUES (2, '2026-11-02 09:55:00'), (3, '2029-01-01 00:00:00')`)
		h.pull(src)
		half, late, next := "10:00:00.5", "09:55:00", "2029-01-01 00:00:00"
		if s.Kind == "mysql" {
			half, late, next = "10:00:00.500000", "09:55:00.000000", "2029-01-01 00:00:00.000000"
		}
		h.want(map[string][]string{
			"q_1_20261103.csv": {"id,at\n1,2026-11-02 " + half + "\n"},
			"q_2_20261103.csv": {"id,at\n2,2026-11-02 " + late + "\n1,2026-11-02 " + half + "\n3," + next + "\n"},
		})
		if mark, _, err := h.state.Watermark(t.Context(), "db"); err != nil || mark != "2026-11-02 10:00:00.5" {
			t.Errorf("watermark %q %v", mark, err)
		}
	})
}

// Keys of other types.
func TestSQLKeys(t *testing.T) {
	both(t, func(t *testing.T, s *servertest.Database) {
		s.Exec(t, `CREATE TABLE k (id bigint, code varchar(20))`, `INSERT INTO k VALUES (9007199254740993, 'b''1'), (9007199254740992, 'a')`)
		if s.Kind == "postgres" {
			s.Exec(t, `GRANT SELECT ON k TO lw`)
		}
		for _, c := range []struct{ column, kind, start, first, added string }{
			{"id", "bigint", "0", "9007199254740993", "(9007199254740994, 'c')"},
			{"code", "text", "", "c", "(1, 'd')"},
		} {
			h := newHouse(t)
			src := h.source(s.Place(t, "SELECT id, code FROM k WHERE "+c.column+" > {watermark} ORDER BY id", &config.Watermark{Column: c.column, Type: c.kind, Start: c.start}))
			h.pull(src)
			if mark, _, _ := h.state.Watermark(t.Context(), "db"); mark != c.first {
				t.Errorf("watermark %q, want %q", mark, c.first)
			}
			s.Exec(t, "INSERT INTO k VALUES "+c.added)
			if res := h.pull(src); len(res.Loaded) != 1 || strings.Count(h.got[res.Loaded[0]][0], "\n") != 2 {
				t.Errorf("%+v %q", res, h.got)
			}
		}
	})
}

// The session cannot write, whatever the query says and the user may.
func TestSQLReadOnly(t *testing.T) {
	both(t, func(t *testing.T, s *servertest.Database) {
		s.Exec(t, `CREATE TABLE v (n int)`)
		if s.Kind == "postgres" {
			s.Exec(t, `GRANT ALL ON v TO lw`)
		}
		const query = `INSERT INTO v VALUES (1) RETURNING n`
		h := newHouse(t)
		waits := 0
		h.wait = func() { waits++ }
		res := h.pull(h.source(s.Place(t, query, nil)))
		if len(res.Failed) != 1 || !strings.Contains(strings.ToLower(res.Failed[0].Err.Error()), "read") || waits > 0 {
			t.Errorf("%+v after %d pauses", res, waits)
		}
		if n, err := s.One(`SELECT count(*) FROM v`); err != nil || n != 0 {
			t.Errorf("%d rows were written, %v", n, err)
		}
	})
}

// A server is reached by its socket, whatever its port, without TLS: the socket
// leads over no network.
func TestSQLSocket(t *testing.T) {
	both(t, func(t *testing.T, s *servertest.Database) {
		h := newHouse(t)
		place := s.Place(t, "SELECT 1 AS n", nil)
		_, port, err := net.SplitHostPort(s.Address)
		if err != nil {
			t.Fatal(err)
		}
		place.SQL.Address, place.SQL.TLS = s.Socket, "verify"
		if s.Kind == "postgres" {
			if place.SQL.Port, err = strconv.Atoi(port); err != nil {
				t.Fatal(err)
			}
		}
		h.pull(h.source(place))
		h.want(map[string][]string{"q_202611.csv": {"n\n1\n"}})
	})
}

func TestSQLRefusals(t *testing.T) {
	both(t, func(t *testing.T, s *servertest.Database) {
		blob := "CAST('x' AS bytea)"
		if s.Kind == "mysql" {
			blob = "CAST('x' AS binary(1))"
		}
		wrong := filepath.Join(t.TempDir(), "wrong")
		servertest.Write(t, wrong, "wrong-Password-1")
		for _, c := range []struct {
			name, query, want string
			change            func(*config.SQLSource)
		}{
			{"wrong password", "SELECT 1 AS n", "lw", func(q *config.SQLSource) { q.PasswordFile = wrong }},
			{"no such table", "SELECT * FROM no_such_table", "no_such_table", nil},
			{"bytes", "SELECT " + blob + " AS photo", "photo holds bytes", nil},
			{"one name twice", "SELECT 1 AS n, 2 AS n", "column n twice", nil},
		} {
			h := newHouse(t)
			place := s.Place(t, c.query, nil)
			if c.change != nil {
				c.change(place.SQL)
			}
			waits := 0
			h.wait = func() { waits++ }
			res, err := h.source(place).Pull(t.Context(), h.load)
			for _, f := range res.Failed {
				err = errors.Join(err, f.Err)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || waits > 0 || strings.Contains(err.Error(), servertest.Password) || strings.Contains(err.Error(), "wrong-Password-1") {
				t.Errorf("%s: %v after %d pauses", c.name, err, waits)
			}
			h.want(map[string][]string{})
		}
	})
}

// The session is cut off in the middle of the rows: the query is asked again,
// and what had come of the first answer is dropped.
func TestSQLConnectionLost(t *testing.T) {
	both(t, func(t *testing.T, s *servertest.Database) {
		query := `SELECT n, repeat('x', 100) AS pad FROM generate_series(1, 60000) AS n ORDER BY n`
		if s.Kind == "mysql" {
			query = `SELECT seq AS n, repeat('x', 100) AS pad FROM seq_1_to_60000 ORDER BY seq`
		}
		line := newCutter(t, s.Address, 2<<20, 3<<20, -1)
		place := s.Place(t, query, nil)
		place.SQL.Address = line.address()
		h := newHouse(t)
		h.pull(h.source(place))
		var b strings.Builder
		b.WriteString("n,pad\n")
		for n := 1; n <= 60000; n++ {
			fmt.Fprintf(&b, "%d,%s\n", n, strings.Repeat("x", 100))
		}
		h.want(map[string][]string{"q_202611.csv": {b.String()}})
		if line.connections() != 3 {
			t.Errorf("%d connections", line.connections())
		}
	})
}

// Oracle: no server is at hand, so its query is held to the letter.
func TestOracleQuery(t *testing.T) {
	for _, c := range []struct{ kind, from, want, value string }{
		{"timestamp", "2026-05-01 10:00:00.000001", "at > TO_TIMESTAMP(:1, 'YYYY-MM-DD HH24:MI:SS.FF9') AND at < TO_TIMESTAMP(:2, 'YYYY-MM-DD HH24:MI:SS.FF9')", "2026-05-01 10:00:00.000001000"},
		{"timestamptz", "2026-05-01 02:00:00.123+00:00", "at > TO_TIMESTAMP_TZ(:1, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM') AND at < TO_TIMESTAMP_TZ(:2, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')", "2026-05-01 02:00:00.123000000 +00:00"},
		{"bigint", "7", "at > TO_NUMBER(:1) AND at < TO_NUMBER(:2)", "7"},
		{"text", "a'b", "at > :1 AND at < :2", "a'b"},
	} {
		q, args, err := oracleQuery(config.SQLSource{Query: "at > {watermark} AND at < {watermark}", Watermark: &config.Watermark{Type: c.kind}}, c.from)
		if err != nil || q != c.want || !slices.Equal(args, []any{c.value, c.value}) {
			t.Errorf("%s: %s %v %v", c.kind, q, args, err)
		}
	}
	at := time.Date(2026, 5, 1, 10, 0, 0, 1000, time.FixedZone("", 8*3600))
	for v, want := range map[any]string{"12345678901234567890.12": "12345678901234567890.12", at: "2026-05-01 10:00:00.000001", int64(7): "7", 0.1: "0.1", 1e6: "1000000"} {
		if got, err := exact(v, false); err != nil || string(got) != want {
			t.Errorf("%v: %s %v", v, got, err)
		}
	}
	if got, err := exact(at, true); err != nil || string(got) != "2026-05-01 10:00:00.000001+08:00" {
		t.Errorf("%s %v", got, err)
	}
	if _, err := exact(struct{}{}, false); err == nil {
		t.Error("a value of an unknown type was written")
	}
	h := newHouse(t)
	place := (&servertest.Database{Kind: "oracle", Address: "127.0.0.1:" + servertest.FreePort(t)}).Place(t, "SELECT 1 AS n FROM dual", nil)
	if _, err := h.source(place).Pull(t.Context(), h.load); err == nil || strings.Contains(err.Error(), servertest.Password) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("no server: %v", err)
	}
}
