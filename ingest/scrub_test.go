package ingest

import (
	"strings"
	"testing"
)

func TestScrub(t *testing.T) {
	id := person(3)
	for in, want := range map[string]string{
		"普工，联系13812345678":             "普工，联系***",
		"8613812345678":                "***",
		"身份证" + id + "（本人）":            "身份证***（本人）",
		strings.ToLower(id) + "/" + id: "***/***",
		"12345678901":                  "12345678901",        // no mobile number
		"410499196103040010":           "410499196103040010", // its check digit is wrong: no ID
		"订单20260501123456":             "订单20260501123456",
		"":                             "",
		"1":                            "1",
	} {
		if got := scrub(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if holdsResident("410499196103040010") || !holdsResident("R"+id) || holdsResident("R1234") {
		t.Error("a resident ID is not told from another number")
	}
}

func BenchmarkScrub(b *testing.B) {
	for b.Loop() {
		scrub("平顶山市某某机械有限公司 2026 年 5 月 1 日")
	}
}
