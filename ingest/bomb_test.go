package ingest

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

// A gzipped extract that unpacks beyond the limits is refused before it fills
// the disk, and stops no other.
func TestGzipBomb(t *testing.T) {
	h := newHouse(t)
	pack := func(body []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	head := "岗位编号,工作地区划,招聘人数,发布日期\n"
	h.put("岗位信息_202605.csv.gz", pack([]byte(head+strings.Repeat("P1,410402,1,2026-05-01\n", 2_000_000))))
	h.put("岗位信息_202606.csv.gz", pack([]byte(head+"P1,410402,1,2026-06-01\n")))
	sum := h.load()
	if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "bomb") || sum.RowsLoaded != 1 {
		t.Errorf("%+v", sum)
	}
}
