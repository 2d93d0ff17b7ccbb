package ingest

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// recordLimit bounds what is kept of one record: a quote that is never closed
// makes one record of all that follows.
const recordLimit = 256 << 10

// scanRecords passes over delimited text, whose line ends are LF or CRLF, and
// gives the records whose number, from 1, is wanted: a line break within quotes
// does not end one. Of a record longer than recordLimit it gives the beginning.
func scanRecords(r *bufio.Reader, delim byte, wanted func(n int64) bool, give func(n int64, record string) error) error {
	const (
		fieldStart = iota
		plain
		quoted
		closing // after a quote within quotes: its end, or one half of a doubled one
		broken  // after a quote that closed within a cell: quotes mean nothing up to the line's end
	)
	var record []byte
	state, n := fieldStart, int64(1)
	keep, empty := wanted(1), true
	end := func() error {
		if !keep {
			return nil
		}
		err := give(n, strings.TrimSuffix(string(record), "\r"))
		record = record[:0]
		return err
	}
	for {
		b, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			if empty {
				return nil
			}
			return end()
		}
		if err != nil {
			return err
		}
		if b == '\n' && state != quoted {
			if err := end(); err != nil {
				return err
			}
			n++
			state, keep, empty = fieldStart, wanted(n), true
			continue
		}
		empty = false
		if keep && len(record) < recordLimit {
			record = append(record, b)
		}
		switch {
		case state == quoted && b == '"':
			state = closing
		case state == quoted:
		case b == '"' && (state == fieldStart || state == closing):
			state = quoted
		case state == broken:
		case b == delim:
			state = fieldStart
		case state == closing && b != '\r':
			state = broken
		case state != closing:
			state = plain
		}
	}
}

// splitRecord gives the cells of a record as well as they can be told: a quote
// that closes within a cell belongs to its text, and where one never closes
// quotes mean nothing.
func splitRecord(record, delim string) []string {
	var cells []string
	rest := record
	for {
		var cell string
		var ok bool
		if cell, rest, ok = quotedCell(rest, delim); !ok {
			if strings.HasPrefix(rest, `"`) && strings.Count(rest, `"`)%2 == 1 {
				return append(cells, strings.Split(rest, delim)...)
			}
			var more bool
			if cell, rest, more = strings.Cut(rest, delim); !more {
				return append(cells, cell)
			}
		} else if rest == "" {
			return append(cells, cell)
		} else {
			rest = rest[len(delim):]
		}
		cells = append(cells, cell)
	}
}

// quotedCell takes a cell in quotes off the beginning of a record; what is left
// begins with the delimiter or is empty. ok is false, and s is left, where
// there is no such cell.
func quotedCell(s, delim string) (cell, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", s, false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if strings.HasPrefix(s[i+1:], `"`) {
			i++
			continue
		}
		if rest = s[i+1:]; rest == "" || strings.HasPrefix(rest, delim) {
			return strings.ReplaceAll(s[1:i], `""`, `"`), rest, true
		}
		return "", s, false
	}
	return "", s, false
}
