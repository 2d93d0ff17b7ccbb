package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// crlf is the line end of the engine's option new_line.
const crlf = `\r\n`

// mostColumns bounds the cells of a row; blankMost the blank ones at its end
// that are read: spreadsheets write rows as wide as they can be.
const (
	mostColumns = 2000
	blankMost   = 64
)

// tidyBytes is the size up to which an extract's line ends are made LF.
const tidyBytes = 4 << 20

// prepareText makes delimited text ready. Clean UTF-8 with one kind of line
// end is read by the engine as it is; anything else is rewritten first.
func (in *Ingester) prepareText(ctx context.Context, c *Contract, s *source, f *os.File, zipped bool) error {
	shape, err := in.shape(ctx, s, f, zipped)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(bytes.TrimPrefix(shape.head, []byte("\ufeff")))) == 0 {
		return refuse("empty")
	}
	encs, err := shape.encodings(c.CSV.Encoding)
	if err != nil {
		return err
	}
	h, d, enc, err := c.findEncodedHeader(shape.head, encs)
	if err != nil {
		return err
	}
	width, trim := h.cells(max(len(h.names), d.width))
	if width > mostColumns {
		return refuse("columns_many", width, mostColumns)
	}
	s.layout = layout{cols: h.cols, width: width, padded: trim || d.width > len(h.names), delim: d.delim, skip: d.skip, newline: `\n`, heads: h.heads(), aside: c.asides(h)}
	if !trim && d.width > len(h.names) {
		s.layout.surplus = len(h.names)
	}
	s.saw(c, h)
	mixed := shape.cr != shape.crlf || (shape.crlf > 0 && shape.lf != shape.crlf)
	// Small extracts are all given LF, so that one statement reads many.
	small := s.size < tidyBytes
	if !zipped && enc == encUTF8 && shape.invalid == 0 && !mixed && !shape.blank && !shape.parity.odd && !trim && shape.nul == 0 && (shape.crlf == 0 || !small) {
		if shape.crlf > 0 {
			s.layout.newline = crlf
		}
		s.use(f)
		in.mayScan(c, s, shape, &shape.lines)
		return nil
	}
	r, err := reread(f, zipped, in.limits)
	if err != nil {
		return err
	}
	out, err := in.unnamed()
	if err != nil {
		return err
	}
	s.use(out)
	seen := &watcher{w: out}
	defer func() { in.mayScan(c, s, shape, &seen.lines) }()
	var text io.Reader = &cancelable{ctx, r}
	if shape.nul > 0 && enc != encUTF16 && enc != encUTF16BE {
		text = nulls{text}
	}
	switch {
	case mixed || shape.crlf > 0 || shape.blank || shape.parity.odd || trim:
		var q *requoter
		if q, err = requote(seen, decoder(text, enc), d.delim, width, trim); err == nil && q.astray > 0 {
			s.found = append(s.found, newFinding(false, "astray", "", q.astray, q.first))
		}
	case enc == encGB18030:
		err = decodeBlocks(seen, text)
	default:
		err = rewrite(seen, decoder(text, enc))
	}
	s.layout.damaged = seen.damaged
	return err
}

// cells is how many cells of a row are read; trim says that there are too many
// blank ones beyond the header.
func (h *header) cells(width int) (n int, trim bool) {
	last := 0
	for i, name := range h.names {
		if name != "" {
			last = i + 1
		}
	}
	if width-last > blankMost {
		return last, true
	}
	return width, false
}

// shape is that of the text, as it was seen when the file was hashed or by
// another pass.
func (in *Ingester) shape(ctx context.Context, s *source, f *os.File, zipped bool) (*textShape, error) {
	if s.shape != nil && !zipped {
		return s.shape, nil
	}
	r, err := reread(f, zipped, in.limits)
	if err != nil {
		return nil, err
	}
	return readShape(&cancelable{ctx, r})
}

// findEncodedHeader takes the first encoding under which there is a header.
func (c *Contract) findEncodedHeader(head []byte, encs []string) (*header, dialect, string, error) {
	var firstErr error
	for _, enc := range encs {
		text, err := decodeHead(head, enc)
		if err != nil {
			return nil, dialect{}, "", err
		}
		h, d, err := c.findTextHeader(text)
		if err == nil {
			return h, d, enc, nil
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	return nil, dialect{}, "", firstErr
}

// watcher notices the character that stands for bytes that did not decode, and
// counts lines.
type watcher struct {
	w       io.Writer
	last    [2]byte
	damaged bool
	lines   lineIndex
}

func (x *watcher) Write(b []byte) (int, error) {
	const mark = "\xef\xbf\xbd"
	x.lines.feed(b)
	if !x.damaged && len(b) > 0 {
		head := append(x.last[:], b[:min(len(b), 2)]...)
		x.damaged = bytes.Contains(b, []byte(mark)) || bytes.Contains(head, []byte(mark))
		copy(x.last[:], head[len(head)-2:])
		if len(b) > 2 {
			copy(x.last[:], b[len(b)-2:])
		}
	}
	return x.w.Write(b)
}

// nulls makes of NUL bytes what no encoding decodes, so that the rows that they
// are in are told.
type nulls struct{ r io.Reader }

func (x nulls) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	for i, b := range p[:n] {
		if b == 0 {
			p[i] = 0xff
		}
	}
	return n, err
}

// cancelable stops a long read when its context ends.
type cancelable struct {
	ctx context.Context //nolint:containedctx // lives as long as one read
	r   io.Reader
}

func (c *cancelable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func decoder(r io.Reader, enc string) io.Reader {
	var e encoding.Encoding
	switch enc {
	case encGB18030:
		return transform.NewReader(r, &asciiFirst{simplifiedchinese.GB18030.NewDecoder()})
	case encUTF16:
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case encUTF16BE:
		e = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	default:
		e = unicode.UTF8 // replaces what is invalid
	}
	return transform.NewReader(r, e.NewDecoder())
}

// decodeHead decodes the beginning of the text, without what the cut broke.
func decodeHead(head []byte, enc string) (string, error) {
	b, err := io.ReadAll(decoder(bytes.NewReader(head), enc))
	if err != nil {
		return "", err
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	if len(head) == headBytes {
		if i := strings.LastIndexAny(text, "\r\n"); i > 0 {
			text = text[:i+1]
		}
	}
	// The reader of records knows LF and CRLF.
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), nil
}

// dialect is how delimited text is laid out.
type dialect struct {
	delim string
	skip  int
	width int
}

// findTextHeader tries the delimiters and takes the one under which most
// columns are found.
func (c *Contract) findTextHeader(head string) (*header, dialect, error) {
	delims := []string{",", "\t", ";", "|"}
	if c.CSV.Delimiter != "" {
		delims = []string{c.CSV.Delimiter}
	}
	var best *header
	var found dialect
	var firstErr error
	for _, delim := range delims {
		rows, lines, widths := records(head, delim)
		h, err := c.findHeader(rows)
		if err != nil {
			// Of the refusals, the one that recognized some header says most.
			if firstErr == nil || (strings.Contains(firstErr.Error(), "no header") && !strings.Contains(err.Error(), "no header")) {
				firstErr = err
			}
			continue
		}
		if best == nil || h.matched > best.matched {
			best, found = h, dialect{delim, lines[h.row], 0}
			for _, w := range widths[min(h.row+1, len(widths)):] {
				found.width = max(found.width, w)
			}
		}
	}
	if best == nil {
		return nil, dialect{}, firstErr
	}
	return best, found, nil
}

// records reads the first records of a text: their cells, the lines up to and
// with each, and how many cells each has when blank cells at its end beyond
// the header do not make it longer than it is.
func records(head, delim string) (rows [][]string, lines, widths []int) {
	r := csv.NewReader(strings.NewReader(head))
	r.Comma = rune(delim[0])
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	for len(rows) < 200 {
		cells, err := r.Read()
		if err != nil {
			break
		}
		rows = append(rows, cells)
		lines = append(lines, strings.Count(head[:r.InputOffset()], "\n"))
		width := 0
		if n := len(cells); n > 0 && cells[n-1] == "" {
			width = n // a comma too many at the end
		}
		widths = append(widths, width)
	}
	return rows, lines, widths
}

// rewrite copies decoded text to out, without a byte order mark.
func rewrite(out io.Writer, in io.Reader) error {
	r := bufio.NewReaderSize(in, 1<<20)
	if err := passMark(r); err != nil {
		return err
	}
	_, err := io.Copy(out, r)
	return err
}

// passMark passes over a byte order mark.
func passMark(r *bufio.Reader) error {
	if bom, err := r.Peek(3); err != nil || string(bom) != "\ufeff" {
		return nil //nolint:nilerr // a text shorter than the mark has none; faults show when it is read
	}
	_, err := r.Discard(3)
	return err
}
