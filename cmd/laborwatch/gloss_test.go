package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"laborwatch/config"
	"laborwatch/engine"
	"laborwatch/messages"
)

// whole opens a data folder's engine, whose warehouse has one table.
func whole(ctx context.Context, t *testing.T, o engine.Options) *engine.DuckDB {
	t.Helper()
	e, err := engine.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if _, err := e.DB().ExecContext(ctx, "CREATE TABLE wh.main.t AS SELECT range AS i, repeat('x', 100) || range AS s FROM range(300000)"); err != nil {
		t.Fatal(err)
	}
	return e
}

// Faults of the machine and the engine, as they come, are told in Chinese
// first: what failed, what to do; the error's own words follow.
func TestFaultsAreGlossed(t *testing.T) {
	ctx := t.Context()
	damaged := func(name string, spoil func(b []byte) []byte) error {
		dir := t.TempDir()
		if err := whole(ctx, t, engine.Options{Dir: dir}).Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, spoil(b), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := engine.Open(ctx, engine.Options{Dir: dir})
		if err == nil {
			_, err = e.DB().ExecContext(ctx, "SELECT sum(i), max(s) FROM wh.main.t")
			err = errors.Join(err, e.Close())
		}
		return err
	}
	exec := func(e *engine.DuckDB, q string) error { _, err := e.DB().ExecContext(ctx, q); return err }
	small := whole(ctx, t, engine.Options{Dir: t.TempDir(), MemoryLimit: "60MB", Threads: 1})
	full := func() error {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		_, err = f.WriteString("x")
		return errors.Join(err, f.Close())
	}
	refusing := func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		_ = l.Close()
		_, err = (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		return err
	}
	open := func(path string) error { _, err := os.Open(path); return err }
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"a full disk", fmt.Errorf("ledger: %w", full()), "读写台账失败：磁盘已满；请腾出空间后重新运行"},
		{"a full disk, by the engine", exec(small, "COPY (SELECT 1) TO '/dev/full' (FORMAT csv)"), "磁盘已满；"},
		{"memory", fmt.Errorf("core/core_link.sql: 2026-10: %w", exec(small, "CREATE TEMP TABLE u AS SELECT list(s ORDER BY s DESC) FROM wh.main.t")), "模型 core/core_link.sql 没有算出：内存不足；请调高配置 engine.memory_limit"},
		{"a model's SQL", fmt.Errorf("transform: %w", fmt.Errorf("stg_x.sql: %w", exec(small, "SELECT nope FROM wh.main.t"))), "模型 stg_x.sql 没有算出：SQL 出错；"},
		{"before a transform", exec(small, `SELECT * FROM wh.main."core_population_total"`), "所需的结果还没有算出；请先运行 laborwatch transform"},
		{"no folder", exec(small, "COPY (SELECT 1) TO '/no/such/dir/x.parquet'"), "没有这个文件或文件夹；请核对路径"},
		{"a damaged ledger", damaged("state.duckdb", func([]byte) []byte { return []byte(strings.Repeat("no database", 99)) }), "打开数据库失败：台账数据库 state.duckdb 已损坏；请停止守护进程，从备份恢复它"},
		{"a cut warehouse", damaged("warehouse.duckdb", func(b []byte) []byte { return b[:len(b)/2] }), "指标数据库 warehouse.duckdb 已损坏；请停止守护进程，删除"},
		{"turned bytes", damaged("warehouse.duckdb", func(b []byte) []byte { b[len(b)/2] ^= 0xff; return b }), "数据库文件已损坏；"},
		{"another process", fmt.Errorf("engine: %w", &engine.BusyError{File: "/x/state.duckdb", PID: 7}), "数据库文件正由另一个进程使用；"},
		{"a port", refusing(), "拒绝连接"},
		{"a host", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}, "找不到这个主机名"},
		{"too slow", fmt.Errorf("daemon: %w", context.DeadlineExceeded), "与守护进程通信失败：等候超时"},
		{"permission", fmt.Errorf("pseudonym key: %w", &fs.PathError{Op: "open", Path: "/k/pseudonym.key", Err: unix.EACCES}), "读写假名化密钥失败：没有权限；"},
		{"a file that is not there", open("/no/such/社保缴费_202610.csv"), "没有这个文件或文件夹；请核对路径"},
		{"a file as a folder", open("/etc/passwd/x"), "该是文件夹的地方是文件"},
		{"unheard of", errors.New("verify: quux"), "核验数据湖失败：没有完成；请按后面的原文核对"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.err == nil {
				t.Fatal("nothing failed")
			}
			got := gloss(c.err)
			if !strings.Contains(got, c.want) || !strings.HasSuffix(got, ": "+c.err.Error()) || !strings.Contains(got, " / ") || strings.Contains(got, "cli.fault.") {
				t.Errorf("%q\nwant %q", got, c.want)
			}
			if !speaksChinese(strings.SplitN(got, " ", 2)[0] + " ") {
				t.Errorf("%q does not begin in Chinese", got)
			}
		})
	}
}

// What speaks Chinese is left as it is, and several errors are told one by one.
func TestGlossLeavesChinese(t *testing.T) {
	said := errors.New(messages.Both("ingest.nofile", "a.csv"))
	for want, err := range map[string]error{
		said.Error(): said,
		"生成发布包失败（2026-10）：" + said.Error(): fmt.Errorf("release 2026-10: %w", said),
		"装载失败：" + said.Error():             fmt.Errorf("ingest: %w", said),
		"社保缴费_202610.csv: " + said.Error(): fmt.Errorf("社保缴费_202610.csv: %w", said),
	} {
		if got := gloss(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	lines := strings.Split(gloss(errors.Join(said, fmt.Errorf("inbox /x: %w", unix.EACCES), errors.New("数据/x.csv: permission denied"))), "\n")
	if len(lines) != 3 || lines[0] != said.Error() || !strings.HasPrefix(lines[1], "读取收件箱失败：没有权限") || !strings.HasPrefix(lines[2], "没有权限") {
		t.Errorf("%q", lines)
	}
	if got := gloss(fmt.Errorf("ledger: %w", errors.Join(unix.ENOSPC, errors.New("rollback")))); !strings.HasPrefix(got, "读写台账失败：磁盘已满") {
		t.Error(got)
	}
}

// Operators read lines of the log in Chinese first; level and keys are for scripts.
func TestLogSpeaksChinese(t *testing.T) {
	var b bytes.Buffer
	e := &env{stderr: &b}
	cfg, err := config.Load("", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log := e.logger(cfg, slog.LevelInfo, true)
	log.Info("serving", "address", "127.0.0.1:1")
	log.With("schedule", "daily").Error("scheduled run failed", "error", fmt.Errorf("ledger: %w", unix.ENOSPC))
	log.Info("a line of nobody", "reason", errors.New("拒收 / refused"))
	for _, want := range []string{
		`level=INFO msg="开始服务 / serving" address=127.0.0.1:1`,
		`level=ERROR msg="定时任务失败 / scheduled run failed" schedule=daily error="读写台账失败：磁盘已满；`,
		`msg="a line of nobody" reason="拒收 / refused"`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %s in\n%s", want, b.String())
		}
	}
}
