package ingest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// textShape is what one pass over a text tells: its encoding and line ends.
type textShape struct {
	head           []byte // the first bytes, as they are
	nul, total     int64  // NUL bytes, of which no text has any, and all
	quotes         bool   // there are quotes, but for guards of texts (="…")
	guarded        bool   // the last quote opened a guard
	parity         quoteParity
	lines          lineIndex
	valid, invalid int64 // UTF-8 sequences of three bytes or more, counted where the text is not all valid; bytes of no sequence
	cr, lf, crlf   int64
	blank          bool   // there are empty lines with data after them
	pendingBlank   bool   // there are empty lines so far
	carry          []byte // a UTF-8 sequence cut off by the end of a chunk
	lastByte       byte
}

// enoughInvalid bytes settle that the text is not UTF-8.
const enoughInvalid = 10_000

// headBytes bounds what is kept to find the header in.
const headBytes = 256 << 10

// readShape reads r to its end.
func readShape(r io.Reader) (*textShape, error) {
	s := &textShape{}
	buf := make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(r, buf)
		s.feed(buf[:n])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			s.end()
			return s, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// end counts what the last chunk left over.
func (s *textShape) end() {
	s.invalid += int64(len(s.carry))
	s.carry = nil
	s.parity.end()
}

func (s *textShape) feed(b []byte) {
	if len(b) == 0 {
		return
	}
	if room := headBytes - len(s.head); room > 0 {
		s.head = append(s.head, b[:min(room, len(b))]...)
	}
	s.nul += int64(bytes.Count(b, []byte{0}))
	s.total += int64(len(b))
	s.findQuotes(b)
	s.parity.feed(b)
	s.lines.feed(b)
	s.lineEnds(b)
	s.utf8(b)
}

// findQuotes looks for quotes other than pairs of which the first follows an
// equals sign: those are no more than characters of their cell.
func (s *textShape) findQuotes(b []byte) {
	for at := 0; !s.quotes; {
		i := bytes.IndexByte(b[at:], '"')
		if i < 0 {
			return
		}
		at += i
		before := s.lastByte
		if at > 0 {
			before = b[at-1]
		}
		s.quotes = !s.guarded && before != '='
		s.guarded = !s.guarded
		at++
	}
}

// lineEnds counts line ends and finds blank lines that data follows.
func (s *textShape) lineEnds(b []byte) {
	lf, cr := s.lines.total()-s.lf, int64(bytes.Count(b, []byte{'\r'}))
	crlf := int64(0)
	if cr > 0 {
		crlf = int64(bytes.Count(b, []byte("\r\n")))
	}
	if s.lastByte == '\r' && b[0] == '\n' {
		crlf++
	}
	s.lf, s.cr, s.crlf = s.lf+lf, s.cr+cr, s.crlf+crlf
	if !s.blank {
		s.findBlank(b)
	}
	s.lastByte = b[len(b)-1]
}

func (s *textShape) findBlank(b []byte) {
	if s.lastByte == '\n' || s.lastByte == '\r' {
		s.pairs(append([]byte{s.lastByte}, b[:min(len(b), 3)]...))
	}
	if s.pendingBlank && len(bytes.Trim(b, "\r\n")) > 0 {
		s.blank = true
	}
	s.pairs(b)
}

// pairs looks for a line break directly after a line break.
func (s *textShape) pairs(b []byte) {
	for _, p := range []string{"\n\n", "\n\r", "\r\r"} {
		if i := bytes.Index(b, []byte(p)); i >= 0 {
			s.pendingBlank = true
			if len(bytes.Trim(b[i:], "\r\n")) > 0 {
				s.blank = true
			}
		}
	}
}

// utf8 counts valid and invalid sequences of chunks that are not all valid.
func (s *textShape) utf8(b []byte) {
	if len(s.carry) > 0 {
		b = append(s.carry, b...)
		s.carry = nil
	}
	// Keep a sequence that the chunk cuts off for the next chunk.
	for i := 1; i <= min(utf8.UTFMax-1, len(b)); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				s.carry = bytes.Clone(b[len(b)-i:])
				b = b[:len(b)-i]
			}
			break
		}
	}
	if s.invalid > enoughInvalid || utf8.Valid(b) {
		return
	}
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			s.invalid++
		} else if n > 2 {
			// Two bytes of GBK often look like a sequence of two; of three, seldom.
			s.valid++
		}
		b = b[n:]
	}
}

// nulShare is the share of bytes beyond which NUL bytes make a file no text;
// single ones damage the rows that they are in.
const nulShare = 1000

// unmarked16 finds UTF-16 that lacks the mark: in a table at least every fourth
// character is a digit, a letter or a comma, of which one byte is 0, always on
// the same side.
func (s *textShape) unmarked16() string {
	var zero [2]int
	for i := 0; i+1 < len(s.head); i += 2 {
		for side := range zero {
			if other := s.head[i+1-side]; s.head[i+side] == 0 && (other >= ' ' && other < 0x7f || other == '\n' || other == '\r' || other == '\t') {
				zero[side]++
			}
		}
	}
	quarter := len(s.head) / 8
	switch {
	case len(s.head) < 16:
	case zero[1] > quarter && zero[0] < zero[1]/20:
		return encUTF16
	case zero[0] > quarter && zero[1] < zero[0]/20:
		return encUTF16BE
	}
	return ""
}

// Encodings as contracts name them; the second kind of UTF-16 goes without a mark.
const (
	encUTF8    = "utf-8"
	encGB18030 = "gb18030"
	encUTF16   = "utf-16"
	encUTF16BE = "utf-16be"
)

// encodings lists what the text may be encoded in, likeliest first; stated
// settles it but for a byte order mark of UTF-16. Under each, damaged says that
// some bytes will not decode; the header tells which of two is right.
func (s *textShape) encodings(stated string) ([]string, error) {
	if bytes.HasPrefix(s.head, []byte{0xff, 0xfe}) || bytes.HasPrefix(s.head, []byte{0xfe, 0xff}) {
		return []string{encUTF16}, nil
	}
	switch kind := magic(s.head); {
	case kind == oldBook && encryptedBook(s.head):
		return nil, refuse("password")
	case kind == oldBook:
		return nil, refuse("xls")
	case kind == "RAR" || kind == "7z" || kind == "bzip2" || kind == "xz" || kind == "zstd":
		return nil, refuse("packed", kind)
	case kind != "":
		return nil, refuse("binary", kind)
	}
	if enc := s.unmarked16(); enc != "" {
		return []string{enc}, nil
	}
	if s.nul > s.total/nulShare {
		return nil, refuse("binary", fmt.Sprintf("0x00 × %d", s.nul))
	}
	switch {
	case stated == encUTF8 && s.invalid > s.valid:
		return nil, refuse("encoding", stated)
	case stated != "" && stated != "auto":
		return []string{stated}, nil
	case s.invalid == 0:
		return []string{encUTF8}, nil
	case s.valid >= 10*s.invalid:
		return []string{encUTF8, encGB18030}, nil
	default:
		return []string{encGB18030, encUTF8}, nil
	}
}

// oldBook is a workbook of the old format, or one with a password.
const oldBook = "XLS (97-2003)"

// magic names well-known kinds of files that are no extracts.
func magic(head []byte) string {
	for _, m := range []struct{ prefix, name string }{
		{"%PDF", "PDF"},
		{"\x89PNG", "PNG"},
		{"\xff\xd8\xff", "JPEG"},
		{"\xd0\xcf\x11\xe0", oldBook},
		{"Rar!", "RAR"},
		{"7z\xbc\xaf", "7z"},
		{"\x7fELF", "ELF"},
		{"SQLite format 3", "SQLite"},
		{"BZh", "bzip2"},
		{"\xfd7zXZ", "xz"},
		{"\x28\xb5\x2f\xfd", "zstd"},
	} {
		if strings.HasPrefix(string(head[:min(len(head), 16)]), m.prefix) {
			return m.name
		}
	}
	return ""
}
