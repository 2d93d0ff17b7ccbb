package servertest

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"laborwatch/config"
)

// Password is that of the user lw, full of what must be quoted.
const Password = "p4ss'w@rd/of:lw"

// Database is a database server of the test's own, and a session that may write.
type Database struct {
	Kind, Address string
	// Socket is the folder of PostgreSQL's socket, or MariaDB's socket.
	Socket string
	Do     func(q string) error
	One    func(q string) (int, error)
}

// as has a command run as a user of the system, who then owns the folder:
// database servers refuse to run as root.
func as(t testing.TB, name, dir string, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		return cmd
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(p, uid, gid))
	}); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, Setpgid: true}
	cmd.Dir = dir
	return cmd
}

// serverDir is a folder that another user may reach.
func serverDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lw-db-")
	if err != nil {
		t.Fatal(err)
	}
	atEnd = append(atEnd, func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func run(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

func background(t testing.TB, cmd *exec.Cmd, address string) {
	t.Helper()
	log := &Output{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	atEnd = append(atEnd, func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // ends both kinds at once
		timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
	})
	Listens(t, address, log)
}

// StartPostgres starts PostgreSQL; see Close.
func StartPostgres(t testing.TB) *Database {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		t.Fatal("PostgreSQL is not installed. Try: make tools")
	}
	bin, dir, port := found[len(found)-1], serverDir(t), FreePort(t)
	data := filepath.Join(dir, "data")
	Write(t, filepath.Join(dir, "password"), Password)
	run(t, as(t, "postgres", dir, exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), "-D", data, "-U", "admin", "-A", "scram-sha-256", "--pwfile", filepath.Join(dir, "password"), "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync")))
	background(t, as(t, "postgres", dir, exec.CommandContext(context.Background(), filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-h", "127.0.0.1", "-k", dir, "-F")), "127.0.0.1:"+port)
	conf, err := pgx.ParseConfig("host=127.0.0.1 port=" + port + " user=admin dbname=postgres sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	conf.Password = Password
	s := &Database{Kind: "postgres", Address: "127.0.0.1:" + port, Socket: dir}
	var conn *pgx.Conn
	answers(t, func(ctx context.Context) (err error) {
		conn, err = pgx.ConnectConfig(ctx, conf)
		return err
	})
	atEnd = append(atEnd, func() { _ = conn.Close(context.Background()) })
	s.Do = func(q string) error {
		_, err := conn.Exec(context.Background(), q)
		return err
	}
	s.One = func(q string) (n int, err error) {
		err = conn.QueryRow(context.Background(), q).Scan(&n)
		return n, err
	}
	s.Exec(t, "CREATE ROLE lw LOGIN PASSWORD '"+strings.ReplaceAll(Password, "'", "''")+"'", "ALTER DATABASE postgres SET TIME ZONE 'America/New_York'", "GRANT CREATE ON SCHEMA public TO lw")
	return s
}

// StartMariaDB starts MariaDB; see Close.
func StartMariaDB(t testing.TB) *Database {
	t.Helper()
	dir, port := serverDir(t), FreePort(t)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, as(t, "mysql", dir, exec.CommandContext(context.Background(), Tool(t, "mariadb-install-db"), "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")))
	background(t, as(t, "mysql", dir, exec.CommandContext(context.Background(), Tool(t, "mariadbd", "/usr/sbin/mariadbd"), "--no-defaults", "--datadir="+data, "--port="+port, "--bind-address=127.0.0.1",
		"--socket="+filepath.Join(dir, "s"), "--innodb-flush-log-at-trx-commit=0", "--default-time-zone=-05:00", "--skip-log-bin")), "127.0.0.1:"+port)
	conf := mysql.NewConfig()
	conf.Net, conf.Addr, conf.User, conf.MultiStatements = "unix", filepath.Join(dir, "s"), "root", true
	s := &Database{Kind: "mysql", Address: "127.0.0.1:" + port, Socket: filepath.Join(dir, "s")}
	connector, err := mysql.NewConnector(conf)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	answers(t, db.PingContext)
	atEnd = append(atEnd, func() { _ = db.Close() })
	s.Do = func(q string) error {
		_, err := db.ExecContext(context.Background(), q)
		return err
	}
	s.One = func(q string) (n int, err error) {
		err = db.QueryRowContext(context.Background(), q).Scan(&n)
		return n, err
	}
	s.Exec(t, "CREATE DATABASE city CHARACTER SET utf8mb4", "CREATE USER lw@'%' IDENTIFIED BY '"+strings.ReplaceAll(Password, "'", "''")+"'", "GRANT ALL ON city.* TO lw@'%'", "USE city")
	return s
}

// answers waits until a server takes connections.
func answers(t testing.TB, connect func(context.Context) error) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := connect(context.Background())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Exec runs statements as one who may write.
func (s *Database) Exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if err := s.Do(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// Place is a source of the database.
func (s *Database) Place(t testing.TB, query string, mark *config.Watermark) config.Source {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	Write(t, password, Password+"\n")
	database := "postgres"
	if s.Kind == "mysql" {
		database = "city"
	}
	file := "q_{YYYY}{MM}.csv"
	if mark != nil {
		file = "q_{n}_{YYYY}{MM}{DD}.csv"
	}
	return config.Source{Kind: s.Kind, Feed: "job_seeker", Name: "db", SQL: &config.SQLSource{
		Address: s.Address, Database: database, User: "lw", PasswordFile: password, TLS: "off", Query: query, Watermark: mark, File: file,
	}}
}

// atEnd are what ends the database servers, which tests may share.
var atEnd []func()

// Close ends the database servers.
func Close() {
	for _, f := range slices.Backward(atEnd) {
		f()
	}
	atEnd = nil
}
