package simulate

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"laborwatch/period"
)

// writer keeps the lists of what was written, and the files of the truth.
type writer struct {
	root  string
	files []fileTruth
	bad   []badRow
	buf   []byte
	rates []byte
	admin []byte
}

// fileTruth is one row of truth/files.csv.
type fileTruth struct {
	path, feed string
	period     period.Period
	rows       int
	late       bool
	corrects   string
}

// badRow is one row of truth/bad_rows.csv: the row as a person sees it in an
// editor or a spreadsheet, header counted.
type badRow struct {
	file, column, reason string
	row                  int
}

func newWriter(c *city) (*writer, error) {
	w := &writer{root: c.opt.Out}
	if err := os.MkdirAll(filepath.Join(w.root, "truth"), 0o755); err != nil {
		return nil, err
	}
	return w, nil
}

// month writes a month's extracts and notes its truth.
func (w *writer) month(c *city) error {
	for _, write := range []func(*city) error{
		w.populationTotals, w.enterprises, w.insurance, w.insuranceChanges, w.registrations,
		w.vacancies, w.jobSeekers, w.surveyed, w.layoffNotices,
	} {
		if err := write(c); err != nil {
			return err
		}
	}
	w.noteRates(c)
	w.noteAdministrative(c)
	return nil
}

// path makes the folder of delivery and gives the file's path, absolute and as
// the truth names it.
func (w *writer) path(delivered period.Period, name string) (abs, rel string, err error) {
	rel = "inbox/" + delivered.String() + "/" + name
	abs = filepath.Join(w.root, filepath.FromSlash(rel))
	return abs, rel, os.MkdirAll(filepath.Dir(abs), 0o755)
}

// table is one text extract being written. Rows are appended to buf and ended
// with end; bad lines are put in at their places.
type table struct {
	w     *writer
	file  *os.File
	out   *bufio.Writer
	buf   []byte
	truth fileTruth
	enc   int
	eol   string
	line  int
	bad   []badLine
}

// badLine is a faulty row to be put into an extract after a line.
type badLine struct {
	after          int
	cells          []string
	column, reason string
}

type tableOptions struct {
	enc      int
	bom      bool
	crlf     bool
	bad      []badLine
	late     bool
	corrects string
}

func (w *writer) create(feed string, p, delivered period.Period, name, header string, o tableOptions) (*table, error) {
	abs, rel, err := w.path(delivered, name)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(abs)
	if err != nil {
		return nil, err
	}
	t := &table{
		w: w, file: f, out: bufio.NewWriterSize(f, 1<<18), buf: w.buf[:0], enc: o.enc, eol: "\n", bad: o.bad,
		truth: fileTruth{path: rel, feed: feed, period: p, late: o.late, corrects: o.corrects},
	}
	if o.crlf {
		t.eol = "\r\n"
	}
	if o.bom {
		t.buf = append(t.buf, "\ufeff"...)
	}
	t.buf = append(t.buf, encode(header, o.enc)...)
	t.buf = append(t.buf, t.eol...)
	t.line = 1
	return t, nil
}

// end closes the row at the end of buf.
func (t *table) end() {
	t.buf = append(t.buf, t.eol...)
	t.line++
	t.truth.rows++
	for len(t.bad) > 0 && t.line >= t.bad[0].after {
		t.putBad()
	}
	if len(t.buf) > 1<<18 {
		_, _ = t.out.Write(t.buf) // the error stays with out and shows in close
		t.buf = t.buf[:0]
	}
}

func (t *table) putBad() {
	b := t.bad[0]
	t.bad = t.bad[1:]
	t.buf = append(t.buf, encode(strings.Join(b.cells, ","), t.enc)...)
	t.buf = append(t.buf, t.eol...)
	t.line++
	t.truth.rows++
	t.w.bad = append(t.w.bad, badRow{file: t.truth.path, column: b.column, reason: b.reason, row: t.line})
}

func (t *table) close(c *city) error {
	for len(t.bad) > 0 {
		t.putBad()
	}
	_, _ = t.out.Write(t.buf)
	t.w.buf = t.buf[:0]
	if err := t.out.Flush(); err != nil {
		_ = t.file.Close()
		return err
	}
	if err := t.file.Close(); err != nil {
		return err
	}
	t.w.wrote(c, t.truth)
	return nil
}

func (w *writer) wrote(c *city, f fileTruth) {
	w.files = append(w.files, f)
	c.sum.Files++
	c.sum.Rows[f.feed] += f.rows
}

// name puts the month into a file's name.
func name(stem string, p period.Period, ext string) string {
	return fmt.Sprintf("%s_%04d%02d%s", stem, p.Year(), int(p.Month()), ext)
}

// faulty tells the months that carry bad rows: the second and a middle one.
func (c *city) faulty() bool { return c.m == 1 || c.m == c.opt.Months/2+1 }

// lateMonth is the month whose vacancies arrive with the next month's,
// correctedMonth the one whose contributions are delivered again.
func (c *city) lateMonth() int      { return c.opt.Months * 2 / 3 }
func (c *city) correctedMonth() int { return c.opt.Months / 2 }
