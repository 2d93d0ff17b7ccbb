package ingest

import (
	"fmt"
	"strings"
	"testing"
)

const socialHeader = "费款所属期,社会保障号码,姓名,统一社会信用代码,险种,缴费状态,缴费类型,缴费基数,人员状态\n"

func social(month string, n int) string {
	var b strings.Builder
	b.WriteString(socialHeader)
	for i := range n {
		fmt.Fprintf(&b, "%s,%s,某某,%s,210,1,10,%d.50,1\n", month, person(i), employer(i%3), 3000+i)
	}
	return b.String()
}

func TestLoadSocialInsurance(t *testing.T) {
	h := newHouse(t)
	h.put("2026-06/社保缴费_202605.csv", gb18030(social("202605", 5)))
	sum := h.load()
	t.Logf("%+v", sum)
	t.Log(h.rows("social_insurance", "*"))
	t.Log(h.faults())
	again := h.load()
	t.Logf("%+v", again)
}
