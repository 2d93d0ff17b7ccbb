package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"laborwatch/messages"
)

// table stands cells, parted by tabs, under each other. Unlike text/tabwriter
// it counts a Chinese character as the two columns that it takes on a screen.
// An empty line begins a table of its own.
type table struct {
	w    io.Writer
	text bytes.Buffer
}

func newTable(w io.Writer) *table { return &table{w: w} }

func (t *table) Write(b []byte) (int, error) { return t.text.Write(b) }

// head writes the names of the columns: the Chinese line, the English under it.
func (t *table) head(key string) {
	fmt.Fprintln(t, messages.T(messages.ZH, key))
	fmt.Fprintln(t, messages.T(messages.EN, key))
}

// cellWidth is of this program alone: the same bytes whatever the locale.
var cellWidth = &runewidth.Condition{}

// Flush writes what was held back to count its widths.
func (t *table) Flush() error {
	var out strings.Builder
	for n, block := range strings.Split(strings.TrimSuffix(t.text.String(), "\n"), "\n\n") {
		if n > 0 {
			out.WriteString("\n")
		}
		var widths []int
		var lines [][]string
		for line := range strings.SplitSeq(block, "\n") {
			cells := strings.Split(line, "\t")
			lines = append(lines, cells)
			for i, c := range cells[:len(cells)-1] {
				if i == len(widths) {
					widths = append(widths, 0)
				}
				widths[i] = max(widths[i], cellWidth.StringWidth(c))
			}
		}
		for _, cells := range lines {
			last := len(cells) - 1
			for i, c := range cells[:last] {
				out.WriteString(c)
				out.WriteString(strings.Repeat(" ", widths[i]-cellWidth.StringWidth(c)+2))
			}
			out.WriteString(cells[last] + "\n")
		}
	}
	t.text.Reset()
	_, err := io.WriteString(t.w, out.String())
	return err
}
