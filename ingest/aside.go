package ingest

import (
	"fmt"
	"regexp"
	"strings"

	"laborwatch/engine"
)

// A column that the contract does not know is kept beside the others, as text,
// under its header: the extract itself is not kept, and a contract that learns
// the column later can say what it meant. But nobody has said that it holds no
// personal data, and no rule finds every name in a free text: only numbers,
// dates and codes are kept, none of them like an ID or a phone, and nothing of a
// column whose header tells of a person.

// asidePrefix begins the name of such a column in the lake.
const asidePrefix = "aside."

// mostAside bounds how many unknown columns are kept, asideBytes their cells.
const (
	mostAside  = 50
	asideBytes = 64
)

// asideColumn is an unknown column: its header and the cell's index.
type asideColumn struct {
	name string
	cell int
}

var personalHeader = regexp.MustCompile(`姓名|名字|人名|电话|手机|联系|身份证|证件|社会保障号|社保号|个人编号|地址|住址|邮箱|微信|qq|银行|账号|帐号|卡号|学号|本人|配偶|监护|name|phone|mobile|email|address|idcard|idno|account`)

// asides lists the unknown columns of a header that are kept.
func (c *Contract) asides(h *header) []asideColumn {
	if c.Drift.New == driftIgnore {
		return nil
	}
	var out []asideColumn
	seen := map[string]bool{}
	for i, name := range h.extra {
		key := strings.ToLower(clean(name))
		if strings.Contains(key, blot) || personalHeader.MatchString(strings.ReplaceAll(key, " ", "")) || len(out) == mostAside || seen[key] {
			continue
		}
		seen[key] = true
		out = append(out, asideColumn{asidePrefix + clean(name), h.extraAt[i]})
	}
	return out
}

var (
	// unnamedPersonal is what may be a person's besides, where nobody has said what
	// a column holds: numbers of accounts and addresses.
	unnamedPersonal = regexp.MustCompile(`\d{15}|@`)
	// plainCell is a number, a date, a code, or one character such as 是 or 男.
	plainCell = regexp.MustCompile(`^(?:[-+0-9A-Za-z.,:/%_;()]+|[0-9]{4}年[0-9]{1,2}月(?:[0-9]{1,2}日)?|\p{Han})$`)
)

// keepAside gives what is kept of a cell, "" for nothing.
func keepAside(cell string) string {
	s := clean(cell)
	if !plainCell.MatchString(s) || unnamedPersonal.MatchString(s) || holdsPersonal(s) {
		return ""
	}
	return s[:min(len(s), asideBytes)]
}

// asideValues are the expressions of the unknown columns over the cells.
func (k *compiler) asideValues() []string {
	var out []string
	for _, a := range k.layout.aside {
		out = append(out, fmt.Sprintf("lw_aside(c%d, '') AS %s", a.cell, engine.Ident(a.name)))
	}
	return out
}

// asideNames are the unknown columns' names in the lake.
func (k *compiler) asideNames() []string {
	var out []string
	for _, a := range k.layout.aside {
		out = append(out, engine.Ident(a.name))
	}
	return out
}
