package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"laborwatch/config"
	"laborwatch/messages"
)

// database answers one query, in a session that cannot write.
type database interface {
	// connect opens the session.
	connect(ctx context.Context) error
	// query runs the query, from a watermark on if it has one.
	query(ctx context.Context, from string) (answer, error)
	close() error
}

// answer are the rows of a query, one after another.
type answer interface {
	columns() []column
	// next reads a row into cells; nil is NULL. The bytes hold until the next call.
	next(cells [][]byte) (bool, error)
	close() error
}

// column of an answer.
type column struct {
	name string
	// bytes says that its values are no text.
	bytes bool
}

// query is a SELECT that a database answers, written down as an extract.
type query struct {
	s    *Source
	c    config.SQLSource
	db   database
	mark string
	n    int64
	// known are the versions done with, by name.
	known map[string]string
}

func (s *Source) newQuery(ctx context.Context) (*query, error) {
	q := &query{s: s, c: *s.c.SQL}
	password, err := s.secret("password", q.c.PasswordFile, q.c.PasswordEnv)
	if err != nil {
		return nil, err
	}
	if q.mark, q.n, err = s.o.State.Watermark(ctx, s.c.Name); err != nil {
		return nil, err
	}
	switch s.c.Kind {
	case "postgres":
		q.db, err = newPostgres(q.c, password, s.o.Location, s.c.Timeout.Connect)
	case "mysql":
		q.db, err = newMySQL(q.c, password, s.o.Location, s.o.Clock(), s.c.Timeout)
	case "oracle":
		q.db, err = newOracle(q.c, password, s.c.Timeout)
	default:
		err = fmt.Errorf("no kind %q", s.c.Kind)
	}
	return q, err
}

// isSocket says whether an address is that of a socket: it leads over no
// network, so there is nothing to encrypt and no name to check.
func isSocket(address string) bool { return strings.HasPrefix(address, "/") }

// hostPort parts an address; a socket's gets the port given.
func hostPort(address string, port uint16) (string, uint16, error) {
	if isSocket(address) {
		return address, port, nil
	}
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("address: %w", err)
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("address: port %q: %w", p, err)
	}
	return host, uint16(n), nil
}

func (q *query) Close() error { return q.db.close() }

// List connects, and offers the answer under the name that it will have.
func (q *query) List(ctx context.Context, known map[string]string) ([]Object, error) {
	if err := q.db.connect(ctx); err != nil {
		return nil, err
	}
	q.known = known
	now := q.s.o.Clock().In(q.s.o.Location)
	day := now
	if q.c.MonthsBack > 0 {
		day = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location()).AddDate(0, -q.c.MonthsBack, 0)
	}
	name := strings.ReplaceAll(fill(q.c.File, day), "{n}", strconv.FormatInt(q.n+1, 10))
	return []Object{{Name: name, Size: -1, Modified: now}}, nil
}

// Open runs the query, from its beginning whatever the offset.
func (q *query) Open(ctx context.Context, o Object, _ int64) (*Stream, error) {
	if err := q.db.connect(ctx); err != nil {
		return nil, err
	}
	x := &extract{sum: sha256.New(), at: -1}
	from := ""
	if q.c.Watermark != nil {
		x.mark = &watermark{Watermark: *q.c.Watermark, mark: q.mark, high: q.mark, loc: q.s.o.Location, limit: q.s.o.Clock().Add(24 * time.Hour)}
		var err error
		if from, err = x.mark.from(); err != nil {
			return nil, permanent(err)
		}
	}
	rows, err := q.db.query(ctx, from)
	if err != nil {
		return nil, err
	}
	if err := x.begin(rows); err != nil {
		return nil, errors.Join(permanent(err), rows.close())
	}
	return &Stream{ReadCloser: x, Object: Object{Name: o.Name, Size: -1, Modified: o.Modified}, Finish: func(context.Context) (Object, error) {
		return q.finish(o, x)
	}}, nil
}

// finish names the version of the answer by its bytes and watermark; an answer
// without rows, or known already, is nothing.
func (q *query) finish(o Object, x *extract) (Object, error) {
	o.Version = "sha256:" + hex.EncodeToString(x.sum.Sum(nil))
	if x.mark == nil {
		if q.known[o.Name] == o.Version {
			return o, errNothing
		}
		return o, nil
	}
	o.Watermark = x.mark.high
	o.Version = x.mark.high + " " + o.Version
	if x.rows == 0 || slices.Contains(slices.Collect(maps.Values(q.known)), o.Version) {
		return o, errNothing
	}
	return o, nil
}

// extract writes an answer as CSV in UTF-8 while it is read: NULL is an empty
// cell, an empty text a quoted one.
type extract struct {
	answer answer
	cols   []column
	cells  [][]byte
	mark   *watermark
	at     int // the watermark's column
	rows   int64
	sum    hash.Hash
	buf    bytes.Buffer
	ended  bool
}

func (x *extract) begin(a answer) error {
	x.answer, x.cols = a, a.columns()
	x.cells = make([][]byte, len(x.cols))
	seen := map[string]bool{}
	for i, c := range x.cols {
		switch {
		case c.bytes:
			return errors.New(messages.Both("sources.bytes", c.name))
		case seen[c.name]:
			return errors.New(messages.Both("sources.twice", c.name))
		}
		seen[c.name] = true
		if x.mark != nil && strings.EqualFold(c.name, x.mark.Column) {
			x.at = i
		}
		x.cells[i] = []byte(c.name)
	}
	if x.mark != nil && x.at < 0 {
		return errors.New(messages.Both("sources.watermark.missing", x.mark.Column))
	}
	x.write()
	return nil
}

const csvChunk = 64 << 10

func (x *extract) Read(p []byte) (int, error) {
	for x.buf.Len() < min(len(p), csvChunk) && !x.ended {
		more, err := x.answer.next(x.cells)
		if err != nil {
			return 0, err
		}
		if !more {
			x.ended = true
			break
		}
		x.rows++
		if err := x.check(); err != nil {
			return 0, permanent(err)
		}
		x.write()
	}
	if x.buf.Len() == 0 {
		return 0, io.EOF
	}
	return x.buf.Read(p)
}

func (x *extract) check() error {
	for i, c := range x.cells {
		if !utf8.Valid(c) || bytes.IndexByte(c, 0) >= 0 {
			return errors.New(messages.Both("sources.nottext", x.rows, x.cols[i].name))
		}
	}
	if x.mark == nil || x.cells[x.at] == nil {
		return nil
	}
	if err := x.mark.see(string(x.cells[x.at])); err != nil {
		return fmt.Errorf("row %d: %w", x.rows, err)
	}
	return nil
}

// write adds a line to what is read.
func (x *extract) write() {
	start := x.buf.Len()
	for i, c := range x.cells {
		if i > 0 {
			x.buf.WriteByte(',')
		}
		if c == nil {
			continue
		}
		if len(c) > 0 && !bytes.ContainsAny(c, ",\"\r\n") && c[0] != ' ' {
			x.buf.Write(c)
			continue
		}
		x.buf.WriteByte('"')
		x.buf.Write(bytes.ReplaceAll(c, []byte(`"`), []byte(`""`)))
		x.buf.WriteByte('"')
	}
	x.buf.WriteByte('\n')
	x.sum.Write(x.buf.Bytes()[start:])
}

func (x *extract) Close() error { return x.answer.close() }
