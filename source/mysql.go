package source

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"laborwatch/config"
)

// mysqlDB is a session of MySQL or MariaDB that cannot write.
type mysqlDB struct {
	c    config.SQLSource
	conf *mysql.Config
	db   *sql.DB
}

func newMySQL(c config.SQLSource, password string, loc *time.Location, now time.Time, timeout config.Timeout) (*mysqlDB, error) {
	host, port, err := hostPort(c.Address, 3306)
	if err != nil {
		return nil, err
	}
	conf := mysql.NewConfig()
	conf.Net, conf.Addr = "tcp", fmt.Sprintf("%s:%d", host, port)
	if isSocket(c.Address) {
		conf.Net, conf.Addr = "unix", host
	}
	conf.User, conf.Passwd, conf.DBName = c.User, password, c.Database
	conf.Timeout, conf.ReadTimeout, conf.WriteTimeout = timeout.Connect, timeout.Idle, timeout.Connect
	conf.Params = map[string]string{"time_zone": "'" + now.In(loc).Format("-07:00") + "'", "tx_read_only": "1"}
	if c.TLS != "off" && !isSocket(c.Address) {
		if conf.TLS, err = tlsConfig(c.CAFile); err != nil {
			return nil, err
		}
		conf.TLS.ServerName = host
	}
	conf.Logger = &mysql.NopLogger{}
	return &mysqlDB{c: c, conf: conf}, nil
}

func (m *mysqlDB) connect(ctx context.Context) error {
	if m.db != nil {
		return nil
	}
	connector, err := mysql.NewConnector(m.conf)
	if err != nil {
		return permanent(err)
	}
	m.db = sql.OpenDB(connector)
	m.db.SetMaxOpenConns(1)
	return mysqlError(m.db.PingContext(ctx))
}

func (m *mysqlDB) close() error {
	if m.db == nil {
		return nil
	}
	return m.db.Close()
}

// mysqlQuery writes the watermark into the query, as a literal of its type:
// without parameters the server answers in text, to the last digit.
func mysqlQuery(c config.SQLSource, from string) (string, error) {
	if c.Watermark == nil {
		return c.Query, nil
	}
	literal := ""
	switch c.Watermark.Type {
	case "bigint":
		n, err := strconv.ParseInt(from, 10, 64)
		if err != nil {
			return "", err
		}
		literal = strconv.FormatInt(n, 10)
	case "timestamp":
		t, err := time.Parse(config.TimestampLayout, from)
		if err != nil {
			return "", err
		}
		literal = "CAST('" + t.Format("2006-01-02 15:04:05.000000") + "' AS DATETIME(6))"
	default:
		literal = "CONVERT(X'" + hex.EncodeToString([]byte(from)) + "' USING utf8mb4)"
	}
	q, _ := place(c.Query, func(int) string { return literal })
	return q, nil
}

func (m *mysqlDB) query(ctx context.Context, from string) (answer, error) {
	text, err := mysqlQuery(m.c, from)
	if err != nil {
		return nil, permanent(err)
	}
	tx, err := m.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return nil, mysqlError(err)
	}
	rows, err := tx.QueryContext(ctx, text)
	if err != nil {
		return nil, errors.Join(mysqlError(err), tx.Rollback())
	}
	return newRowsAnswer(tx, rows, mysqlBytes, nil, mysqlError)
}

var mysqlBytes = []string{"TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "BINARY", "VARBINARY", "BIT", "GEOMETRY"}

// mysqlError makes permanent what asking again does not mend.
func mysqlError(err error) error {
	if untrusted(err) {
		return permanent(err)
	}
	var e *mysql.MySQLError
	if errors.As(err, &e) && slices.Contains([]uint16{1044, 1045, 1049, 1054, 1064, 1142, 1143, 1146, 1227, 1698, 1792}, e.Number) {
		return permanent(err)
	}
	return err
}

// rowsAnswer are rows that database/sql gives.
type rowsAnswer struct {
	tx     *sql.Tx
	rows   *sql.Rows
	cols   []column
	values []any
	into   []any
	fault  func(error) error
	// zoned are the columns whose times carry a zone.
	zoned []bool
}

// newRowsAnswer takes over the rows and their transaction. bytesTypes are the
// database's names of types that are no text, zoned says which carry a zone.
func newRowsAnswer(tx *sql.Tx, rows *sql.Rows, bytesTypes []string, zoned func(string) bool, fault func(error) error) (answer, error) {
	a := &rowsAnswer{tx: tx, rows: rows, fault: fault}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, errors.Join(fault(err), a.close())
	}
	a.values, a.into = make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		a.zoned = append(a.zoned, zoned != nil && zoned(t.DatabaseTypeName()))
		a.cols = append(a.cols, column{t.Name(), slices.Contains(bytesTypes, t.DatabaseTypeName())})
		a.into[i] = &a.values[i]
	}
	return a, nil
}

func (a *rowsAnswer) columns() []column { return a.cols }

func (a *rowsAnswer) next(cells [][]byte) (bool, error) {
	if !a.rows.Next() {
		return false, a.fault(a.rows.Err())
	}
	if err := a.rows.Scan(a.into...); err != nil {
		return false, a.fault(err)
	}
	for i, v := range a.values {
		text, err := exact(v, a.zoned[i])
		if err != nil {
			return false, permanent(fmt.Errorf("%s: %w", a.cols[i].name, err))
		}
		cells[i] = text
	}
	return true, nil
}

func (a *rowsAnswer) close() error {
	return errors.Join(a.rows.Close(), ignoreDone(a.tx.Rollback()))
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, mysql.ErrInvalidConn) {
		return nil
	}
	return err
}

// exact writes a value as text without losing a digit; nil is NULL. A time is
// written as the database's clock shows it.
func exact(v any, zoned bool) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []byte:
		if v == nil {
			return []byte{}, nil
		}
		return v, nil
	case string:
		return []byte(v), nil
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	case uint64:
		return strconv.AppendUint(nil, v, 10), nil
	case float32:
		return strconv.AppendFloat(nil, float64(v), 'f', -1, 32), nil
	case float64:
		return strconv.AppendFloat(nil, v, 'f', -1, 64), nil
	case bool:
		return strconv.AppendBool(nil, v), nil
	case time.Time:
		if zoned {
			return []byte(v.Format(config.ZonedLayout)), nil
		}
		return []byte(v.Format(config.TimestampLayout)), nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be written as text; convert it in the query", v)
}
