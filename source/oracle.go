package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	ora "github.com/sijms/go-ora/v2"

	"laborwatch/config"
)

// oracle is a session of Oracle that cannot write.
type oracle struct {
	c   config.SQLSource
	url string
	db  *sql.DB
}

func newOracle(c config.SQLSource, password string, timeout config.Timeout) (*oracle, error) {
	host, port, err := hostPort(c.Address, 1521)
	if err != nil {
		return nil, err
	}
	opts := map[string]string{"CONNECTION TIMEOUT": seconds(timeout.Connect), "TIMEOUT": seconds(timeout.Idle), "PREFETCH_ROWS": "1000"}
	if c.TLS != "off" {
		opts["SSL"], opts["SSL VERIFY"] = "enable", "true"
	}
	return &oracle{c: c, url: ora.BuildUrl(host, int(port), c.Database, c.User, password, opts)}, nil
}

func seconds(d time.Duration) string { return strconv.Itoa(max(1, int(d.Seconds()))) }

func (o *oracle) connect(ctx context.Context) error {
	if o.db != nil {
		return nil
	}
	connector := ora.NewConnector(o.url)
	if o.c.TLS != "off" && o.c.CAFile != "" {
		trust, err := tlsConfig(o.c.CAFile)
		if err != nil {
			return permanent(err)
		}
		c, ok := connector.(*ora.OracleConnector)
		if !ok {
			return permanent(fmt.Errorf("the driver gives a %T", connector))
		}
		c.WithTLSConfig(trust)
	}
	o.db = sql.OpenDB(connector)
	o.db.SetMaxOpenConns(1)
	return oracleError(o.db.PingContext(ctx))
}

func (o *oracle) close() error {
	if o.db == nil {
		return nil
	}
	return o.db.Close()
}

// oracleQuery gives the query with one bind variable for each placeholder, and
// the value that they take.
func oracleQuery(c config.SQLSource, from string) (string, []any, error) {
	if c.Watermark == nil {
		return c.Query, nil, nil
	}
	form, value := ":%d", from
	switch c.Watermark.Type {
	case "bigint":
		form = "TO_NUMBER(:%d)"
	case "timestamp":
		t, err := time.Parse(config.TimestampLayout, from)
		if err != nil {
			return "", nil, err
		}
		form, value = "TO_TIMESTAMP(:%d, 'YYYY-MM-DD HH24:MI:SS.FF9')", t.Format("2006-01-02 15:04:05.000000000")
	case "timestamptz":
		t, err := time.Parse(config.ZonedLayout, from)
		if err != nil {
			return "", nil, err
		}
		form, value = "TO_TIMESTAMP_TZ(:%d, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')", t.Format("2006-01-02 15:04:05.000000000 -07:00")
	}
	q, n := place(c.Query, func(n int) string { return fmt.Sprintf(form, n) })
	args := make([]any, n)
	for i := range args {
		args[i] = value
	}
	return q, args, nil
}

func (o *oracle) query(ctx context.Context, from string) (answer, error) {
	text, args, err := oracleQuery(o.c, from)
	if err != nil {
		return nil, permanent(err)
	}
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, oracleError(err)
	}
	if _, err := tx.ExecContext(ctx, "SET TRANSACTION READ ONLY"); err != nil {
		return nil, errors.Join(oracleError(err), tx.Rollback())
	}
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, errors.Join(oracleError(err), tx.Rollback())
	}
	zoned := func(name string) bool { return strings.Contains(strings.ToUpper(name), "TZ") }
	return newRowsAnswer(tx, rows, oracleBytes, zoned, oracleError)
}

var oracleBytes = []string{"RAW", "LongRaw", "OCIBlobLocator", "OCIFileLocator"}

// permanentOra are logins, permissions, mistakes in the query, and writing in a
// read-only transaction.
var permanentOra = regexp.MustCompile(`ORA-(01017|28000|28001|01045|00942|009\d\d|01031|01456|12514|017\d\d|018\d\d)\b`)

func oracleError(err error) error {
	if err != nil && (untrusted(err) || permanentOra.MatchString(err.Error())) {
		return permanent(err)
	}
	return err
}
