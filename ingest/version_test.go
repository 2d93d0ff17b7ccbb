package ingest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

// changes makes an 增减员 extract of n terminations, the first of them of person from.
func changes(from, n int) []byte {
	var b strings.Builder
	b.WriteString("证件号码,统一社会信用代码,变更日期,增减标志,变更原因\n")
	for i := range n {
		b.WriteString(person(from+i) + "," + employer(1) + ",2026-05-12,减员,裁员\n")
	}
	return []byte(b.String())
}

const ledger = "SELECT o.source, o.rows_loaded, o.status, n.source FROM state.main.loads o LEFT JOIN state.main.loads n ON n.load_id = o.superseded_by ORDER BY o.seq"

func TestVersionsOfAppended(t *testing.T) {
	type file struct {
		name string
		n    int
	}
	for _, c := range []struct {
		name  string
		calls [][]file
		want  string
	}{
		{
			"same path",
			[][]file{{{"a/增减员_20260512.csv", 1}}, {{"a/增减员_20260512.csv", 2}}},
			"a/增减员_20260512.csv|1|superseded|a/增减员_20260512.csv\na/增减员_20260512.csv|2|live|∅\n",
		},
		{
			"mark in another folder",
			[][]file{{{"a/增减员_20260512.csv", 1}}, {{"b/增减员_20260512_更正.csv", 2}}},
			"a/增减员_20260512.csv|1|superseded|b/增减员_20260512_更正.csv\nb/增减员_20260512_更正.csv|2|live|∅\n",
		},
		{
			"same folder before others",
			[][]file{{{"a/增减员_20260512.csv", 1}, {"b/增减员_20260512.csv", 2}}, {{"b/增减员_20260512_修订版.csv.gz", 3}}},
			"a/增减员_20260512.csv|1|live|∅\nb/增减员_20260512.csv|2|superseded|b/增减员_20260512_修订版.csv.gz\nb/增减员_20260512_修订版.csv.gz|3|live|∅\n",
		},
		{
			"two folders",
			[][]file{{{"a/增减员_20260512.csv", 1}, {"b/增减员_20260512.csv", 2}}, {{"c/增减员_20260512.csv", 3}}},
			"a/增减员_20260512.csv|1|live|∅\nb/增减员_20260512.csv|2|live|∅\nc/增减员_20260512.csv|3|live|∅\n",
		},
		{
			"one call, the last wins",
			[][]file{{{"增减员_20260512.csv", 1}, {"增减员_20260512_更正.csv", 2}, {"增减员_20260512_更正2.csv", 3}}},
			"增减员_20260512.csv|1|superseded|增减员_20260512_更正.csv\n增减员_20260512_更正.csv|2|superseded|增减员_20260512_更正2.csv\n增减员_20260512_更正2.csv|3|live|∅\n",
		},
		{
			"one call, the correction in an earlier folder",
			[][]file{{{"a/增减员_20260512_更正.csv", 2}, {"b/增减员_20260512.csv", 1}}},
			"b/增减员_20260512.csv|1|superseded|a/增减员_20260512_更正.csv\na/增减员_20260512_更正.csv|2|live|∅\n",
		},
		{
			"the original changed after its correction",
			[][]file{{{"增减员_20260512.csv", 1}, {"增减员_20260512_更正.csv", 2}}, {{"增减员_20260512.csv", 3}}},
			"增减员_20260512.csv|1|superseded|增减员_20260512_更正.csv\n增减员_20260512_更正.csv|2|superseded|增减员_20260512.csv\n增减员_20260512.csv|3|live|∅\n",
		},
		{
			"other days",
			[][]file{{{"增减员_20260511.csv", 1}, {"增减员_20260512.csv", 2}, {"增减员_20260513_更正.csv", 3}}},
			"增减员_20260511.csv|1|live|∅\n增减员_20260512.csv|2|live|∅\n增减员_20260513_更正.csv|3|live|∅\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			var log bytes.Buffer
			h.in.log = slog.New(slog.NewTextHandler(&log, nil))
			var superseded []string
			for _, call := range c.calls {
				for _, f := range call {
					// Sizes differ, so that contents do.
					content := changes(10*f.n, f.n)
					if strings.HasSuffix(f.name, ".gz") {
						content = gzipped(content)
					}
					h.put(f.name, content)
				}
				for _, l := range h.load().Loads {
					superseded = append(superseded, l.Superseded...)
				}
			}
			if got := h.query(ledger); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
			n := strings.Count(c.want, "superseded")
			if len(superseded) != n || strings.Count(log.String(), "superseded=") != n {
				t.Errorf("told %q\n%s", superseded, log.String())
			}
		})
	}
}

// A correction that may mean several files is refused until it lies beside one.
func TestAmbiguousCorrection(t *testing.T) {
	h := newHouse(t)
	h.put("a/增减员_20260512.csv", changes(1, 1))
	h.put("b/增减员_20260512.csv", changes(2, 2))
	h.load()
	inbox := filepath.Join(h.dir, "inbox")
	h.put("c/增减员_20260512_更正.csv", changes(4, 3))
	h.put("c/增减员_20260513.csv", changes(7, 1))
	for range 2 {
		sum := h.load()
		if len(sum.Refused) != 1 || sum.Refused[0].Known || !strings.Contains(sum.Refused[0].Reason, "a/增减员_20260512.csv, b/增减员_20260512.csv") {
			t.Fatalf("%+v", sum)
		}
	}
	h.put("b/增减员_20260512_更正.csv", changes(4, 3))
	files, err := h.in.Files("", []string{filepath.Join(inbox, "b", "增减员_20260512_更正.csv")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.in.Load(context.Background(), files); err != nil {
		t.Fatal(err)
	}
	want := "a/增减员_20260512.csv|1|live|∅\nb/增减员_20260512.csv|2|superseded|b/增减员_20260512_更正.csv\nc/增减员_20260513.csv|1|live|∅\nb/增减员_20260512_更正.csv|3|live|∅\n"
	if got := h.query(ledger); got != want {
		t.Errorf("got\n%s", got)
	}
	if sum := h.load(); len(sum.Refused) > 0 || len(sum.Loads) > 0 {
		t.Errorf("%+v", sum)
	}
}

func TestDocument(t *testing.T) {
	for base, want := range map[string]string{
		"增减员_20260512.csv":           "增减员_20260512",
		"增减员_20260512_更正.csv.gz":     "增减员_20260512 marked",
		"增减员_20260512_更正2.XLSX":      "增减员_20260512 marked",
		"增减员_20260512更正.csv":         "增减员_20260512 marked",
		"增减员_20260512（更正2）.csv":      "增减员_20260512 marked",
		"增减员_20260512 (1).csv":       "增减员_20260512",
		"增减员_20260512 - 副本 (2).csv":  "增减员_20260512",
		"增减员_20260512_修订20260601":    "增减员_20260512 marked",
		"增减员_20260512_更正_更正2.csv":    "增减员_20260512 marked",
		"增减员_更正_20260512.csv":        "增减员_更正_20260512",
		"增减员_2026.05.12_更正.csv":      "增减员_2026.05.12 marked",
		"增减员_20260512.north_更正.csv":  "增减员_20260512.north marked",
		"_更正.csv":                    "_更正",
		"增减员_20260512_第1版更正.parquet": "增减员_20260512_第1版更正",
	} {
		name, marked := document(base)
		if marked {
			name += " marked"
		}
		if name != want {
			t.Errorf("%s: %s", base, name)
		}
	}
	c := newHouse(t).contracts["insurance_change"]
	if f, err := c.filed("增减员_20260512_修订20260601.csv"); err != nil || f.month.String() != "2026-05" {
		t.Errorf("%v %v", f, err)
	}
}

func TestFilesAreNamedWithinTheInbox(t *testing.T) {
	h := newHouse(t)
	h.put("a/增减员_20260512.csv", changes(1, 1))
	h.put("../elsewhere/增减员_20260512.csv", changes(2, 2))
	outside := filepath.Join(h.dir, "elsewhere", "增减员_20260512.csv")
	files, err := h.in.Files("", []string{filepath.Join(h.dir, "inbox", "a", "增减员_20260512.csv"), filepath.Join(h.dir, "inbox", "a"), outside, filepath.Dir(outside)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a/增减员_20260512.csv", "a/增减员_20260512.csv", outside, outside} {
		if files[i].Rel != want {
			t.Errorf("%s, want %s", files[i].Rel, want)
		}
	}
	_, err = h.in.Files("", []string{"no_such_file.csv"})
	if err == nil || !strings.Contains(err.Error(), "没有文件 no_such_file.csv") || !strings.Contains(err.Error(), "check its path") {
		t.Error(err)
	}
}

// TestOriginalAfterItsCorrection: a correction stands whatever comes in what order.
func TestOriginalAfterItsCorrection(t *testing.T) {
	for name, c := range map[string]struct {
		head, row string
		doc       string
	}{
		"snapshot": {registrationHeader, "R%d,%s,410402,2026-05-01,毕业\n", "失业登记_202605"},
		"append":   {"证件号码,统一社会信用代码,变更日期,增减标志,变更原因", "%[2]s," + employer(1) + ",2026-05-12,减员,裁员\n", "增减员_20260512"},
	} {
		text := func(from, n int) []byte {
			var s strings.Builder
			s.WriteString(c.head + "\n")
			for i := range n {
				s.WriteString(strings.Replace(strings.Replace(strings.Replace(c.row, "%[2]s", person(from+i), 1), "%s", person(from+i), 1), "%d", fmt.Sprint(from+i), 1))
			}
			return []byte(s.String())
		}
		for _, apart := range []bool{false, true} {
			h := newHouse(t)
			h.put("a/"+c.doc+"_更正.csv", text(1, 9))
			if apart {
				h.load()
			}
			h.put("b/"+c.doc+".csv", text(1, 10))
			sum := h.load()
			if got := h.query("SELECT source, rows_loaded FROM state.main.loads WHERE status = 'live'"); got != "a/"+c.doc+"_更正.csv|9\n" {
				t.Errorf("%s apart %v: %s%+v", name, apart, got, sum)
			}
			if apart && (len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "its correction a/"+c.doc+"_更正.csv is live")) {
				t.Errorf("%s: %+v", name, sum)
			}
		}
	}
}

// TestTheSameAgain: another version of a day's file that does not say so is not
// added to it; another file of the day is.
func TestTheSameAgain(t *testing.T) {
	for name, second := range map[string]string{"a copy": "增减员_20260512(1).csv", "another word": "增减员_20260512_新.csv", "a mark": "增减员_20260512更正.csv", "brackets": "增减员_20260512（更正）.csv"} {
		for _, apart := range []bool{false, true} {
			h := newHouse(t)
			h.put("增减员_20260512.csv", changes(1, 10))
			if apart {
				h.load()
			}
			h.put(second, changes(1, 6))
			h.put("增减员_20260512_二.csv", changes(20, 3))
			sum := h.load()
			want := "增减员_20260512.csv|10\n增减员_20260512_二.csv|3\n"
			if strings.Contains(second, "更正") {
				want = second + "|6\n增减员_20260512_二.csv|3\n"
			} else if len(sum.Refused) != 1 || !strings.Contains(sum.Refused[0].Reason, "6 rows (100%) have the keys of rows of 增减员_20260512.csv") {
				t.Errorf("%s: %+v", name, sum.Refused)
			}
			if got := h.query("SELECT source, rows_loaded FROM state.main.loads WHERE status = 'live' ORDER BY 2 DESC"); got != want {
				t.Errorf("%s apart %v: %s", name, apart, got)
			}
		}
	}
}
