package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"laborwatch/config"
)

// postgres is a session of PostgreSQL that cannot write.
type postgres struct {
	c    config.SQLSource
	conf *pgx.ConnConfig
	conn *pgx.Conn
}

func newPostgres(c config.SQLSource, password string, loc *time.Location, timeout time.Duration) (*postgres, error) {
	// What is not set below is not taken from the environment either.
	conf, err := pgx.ParseConfig("host=localhost user=none dbname=none password=none passfile=/dev/null sslmode=disable")
	if err != nil {
		return nil, err
	}
	if conf.Host, conf.Port, err = hostPort(c.Address, uint16(cmp.Or(c.Port, 5432))); err != nil {
		return nil, err
	}
	conf.User, conf.Password, conf.Database, conf.ConnectTimeout, conf.Fallbacks = c.User, password, c.Database, timeout, nil
	if c.TLS != "off" && !isSocket(c.Address) {
		if conf.TLSConfig, err = tlsConfig(c.CAFile); err != nil {
			return nil, err
		}
		conf.TLSConfig.ServerName = conf.Host
	}
	conf.RuntimeParams = map[string]string{
		"application_name": "laborwatch", "default_transaction_read_only": "on", "client_encoding": "UTF8",
		"timezone": loc.String(), "datestyle": "ISO, YMD", "intervalstyle": "iso_8601", "extra_float_digits": "3",
	}
	return &postgres{c: c, conf: conf}, nil
}

func (p *postgres) connect(ctx context.Context) (err error) {
	if p.conn != nil && !p.conn.IsClosed() {
		return nil
	}
	p.conn, err = pgx.ConnectConfig(ctx, p.conf)
	return postgresError(err)
}

func (p *postgres) close() error {
	if p.conn == nil || p.conn.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return p.conn.Close(ctx)
}

// postgresQuery gives the query with its parameters typed.
func postgresQuery(c config.SQLSource) string {
	if c.Watermark == nil {
		return c.Query
	}
	q, _ := place(c.Query, func(int) string { return fmt.Sprintf("CAST($1 AS %s)", c.Watermark.Type) })
	return q
}

func (p *postgres) query(ctx context.Context, from string) (answer, error) {
	tx, err := p.conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return nil, postgresError(err)
	}
	// Every column comes as the server writes it: no digit is rounded here.
	args := []any{pgx.QueryResultFormats{pgx.TextFormatCode}}
	if p.c.Watermark != nil {
		args = append(args, from)
	}
	rows, err := tx.Query(ctx, postgresQuery(p.c), args...)
	if err != nil {
		return nil, postgresError(err)
	}
	return &postgresAnswer{rows}, nil
}

type postgresAnswer struct{ rows pgx.Rows }

func (a *postgresAnswer) columns() (out []column) {
	for _, f := range a.rows.FieldDescriptions() {
		out = append(out, column{f.Name, f.DataTypeOID == pgtype.ByteaOID})
	}
	return out
}

func (a *postgresAnswer) next(cells [][]byte) (bool, error) {
	if !a.rows.Next() {
		return false, postgresError(a.rows.Err())
	}
	copy(cells, a.rows.RawValues())
	return true, nil
}

// close ends the answer; the connection and its transaction go with the source.
func (a *postgresAnswer) close() error {
	a.rows.Close()
	return nil
}

// postgresError makes permanent what asking again does not mend: logins,
// permissions, mistakes in the query or its data.
func postgresError(err error) error {
	if untrusted(err) {
		return permanent(err)
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch e.Code[:2] {
		case "28", "3D", "42", "22", "25", "0A":
			return permanent(err)
		}
	}
	return err
}
