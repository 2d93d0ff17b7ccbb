package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/knownhosts"

	"laborwatch/source/servertest"
)

// TestKillSources kills the program at random instants while it fetches from an
// HTTP server, a folder, sshd, an S3 server, PostgreSQL and MariaDB, all but the
// folder slow.
// Whatever was killed, the ledger ends as one that nothing disturbed, and
// nothing is left in the landing folder.
func TestKillSources(t *testing.T) {
	const files = 6
	month := func(n int) (name, body string) {
		var b strings.Builder
		b.WriteString("岗位编号,工作地区划,招聘人数,发布日期\n")
		for row := range 20_000 {
			fmt.Fprintf(&b, "P%d,410402,1,2026-%02d-04\n", row, n)
		}
		return fmt.Sprintf("岗位信息_2026%02d.csv", n), b.String()
	}
	bodies := map[string]string{}
	for n := range files {
		name, body := month(n + 1)
		bodies[name] = body
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodies[strings.TrimPrefix(r.URL.Path, "/")]
		http.ServeContent(&slow{w}, r, "", time.Unix(1e9, 0), strings.NewReader(body))
	}))
	defer srv.Close()
	out := t.TempDir()
	change := "证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n410499196102020019,91410499MA0000001T,2026-05-12,减员,裁员\n"
	if err := os.WriteFile(filepath.Join(out, "增减员_20260512.csv"), []byte(change), 0o600); err != nil {
		t.Fatal(err)
	}
	remote := serverSources(t, month)
	key := filepath.Join(t.TempDir(), "keys", "shared.key")
	home := func() string {
		dir := t.TempDir()
		text := "data: data\ningest: {key_file: " + key + "}\nsources:\n  - {name: web, kind: http, http: {months: 6, urls: ['" + srv.URL + "/岗位信息_{YYYY}{MM}.csv']}}\n" +
			"  - {name: county, kind: directory, settle: 20ms, directory: {path: " + out + "}}\n" + remote
		var urls []string
		for name := range bodies {
			urls = append(urls, "'"+srv.URL+"/"+name+"'")
		}
		text = strings.Replace(text, "'"+srv.URL+"/岗位信息_{YYYY}{MM}.csv'", strings.Join(urls, ", "), 1)
		if err := os.WriteFile(filepath.Join(dir, "laborwatch.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		must(t, dir, []int{0}, "init")
		return dir
	}
	names := []string{"web", "county", "hr", "cloud", "pg", "maria"}
	pull := append([]string{"sources", "pull"}, names...)
	plain := home()
	begin := time.Now()
	must(t, plain, []int{0}, pull...)
	took := time.Since(begin)
	must(t, plain, []int{0}, "transform")
	ledger := ledgerOf(t, plain)
	figures := func(dir string) string {
		t.Helper()
		return must(t, dir, []int{0}, "query", "job_openings", "--format", "csv") + rowsByMonth(t, dir)
	}
	want := figures(plain)
	if strings.Count(want, "\n") < files+2 || len(regexp.MustCompile(`rail_flow \S+ live 20000\n`).FindAllString(want, -1)) != 2 {
		t.Fatalf("too little to compare:\n%s", want)
	}
	const wanted, rounds, kills = 20, 12, 5
	rng := rand.New(rand.NewPCG(3, 4))
	all := 0
	for round := 0; round < rounds && all < wanted; round++ {
		dir := home()
		for n := range kills {
			all += killAt(t, dir, time.Duration(rng.Int64N(int64(took)*2/3)), startingAt(pull, round+n)...)
		}
		must(t, dir, []int{0}, pull...)
		list := must(t, dir, []int{0}, "sources", "list")
		if n := len(regexp.MustCompile(`(?m) 0 +0 +0 *$`).FindAllString(list, -1)); n != len(names)+1 {
			t.Errorf("round %d: something waits, was refused or failed:\n%s", round, list)
		}
		again := must(t, dir, []int{0}, pull...)
		if !strings.Contains(again, "0 rows in") {
			t.Errorf("round %d: rows came again:\n%s", round, again)
		}
		if round == 0 { // of an equal ledger and lake the figures are equal
			must(t, dir, []int{0}, "transform")
			if got := figures(dir); got != want {
				t.Errorf("figures differ\n%s\nwant\n%s", got, want)
			}
		}
		sameLedger(t, ledgerOf(t, dir), ledger)
		left, err := filepath.Glob(filepath.Join(dir, "data", "landing", "*", "*"))
		if err != nil || len(left) > 0 {
			t.Errorf("round %d: left %v %v", round, left, err)
		}
	}
	if all < wanted {
		t.Errorf("only %d processes were killed; the test wants %d", all, wanted)
	}
	t.Logf("%d processes were killed; undisturbed it took %v", all, took)
}

// serverSources starts the servers, puts something into each, and gives their
// configuration: a month of vacancies by SFTP and one by S3, and a day of
// trains in each of two databases, read on by a watermark.
func serverSources(t *testing.T, month func(int) (name, body string)) string {
	t.Helper()
	sshd := servertest.StartSSHD(t)
	folder := t.TempDir()
	bucket := servertest.StartGateway(t)
	name, body := month(7)
	servertest.Write(t, filepath.Join(folder, name), body)
	name, body = month(8)
	bucket.Put(t, "out/"+name, body)
	t.Cleanup(servertest.Close)
	pg, maria := servertest.StartPostgres(t), servertest.StartMariaDB(t)
	const train = "CREATE TABLE train (id BIGINT PRIMARY KEY, day DATE, origin VARCHAR(20), destination VARCHAR(20), persons INTEGER)"
	pg.Exec(t, train, "INSERT INTO train SELECT n, '2026-05-06', 'A' || n, 'B', 1 FROM generate_series(1, 20000) AS g(n)", "GRANT SELECT ON train TO lw")
	maria.Exec(t, train, "INSERT INTO train SELECT seq, '2026-05-07', CONCAT('A', seq), 'B', 1 FROM seq_1_to_20000")
	t.Setenv("LW_TEST_ACCESS", "lw")
	t.Setenv("LW_TEST_SECRET", servertest.S3Secret)
	t.Setenv("LW_TEST_PASSWORD", servertest.Password)
	hr := sshd.Place(folder).SFTP
	line := slowLine(t, hr.Address)
	servertest.Write(t, hr.KnownHosts, knownhosts.Line([]string{line}, sshd.HostKey)+"\n")
	return "  - {name: hr, kind: sftp, settle: 20ms, sftp: {address: '" + line + "', user: " + hr.User + ", path: " + folder + ", known_hosts: " + hr.KnownHosts + ", key_file: " + hr.KeyFile + "}}\n" +
		"  - {name: cloud, kind: s3, s3: {endpoint: '" + slowLine(t, bucket.Address) + "', bucket: city, prefix: out/, plain: true, access_key_env: LW_TEST_ACCESS, secret_key_env: LW_TEST_SECRET}}\n" +
		trains(t, "pg", "postgres", pg) + trains(t, "maria", "city", maria)
}

// trains is the configuration of a database with the table train.
func trains(t *testing.T, name, database string, db *servertest.Database) string {
	t.Helper()
	return "  - name: " + name + "\n    kind: " + db.Kind + "\n    feed: rail_flow\n    sql:\n      address: '" + slowLine(t, db.Address) + "'\n" +
		"      database: " + database + "\n      user: lw\n      password_env: LW_TEST_PASSWORD\n      tls: 'off'\n" +
		"      query: SELECT id, day AS 乘车日期, origin AS 发站, destination AS 到站, persons AS 旅客人数 FROM train WHERE id > {watermark} ORDER BY id\n" +
		"      watermark: {column: id, type: bigint, start: '0'}\n"
}

// rowsByMonth is what the ledger has of each feed and month.
func rowsByMonth(t *testing.T, dir string) string {
	t.Helper()
	var loads []loadLine
	if err := json.Unmarshal([]byte(must(t, dir, []int{0}, "loads", "list", "--format", "json")), &loads); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, x := range loads {
		lines = append(lines, fmt.Sprintf("%s %s %s %d\n", x.Feed, x.Period, x.Status, x.RowsLoaded))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// slowLine is a line to a server that brings its answers a little at a time.
func slowLine(t *testing.T, target string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", target)
				if err != nil {
					return
				}
				defer server.Close()
				go func() {
					_, _ = io.Copy(server, client)
					_ = server.(*net.TCPConn).CloseWrite()
				}()
				piece := make([]byte, 64<<10)
				for {
					n, err := server.Read(piece)
					if _, werr := client.Write(piece[:n]); err != nil || werr != nil {
						return
					}
					if n > 16<<10 {
						time.Sleep(10 * time.Millisecond)
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// slow sends a little at a time, so that a transfer can be met midway.
type slow struct{ http.ResponseWriter }

func (s *slow) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		k, err := s.ResponseWriter.Write(p[:min(len(p), 64<<10)])
		n += k
		if err != nil {
			return n, err
		}
		p = p[k:]
		time.Sleep(10 * time.Millisecond)
	}
	return n, nil
}
