package weighting

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// element is a part of a parsed page.
type element struct {
	name     string
	attr     map[string]string
	text     string
	children []*element
}

func (e *element) all(name string) (out []*element) {
	for _, c := range e.children {
		if c.name == name {
			out = append(out, c)
		}
		out = append(out, c.all(name)...)
	}
	return out
}

// parse reads a page, all of whose elements must be closed.
func parse(t *testing.T, page []byte) *element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	root := &element{}
	open := []*element{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			e := &element{name: x.Name.Local, attr: map[string]string{}}
			for _, a := range x.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			last := open[len(open)-1]
			last.children = append(last.children, e)
			open = append(open, e)
		case xml.EndElement:
			if last := open[len(open)-1]; last.name != x.Name.Local {
				t.Fatalf("<%s> is closed by </%s>", last.name, x.Name.Local)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			for _, e := range open {
				e.text += string(x)
			}
		}
	}
	if len(open) != 1 {
		t.Fatalf("%d elements are not closed", len(open)-1)
	}
	return root
}

func TestPage(t *testing.T) {
	r := report(t, 0)
	data, err := r.Page()
	if err != nil {
		t.Fatal(err)
	}
	page := parse(t, data)
	for _, outside := range []string{"<script", "<link", "http://", "https://", "url(", "<img", "ZgotmplZ", "<试验市>", "%!"} {
		if bytes.Contains(data, []byte(outside)) {
			t.Errorf("the page holds %q", outside)
		}
	}
	if h := page.all("h1")[0].text; h != "<试验市>劳动力调查权数报告（2026-10）Survey weights of <Test City>, 2026-10" {
		t.Errorf("title %q", h)
	}
	tables := map[string]*element{}
	for _, e := range page.all("table") {
		tables[strings.TrimPrefix(e.attr["id"], "table-")] = e
	}
	value := func(table, name string, column int) float64 {
		for _, row := range tables[table].all("tr") {
			if c := row.all("td"); len(c) > column && (c[0].text == name || strings.HasPrefix(c[0].text, name+" ")) {
				v, err := strconv.ParseFloat(c[column].attr["data-value"], 64)
				if err != nil {
					t.Errorf("%s, %s: %q", table, name, c[column].text)
				}
				return v
			}
		}
		t.Errorf("table %s has no row %s", table, name)
		return math.NaN()
	}
	for _, x := range []struct {
		table, name string
		column      int
		want        float64
	}{
		{"summary", "最终权数合计", 1, 195},
		{"counties", "乙县", 5, .5},
		{"classes", "2/1", 7, 2},
		{"quantiles", "均值", 4, (6*gA + 4*gB) / 10},
		{"histogram", "1.20–1.25", 1, 6},
		{"margins", "region a", 2, targetA},
		{"margins", "region b", 3, 100},
		{"dropped", "region", 2, 5},
		{"convergence", "1", 2, 1 - 80/targetB},
	} {
		if got := value(x.table, x.name, x.column); !near(got, x.want) {
			t.Errorf("%s, %s: %v, want %v", x.table, x.name, got, x.want)
		}
	}
	var heights []float64
	for _, b := range page.all("rect") {
		h, err := strconv.ParseFloat(b.attr["height"], 64)
		if err != nil {
			t.Fatal(err)
		}
		heights = append(heights, h)
	}
	if len(heights) != 2 || math.Abs(heights[1]/heights[0]-4/6.0) > .01 {
		t.Errorf("bars %v, want two as 6 to 4", heights)
	}
}
