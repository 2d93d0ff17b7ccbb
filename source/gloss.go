package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"unicode"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"

	"laborwatch/messages"
)

// gloss says in both languages what kind of fault an error is whose text is a
// library's or a server's own; "" for kinds it does not know, and for errors
// that speak Chinese already. A Chinese name of a file is not that yet: what is
// told in both languages has a stroke between them.
func gloss(err error) string {
	zh, _, both := strings.Cut(err.Error(), " / ")
	if both && strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return ""
	}
	var dns *net.DNSError
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	var network net.Error
	kind := ""
	switch {
	case errors.As(err, &pg):
		kind = postgresKind(pg.Code)
	case errors.As(err, &my):
		kind = mysqlKind(my.Number)
	case untrusted(err):
		kind = "certificate"
	case errors.As(err, &dns):
		kind = "host"
	case errors.Is(err, unix.ECONNREFUSED):
		kind = "refused"
	case errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.ENETUNREACH):
		kind = "unreachable"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		kind = "timeout"
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE), errors.Is(err, io.ErrUnexpectedEOF):
		kind = "broken"
	case errors.Is(err, fs.ErrPermission):
		kind = "permission"
	case errors.Is(err, fs.ErrNotExist):
		kind = "missing"
	}
	if kind == "" {
		return ""
	}
	return messages.Both("sources.fault." + kind)
}

// postgresKind tells by the class of a SQLSTATE.
func postgresKind(code string) string {
	switch code[:min(2, len(code))] {
	case "28":
		return "login"
	case "42", "22", "3D", "3F":
		return "query"
	}
	return ""
}

// mysqlKind tells by the server's error number.
func mysqlKind(n uint16) string {
	switch n {
	case 1044, 1045, 1698:
		return "login"
	case 1049, 1054, 1064, 1142, 1143, 1146:
		return "query"
	}
	return ""
}
