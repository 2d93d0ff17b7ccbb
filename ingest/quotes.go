package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// quoteParity finds out whether a line has an odd number of quotes: a cell goes
// on in the next line, or a quote stands where none should.
type quoteParity struct{ open, odd bool }

func (q *quoteParity) feed(b []byte) {
	if q.odd || (!q.open && bytes.IndexByte(b, '"') < 0) {
		return
	}
	for _, c := range b {
		switch c {
		case '"':
			q.open = !q.open
		case '\n', '\r':
			q.odd = q.odd || q.open
			q.open = false
		}
	}
}

func (q *quoteParity) end() { q.odd = q.odd || q.open }

// What one cell in quotes may hold; more is no cell.
const (
	cellLines = 1000
	cellBytes = 64 << 10
)

// requoter writes text record by record, with LF at the end of lines. A cell in
// quotes may hold line breaks; but where the lines of one record look like rows
// of their own, a quote went astray and would swallow them: they are written as
// rows, without the stray quote.
type requoter struct {
	w     *bufio.Writer
	delim string
	width int  // cells of a row
	trim  bool // blank cells at the end of a line are left out
	// lines are those that are not written yet, of which the first parsed ones
	// are of one record and quoted says that it goes on.
	lines  []string
	parsed int
	size   int
	quoted bool
	broken bool
	// rows were written; astray are those of which a quote went astray, first is
	// the number of the first of them.
	rows, astray, first int64
}

// requote copies decoded text to out.
func requote(out io.Writer, in io.Reader, delim string, width int, trim bool) (*requoter, error) {
	q := &requoter{w: bufio.NewWriterSize(out, 1<<20), delim: delim, width: width, trim: trim}
	r := bufio.NewReaderSize(in, 1<<20)
	if bom, err := r.Peek(3); err == nil && string(bom) == "\ufeff" {
		if _, err := r.Discard(3); err != nil {
			return nil, err
		}
	}
	if err := eachLine(r, q.take); err != nil {
		return nil, err
	}
	q.drain(true)
	return q, q.w.Flush()
}

// eachLine gives the lines of a text without their ends, be they LF, CRLF or CR.
func eachLine(r *bufio.Reader, f func(string)) error {
	var line []byte
	cr := false
	for {
		b, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			if len(line) > 0 {
				f(string(line))
			}
			return nil
		case err != nil:
			return err
		case b == '\n' && cr: // second half of CRLF
		case b == '\n' || b == '\r':
			f(string(line))
			line = line[:0]
		default:
			if line = append(line, b); len(line) > longestLine {
				return refuse("line", longestLine>>20)
			}
		}
		cr = b == '\r'
	}
}

func (q *requoter) take(line string) {
	if q.trim {
		line = strings.TrimRight(line, q.delim)
	}
	q.lines = append(q.lines, line)
	q.drain(false)
}

// drain writes what is settled; at the end everything is.
func (q *requoter) drain(end bool) {
	for len(q.lines) > 0 {
		n, settled := q.record(end)
		switch {
		case !settled:
			return
		case n == 0:
			q.plain(q.lines[0])
			n = 1
		default:
			q.write(strings.Join(q.lines[:n], "\n"))
		}
		q.lines = q.lines[n:]
		q.parsed, q.size, q.quoted, q.broken = 0, 0, false, false
	}
}

// record finds how many of the lines are one record; 0 says that a quote of the
// first went astray. It is not settled before another line is seen.
func (q *requoter) record(end bool) (n int, settled bool) {
	for q.parsed < len(q.lines) {
		line := q.lines[q.parsed]
		q.parse(line)
		i := q.parsed
		q.parsed++
		q.size += len(line)
		switch {
		case !q.quoted && i == 0:
			return 1, true
		case !q.quoted && (q.broken || q.full(0) && q.full(i)):
			return 0, true
		case !q.quoted:
			return i + 1, true
		case i > 0 && q.full(i), i > cellLines, q.size > cellBytes:
			return 0, true
		}
	}
	return 0, end
}

// full says that a line has the cells of a whole row.
func (q *requoter) full(i int) bool {
	return q.width > 2 && strings.Count(q.lines[i], q.delim) >= q.width-1
}

// parse follows the quotes of a line.
func (q *requoter) parse(line string) {
	start, closing := !q.quoted, false
	for i := 0; i < len(line) && !q.broken; i++ {
		c := line[i]
		switch {
		case q.quoted && c == '"':
			q.quoted, closing = false, true
		case q.quoted:
		case c == '"' && (start || closing):
			q.quoted, closing, start = true, false, false
		case c == q.delim[0]:
			start, closing = true, false
		case closing:
			q.broken = true // a quote closed within a cell
		default:
			start = false
		}
	}
}

func (q *requoter) write(record string) {
	if record == "" { // so that rows keep their numbers
		record = strings.Repeat(q.delim, max(q.width-1, 1))
	}
	q.rows++
	_, _ = q.w.WriteString(record) // errors stick in w until Flush
	_ = q.w.WriteByte('\n')
}

// plain writes a line as a row, without its stray quotes.
func (q *requoter) plain(line string) {
	cells := splitRecord(line, q.delim)
	for i, s := range cells {
		if !strings.HasPrefix(s, `="`) { // a guarded text keeps its guard
			s = strings.Trim(s, `"`)
		}
		cells[i] = s
		if strings.Contains(s, `"`) || strings.Contains(s, q.delim) {
			cells[i] = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
		}
	}
	q.write(strings.Join(cells, q.delim))
	if q.astray++; q.astray == 1 {
		q.first = q.rows
	}
}
