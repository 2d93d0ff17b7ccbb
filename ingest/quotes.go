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

// requoter writes text record by record, with LF at the end of lines and a row of
// empty cells for a blank one, so that rows keep their numbers. A cell in
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
	if err := passMark(r); err != nil {
		return nil, err
	}
	if err := eachLine(r, q.take); err != nil {
		return nil, err
	}
	q.drain(true)
	return q, q.w.Flush()
}

// eachLine gives the lines of a text without their ends, be they LF, CRLF or CR.
func eachLine(r io.Reader, f func([]byte)) error {
	buf := make([]byte, 1<<20)
	var rest []byte // of a line that the buffer cut
	cr := false     // the last line ended in CR
	for {
		n, err := r.Read(buf)
		start := 0
		for i, b := range buf[:n] {
			if b != '\n' && b != '\r' {
				continue
			}
			if b == '\n' && cr && i == start && len(rest) == 0 { // second half of CRLF
				start, cr = i+1, false
				continue
			}
			line := buf[start:i]
			if len(rest) > 0 {
				line = append(rest, line...)
			}
			f(line)
			rest, start, cr = rest[:0], i+1, b == '\r'
		}
		if rest = append(rest, buf[start:n]...); len(rest) > longestLine {
			return refuse("line", longestLine>>20)
		}
		switch {
		case errors.Is(err, io.EOF):
			if len(rest) > 0 {
				f(rest)
			}
			return nil
		case err != nil:
			return err
		}
	}
}

func (q *requoter) take(line []byte) {
	if q.trim {
		line = bytes.TrimRight(line, q.delim)
	}
	if len(q.lines) == 0 && bytes.IndexByte(line, '"') < 0 {
		q.writeLine(line)
		return
	}
	q.lines = append(q.lines, string(line))
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

func (q *requoter) write(record string) { q.writeLine([]byte(record)) }

func (q *requoter) writeLine(record []byte) {
	if len(record) == 0 {
		record = bytes.Repeat([]byte(q.delim), max(q.width-1, 1))
	}
	q.rows++
	_, _ = q.w.Write(record) // errors stick in w until Flush
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
