package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

// A fault of the line or the server is told in Chinese first, whatever the
// library's words; these follow, without secrets.
func TestFaultsAreGlossed(t *testing.T) {
	place := config.Source{Kind: "sftp", SFTP: &config.SFTPSource{User: "u", Path: "/", Address: "127.0.0.1:" + servertest.FreePort(t), KnownHosts: "/dev/null"}}
	place.SFTP.PasswordEnv = "LW_TEST_PASSWORD"
	t.Setenv("LW_TEST_PASSWORD", "secret-Password")
	h := newHouse(t)
	_, err := h.source(place).Pull(t.Context(), h.load)
	if err == nil || !strings.Contains(err.Error(), "拒绝连接）；请核对地址和端口 / nothing listens there") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("refused: %v", err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("dial: %w", &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}), "找不到这个主机名"},
		{fmt.Errorf("list: %w", context.DeadlineExceeded), "等候超时"},
		{&pgconn.PgError{Code: "28P01", Message: "password authentication failed"}, "数据库拒绝登录"},
		{&pgconn.PgError{Code: "42P01", Message: "relation does not exist"}, "数据库不能执行这个查询"},
		{fs.ErrNotExist, "没有这个文件或文件夹"},
		{fmt.Errorf("open /新华区/社保缴费_202610.csv: %w", fs.ErrPermission), "没有读取权限"},
		{errors.New("其他 / other"), ""},
		{errors.New("other"), ""},
	} {
		if got := gloss(c.err); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
