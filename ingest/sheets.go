package ingest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"laborwatch/lake"
)

// sampleRows is how many rows of a sheet that is passed over are looked at.
const sampleRows = 500

// passedSheet is a sheet that was not read: it has no header, or is hidden.
type passedSheet struct {
	name   string
	hidden bool
	sample [][]string
	// rows that are not blank.
	rows int64
}

func (p *passedSheet) add(cells []string) {
	if !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return
	}
	if p.rows++; len(p.sample) < sampleRows {
		p.sample = append(p.sample, slices.Clone(cells))
	}
}

// addNew appends what a list has not got yet.
func addNew(to, more []string) []string {
	for _, s := range more {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

// otherSheet is the refusal of a sheet that is none of the feed's.
type otherSheet struct{ error }

func (o otherSheet) Unwrap() error { return o.error }

func isOther(err error) bool {
	var o otherSheet
	return errors.As(err, &o)
}

// inSheet says whose the refusal of a sheet's first rows is. A sheet in which
// fewer than half of the required columns are found is none of the feed's: a
// list of codes, an explanation.
func (c *Contract) inSheet(sheet string, first [][]string, err error) error {
	var r *refusalError
	if !errors.As(err, &r) {
		return err
	}
	h := c.bestHeader(first)
	if h == nil {
		return otherSheet{err}
	}
	required := 0
	for _, col := range c.Columns {
		if col.Required != Optional && col.Constant == nil {
			required++
		}
	}
	if 2*(required-len(c.lacking(h))) < required || h.matched < 2 {
		return otherSheet{err}
	}
	return refuse("sheet_columns", sheet, phrases{r})
}

// likeData are the sheets passed over that seem to hold rows of the feed: hidden
// ones with its header, and those whose cells, where the header of another sheet
// has its columns, are read as what those columns hold.
func (x *sheetWriter) likeData(readers map[string]*reader) []passedSheet {
	var out []passedSheet
	for _, p := range x.passed {
		if p.hidden {
			out = append(out, p)
			continue
		}
		like := int64(0)
		for _, cells := range p.sample {
			if x.likeRow(readers, cells) {
				like++
			}
		}
		if like > 0 {
			p.rows = max(like, p.rows*like/int64(len(p.sample)))
			out = append(out, p)
		}
	}
	return out
}

// likeRow says that at least two, and at least half, of the required cells are
// what the columns of the header hold; texts, which hold anything, tell nothing.
func (x *sheetWriter) likeRow(readers map[string]*reader, cells []string) bool {
	asked, good := 0, 0
	for i, col := range x.contract.Columns {
		j := x.header.cols[i]
		if j < 0 || col.Required == Optional || col.Type == "text" || (col.Type == "code" && len(col.Codes) == 0) {
			continue
		}
		asked++
		if j >= len(cells) {
			continue
		}
		if _, filled, fault := readers[col.Name].read(cells[j]); filled && fault == "" {
			good++
		}
	}
	return good >= 2 && 2*good >= asked
}

// countDropped counts the rows that are no data, though they are not blank.
func (b *batch) countDropped(ctx context.Context) error {
	rows, err := b.conn.QueryContext(ctx, "SELECT _file, count(*) FROM lw_slow WHERE _skip AND _filled GROUP BY _file")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var fd int
		var n int64
		if err := rows.Scan(&fd, &n); err != nil {
			return err
		}
		for _, p := range b.parts {
			if p.fd == fd {
				p.dropped += n
			}
		}
	}
	return rows.Err()
}

// checkRead refuses a workbook with a sheet that seems to hold rows and was not
// read, until a person lets it pass. Of hidden ones it takes note, and of text
// in which quotes went astray.
func (b *batch) checkRead(ctx context.Context) error {
	if err := b.countDropped(ctx); err != nil {
		return err
	}
	for _, p := range b.parts {
		if p.dropped > 0 {
			p.notes = append(p.notes, newFinding(false, "dropped", "", p.dropped).note)
		}
		if len(p.twice) > 0 {
			p.notes = append(p.notes, newFinding(false, "twice", "", strings.Join(p.twice, ", ")).note)
		}
		if p.rows+p.malformed == 0 {
			p.notes = append(p.notes, newFinding(false, "nil", "").note)
		}
		if p.lost {
			p.notes = append(p.notes, newFinding(false, "nothing", "").note)
		}
		if p.astray > 0 {
			p.notes = append(p.notes, newFinding(false, "astray", "", p.astray, p.astrayFirst).note)
		}
		var why phrases
		for _, s := range p.unread {
			check := "unread"
			if s.hidden {
				check = "hidden"
			}
			f := newFinding(!s.hidden, check, s.name, s.name, strconv.FormatInt(s.rows, 10))
			if f.refuse && p.act == (lake.Act{}) {
				why = append(why, f.phrase)
			}
			p.notes = append(p.notes, f.note)
		}
		if len(why) > 0 {
			return refuse("set", why)
		}
	}
	return nil
}
