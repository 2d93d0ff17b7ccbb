package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"laborwatch/engine"
)

// A column that the contract does not know is kept beside the others, as text,
// under its header: the extract itself is not kept, and a contract that learns
// the column later can say what it meant. But nobody has said that it holds no
// personal data: columns whose header tells of a person are left out, and so
// is every cell elsewhere that looks like an ID, a phone, an address of mail or
// a person's name.

// asidePrefix begins the name of such a column in the lake.
const asidePrefix = "aside."

// mostAside bounds how many unknown columns are kept, asideRunes their cells.
const (
	mostAside  = 50
	asideRunes = 200
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
	likePersonal = regexp.MustCompile(`\d{15}|\d{17}[\dXx]|(?:^|\D)1[3-9]\d{9}(?:\D|$)|(?:^|\D)0\d{2,3}-?\d{7,8}(?:\D|$)|@`)
	surnames     = []rune("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤某")
)

// keepAside gives what is kept of a cell, "" for nothing.
func keepAside(cell string) string {
	s := clean(cell)
	r := []rune(s)
	if s == "" || strings.ContainsRune(s, '\ufffd') || likePersonal.MatchString(s) {
		return ""
	}
	if len(r) >= 2 && len(r) <= 4 && slices.Contains(surnames, r[0]) && !slices.ContainsFunc(r, func(c rune) bool { return !unicode.Is(unicode.Han, c) }) {
		return ""
	}
	return string(r[:min(len(r), asideRunes)])
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
