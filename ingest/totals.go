package ingest

import (
	"regexp"
	"slices"
	"strings"
)

// totals are first cells of rows that are no data: sums, signatures, notes.
var totals = []string{`[^\d]{0,8}(合[\s　]*计|小[\s　]*计|总[\s　]*计|共[\s　]*计|累[\s　]*计)[\s　]*[:：]?[\s　]*`, `总(人数|笔数|户数|金额|行数)[\s　]*[:：]?.*`, `(填[\s　]*表|制[\s　]*表|填[\s　]*报|审[\s　]*核|复[\s　]*核|经[\s　]*办|单位负责|负责)[\s　]*(人|单位|日期|时间)?[\s　]*[:：].*`, `(制表人?|填表人)[\s　]*`, `(备?[\s　]*注|说[\s　]*明)[\s　]*[:：].*`}

// dropPattern is a regular expression over the first filled cell of a row.
func (c *Contract) dropPattern() string {
	all := slices.Clone(totals)
	for _, d := range c.XLSX.Drop {
		all = append(all, regexp.QuoteMeta(d)+".*")
	}
	return `^[\s　]*(` + strings.Join(all, "|") + `)$`
}

// identified says that a row names a person or an employer, whatever its first
// cell says: it is no sum.
func (c *Contract) identified(h *header, cells []string) bool {
	for i, col := range c.Columns {
		if j := h.cols[i]; (col.Type == "person" || col.Type == "uscc") && j >= 0 && j < len(cells) && len(clean(cells[j])) >= 15 {
			return true
		}
	}
	return false
}

// drops reports whether the row is no data.
func (c *Contract) drops(cells []string) bool {
	for _, cell := range cells {
		if s := clean(cell); s != "" {
			return c.dropRow.MatchString(s)
		}
	}
	return true
}
