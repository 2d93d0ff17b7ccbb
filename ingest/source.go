package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"laborwatch/archive"
	"laborwatch/lake"
	"laborwatch/period"
)

// source is an extract made ready for the engine: recognized, decoded where
// the engine cannot, its header matched.
type source struct {
	file  File
	sha   string
	id    string
	month period.Period // as the file name or a constant tells, 0 if they do not
	scope string
	day   time.Time     // as the file name tells, zero if it does not
	filed period.Period // the month settled from the rows
	size  int64
	shape *textShape // nil where it has not been seen
	// path is what the engine reads; handle keeps it open. Decoded extracts lie
	// in files that have no name any more, so that nothing outlives a crash.
	path   string
	handle *os.File
	layout layout
	// lines counts the line ends of what the engine reads, where it may be
	// scanned: large delimited text without quotes. nil otherwise.
	lines          *lineIndex
	missing, extra []string
	// found is what reading it showed; dropped are rows that are no data among
	// those of its sheets.
	found   []finding
	dropped int64
	// headings are the headers by column, as the extract has them.
	headings map[string]string
	// corrects is the load whose rows are brought again, nil for an extract; act
	// is who does that, or let the extract pass the set checks, and why.
	corrects *lake.Load
	act      lake.Act
}

// saw keeps what a header tells.
func (s *source) saw(c *Contract, h *header) {
	s.missing, s.extra, s.headings = c.optionalMissing(h), h.extra, c.headings(h)
	s.found = append(s.found, twice(h.twice)...)
}

// twice says that headers stand for columns that others gave already.
func twice(headers []string) []finding {
	if len(headers) == 0 {
		return nil
	}
	return []finding{newFinding(false, "twice", "", strings.Join(headers, ", "))}
}

// layout is what extracts must share to be read by one statement.
type layout struct {
	parquet bool
	// cols gives the raw column of each contract column, -1 for none.
	cols []int
	// names are the column names of a Parquet file by raw column.
	names []string
	// width is the number of raw columns; those from surplus on, where it is not
	// 0, have no header and must be blank.
	width, surplus int
	delim, newline string
	// skip counts lines up to and with the header; data begin after them.
	skip int
	// numbered extracts begin with two columns: row number and sheet.
	numbered bool
	// padded extracts have rows longer than the header.
	padded bool
	// damaged extracts may hold U+FFFD where bytes did not decode.
	damaged bool
	// heads are the headers of the contract's columns, "" where rows are numbered.
	heads []string
	// aside are the unknown columns that are kept.
	aside []asideColumn
	// scope is what the contract's scope column must hold, "" for anything.
	scope string
}

func (l layout) equal(m layout) bool {
	return l.parquet == m.parquet && slices.Equal(l.cols, m.cols) && slices.Equal(l.names, m.names) && slices.Equal(l.heads, m.heads) && l.width == m.width && l.surplus == m.surplus &&
		l.delim == m.delim && l.newline == m.newline && l.skip == m.skip && l.numbered == m.numbered && l.padded == m.padded && l.damaged == m.damaged && l.scope == m.scope && slices.Equal(l.aside, m.aside)
}

func (s *source) close() error {
	if s.handle == nil {
		return nil
	}
	return s.handle.Close()
}

// prepare recognizes the extract by its content and makes it ready. A refusal
// is an error for which isRefusal holds; others are faults of the machine.
func (in *Ingester) prepare(ctx context.Context, s *source) (err error) {
	c := in.contracts[s.file.Feed]
	name := s.file.Rel
	if filepath.IsAbs(name) {
		name = filepath.Base(name) // the folders are the operator's
	}
	if holdsPersonal(name) {
		return refuse("personal_name")
	}
	told, err := in.filed(s.file)
	s.month, s.scope, s.day = told.month, told.scope, told.day
	if s.file.Since {
		s.day = time.Time{}
	}
	if err != nil || (s.month == 0 && len(c.Period.Columns) == 0) {
		return refuse("file_period", c.example())
	}
	if s.scope != "" && len(in.regions) > 0 && !slices.Contains(in.regions, s.scope) {
		return refuse("scope", s.scope, strings.Join(in.regions, ", "))
	}
	f, err := os.Open(s.file.Path)
	if err != nil {
		return err
	}
	defer func() {
		if f != s.handle {
			err = errors.Join(err, f.Close())
		}
		if c.Scope.Column != "" {
			s.layout.scope = s.scope
		}
	}()
	head := make([]byte, 16)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	switch {
	case n == 0:
		return refuse("empty")
	case bytes.HasPrefix(head, []byte("PAR1")):
		return in.prepareParquet(ctx, c, s)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return in.prepareXLSX(ctx, c, s)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return in.prepareText(ctx, c, s, f, true)
	default:
		return in.prepareText(ctx, c, s, f, false)
	}
}

// unnamed makes a temporary file that exists only as long as it is open.
func (in *Ingester) unnamed() (*os.File, error) {
	f, err := os.CreateTemp(in.lake.Temp(""), "decoded-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// use makes an open file what the engine reads.
func (s *source) use(f *os.File) {
	s.handle, s.path = f, fmt.Sprintf("/proc/self/fd/%d", f.Fd())
}

// reread gives the text of the extract from its beginning.
func reread(f *os.File, zipped bool, limits archive.Limits) (io.Reader, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if !zipped {
		return f, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, refuse("gzip", err.Error())
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return &bounded{r: refusing{z}, limits: limits, packed: info.Size()}, nil
}

// bounded refuses a gzip stream that unpacks to more than the limits allow.
type bounded struct {
	r           io.Reader
	limits      archive.Limits
	out, packed int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.out += int64(n); b.limits.Exceeded(b.out, b.packed) {
		return 0, refuse("bomb", b.limits.Bytes, b.limits.Ratio)
	}
	return n, err
}

// Named is a file that a person named, without a feed yet.
func (in *Ingester) Named(path string) (File, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return File{}, err
	}
	return File{Path: abs, Rel: in.rel(abs), Named: true}, nil
}

// Fingerprint changes when any contract, or what its checks hang on, does.
func (in *Ingester) Fingerprint() string {
	h := sha256.New()
	for _, feed := range in.contracts.Feeds() {
		fmt.Fprintf(h, "%s\x00%s\x00", feed, in.prints[feed])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// refusing turns the faults of a gzip stream into refusals.
type refusing struct{ r io.Reader }

func (g refusing) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		var io *os.PathError
		if !errors.As(err, &io) {
			err = refuse("gzip", err.Error())
		}
	}
	return n, err
}
