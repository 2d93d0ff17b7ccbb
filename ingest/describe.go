package ingest

import (
	"slices"
	"unicode/utf8"

	"github.com/agext/levenshtein"

	"laborwatch/codes"
)

// What other packages need to describe contracts to people, and to recognize
// extracts for which there is none yet.

// Header is where an extract has the columns of a contract.
type Header struct {
	// Row is the index of its last row; Levels the rows it takes, 1 or 2.
	Row, Levels int
	// Cells gives the index of the cell by column of the contract, -1 for none.
	Cells []int
	// Names are all headers as found, Groups the headers of the level above, Extra
	// the headers that the contract does not know.
	Names, Groups, Extra []string
	// Missing are the required columns that are not there, by name.
	Missing []string
	// Matched counts the columns found.
	Matched int
}

// Recognize finds the best header of the contract in the first rows of an
// extract, whether or not it has all that is required; nil when no row has any
// of its columns.
func (c *Contract) Recognize(rows [][]string) *Header {
	h := c.bestHeader(rows)
	if h == nil {
		return nil
	}
	out := &Header{Row: h.row, Levels: h.levels, Cells: h.cols, Names: h.names, Groups: h.groups, Extra: h.extra, Matched: h.matched}
	for _, i := range c.lacking(h) {
		out.Missing = append(out.Missing, c.Columns[i].Name)
	}
	return out
}

// IsPersonal reports whether the contract knows the header and never keeps it.
func (c *Contract) IsPersonal(header string) bool { return c.personal[normalHeader(header)] }

// Drops reports whether a row is no data: blank, a sum, a signature.
func (c *Contract) Drops(cells []string) bool { return c.drops(cells) }

// CellReader reads cells of one column as an ingest would.
type CellReader struct{ r *reader }

// Reader makes a reader of the column; regions are the valid codes, none means any.
func (c *Contract) Reader(col ColumnRule, regions []string) CellReader {
	return CellReader{newReader(c, col, regions)}
}

// Read gives the lake's value of a cell as text, whether anything was filled
// in, and the reason of its fault ("" for none). A resident ID gives no value.
func (r CellReader) Read(cell string) (value string, filled bool, fault string) {
	if r.r.col.Type != "person" {
		return r.r.read(cell)
	}
	if _, err := codes.ParseResident(cell); err != nil {
		if _, filled, fault := r.r.read(cell); fault == BadEncoding || !filled {
			return "", filled, fault
		}
		fault, _ := named("", err)
		return "", true, fault
	}
	return "", true, ""
}

// Fold folds a cell: half-width, no blanks around.
func Fold(cell string) string { return clean(cell) }

// FoldHeader folds a header to what is compared: half-width, lower case, no
// blanks, marks, or units in parentheses.
func FoldHeader(header string) string { return normalHeader(header) }

// ReadDate reads a date in the forms in which people and spreadsheets write it.
func ReadDate(s string) (string, bool) { return readDate(s) }

// ReadMonth reads a month, or the month of a date.
func ReadMonth(s string) (string, bool) { return readMonth(s) }

// ReadNumber reads a number as plain decimal text.
func ReadNumber(s string) (string, bool) { return readNumber(s) }

// IsWage reports whether the text is a wage: 4000-6000元/月, 1-1.5万/月, 面议 ….
func IsWage(s string) bool {
	_, _, ok := readWage(s)
	return ok
}

// MeansNothing reports whether a cell means that nothing was filled in.
func MeansNothing(cell string) bool { return slices.Contains(usualNulls, clean(cell)) }

// Types lists the column types.
func Types() []string { return keysOf(types) }

// IsNumber reports whether the column holds a number in the lake.
func (r ColumnRule) IsNumber() bool {
	return slices.Contains([]string{"INTEGER", "BIGINT", "DOUBLE"}, types[r.Type])
}

// Texts lists the texts of a code in the order in which people should see
// them: those of the contract, and the code itself where it means itself.
func (r ColumnRule) Texts(code string) []string {
	out := slices.Clone(r.Codes[code])
	if r.meanings()[clean(code)] == code && !slices.Contains(out, code) {
		out = append(out, code)
	}
	return out
}

// CodeList lists the canonical codes in order.
func (r ColumnRule) CodeList() []string { return keysOf(r.Codes) }

// Similar is how alike two headers are, from 0 to 1 (equal), by edit distance.
func Similar(a, b string) float64 {
	n := max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
	if n == 0 {
		return 1
	}
	return 1 - float64(levenshtein.Distance(a, b, nil))/float64(n)
}

// Mask shows at most a third of a value; of a personal one its length alone.
func Mask(s string, personal bool) string { return mask(s, personal) }
