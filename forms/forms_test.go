package forms

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"laborwatch/engine"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/pseudonym"
)

var update = flag.Bool("update", false, "write the pages")

func contracts(t *testing.T) ingest.Contracts {
	t.Helper()
	cs, err := ingest.LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// The committed pages are those that the contracts give.
func TestPagesAreCurrent(t *testing.T) {
	const dir = "../docs/contracts"
	cs := contracts(t)
	if *update {
		if err := WritePages(dir, cs); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := Pages(cs)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) != want {
			t.Errorf("%s differs from its contract. Try: go test ./forms -update", name)
		}
		if strings.Contains(want, "%!") || strings.Contains(want, "form.") {
			t.Errorf("%s shows a text that is no text", name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(pages) {
		t.Errorf("%d files in %s, %d pages", len(entries), dir, len(pages))
	}
}

// A form filled in with two rows loads whole, whatever the feed.
func TestTemplatesLoad(t *testing.T) {
	cs := contracts(t)
	ctx := context.Background()
	dir := t.TempDir()
	eng, err := engine.Open(ctx, engine.Options{Dir: dir, MemoryLimit: "1200MB"})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	clock := func() time.Time { return time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC) }
	store, err := lake.Open(ctx, eng, filepath.Join(dir, "lake"), clock)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := pseudonym.NewChain(pseudonym.Keys{{Algorithm: pseudonym.SM3, Secret: [pseudonym.KeyBytes]byte{7}}})
	if err != nil {
		t.Fatal(err)
	}
	in, err := ingest.New(ingest.Options{Lake: store, Engine: eng, Contracts: cs, Inbox: dir, Keys: keys, Regions: []string{"410402", "410403", "410422"}, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	for _, feed := range cs.Feeds() {
		t.Run(feed, func(t *testing.T) {
			c := cs[feed]
			path := filepath.Join(dir, FileName(c))
			fillIn(t, c, path)
			files, err := in.Files("", []string{path})
			if err != nil || len(files) != 1 || files[0].Feed != feed {
				t.Fatal(files, err)
			}
			sum, err := in.Load(ctx, files)
			if err != nil || len(sum.Refused) > 0 {
				t.Fatal(sum.Refused, err)
			}
			if sum.RowsIn != 2 || sum.RowsLoaded != 2 {
				faults, _ := store.Quarantined(ctx, feed, 0)
				t.Errorf("in %d, loaded %d, repeated %d: %+v", sum.RowsIn, sum.RowsLoaded, sum.RowsRepeated, faults)
			}
			if len(sum.Loads) == 1 && len(sum.Loads[0].Extra) > 0 {
				t.Errorf("headers that the contract does not know: %v", sum.Loads[0].Extra)
			}
			for _, missing := range sum.Loads[0].Missing {
				if slices.ContainsFunc(c.Columns, func(col ingest.ColumnRule) bool { return col.Name == missing && len(col.Aliases) > 0 }) {
					t.Errorf("the form does not ask for %s", missing)
				}
			}
		})
	}
}

// fillIn writes the examples into the form, and once more as the choices and
// another key would have it.
func fillIn(t *testing.T, c *ingest.Contract, path string) {
	t.Helper()
	var b bytes.Buffer
	if err := Template(&b, c); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheet := f.GetSheetName(0)
	_, columns := Fields(c)
	for i, col := range columns {
		second := col.Example
		switch choices := Choices(col); {
		case len(choices) > 0 && col.Type != "list":
			second = choices[len(choices)-1]
		case col.Type == "code" && slices.Contains(c.Key, col.Name):
			second += "9"
		case col.Type == "uscc" && slices.Contains(c.Key, col.Name):
			second = "91410499MA0000002X"
		case col.Type == "region":
			second = "410403"
		}
		for row, v := range []string{col.Example, second} {
			cell, err := excelize.CoordinatesToCellName(i+1, row+2)
			if err != nil {
				t.Fatal(err)
			}
			// A person types text into cells of text, numbers into others.
			var value any = v
			if s, ok := ingest.ReadNumber(v); ok && col.IsNumber() && len(col.Replace) == 0 {
				var n float64
				fmt.Sscan(s, &n)
				value = n
			}
			if err := f.SetCellValue(sheet, cell, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
}

// What a spreadsheet would spoil is text, what it can check it checks.
func TestTemplateKeepsCodesWhole(t *testing.T) {
	cs := contracts(t)
	for _, feed := range cs.Feeds() {
		c := cs[feed]
		var b bytes.Buffer
		if err := Template(&b, c); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		sheet := f.GetSheetName(0)
		validations, err := f.GetDataValidations(sheet)
		if err != nil {
			t.Fatal(err)
		}
		headers, columns := Fields(c)
		if len(validations) != len(columns) {
			t.Errorf("%s: %d validations, %d columns", feed, len(validations), len(columns))
		}
		for i, col := range columns {
			name, _ := excelize.ColumnNumberToName(i + 1)
			id, err := f.GetColStyle(sheet, name)
			if err != nil {
				t.Fatal(err)
			}
			style, err := f.GetStyle(id)
			if err != nil {
				t.Fatal(err)
			}
			if asText := style.NumFmt == 49; asText == (col.IsNumber() && len(col.Codes)+len(col.Replace) == 0 && col.Extract == "" && !strings.HasPrefix(col.Type, "wage")) {
				t.Errorf("%s.%s: text format %v", feed, col.Name, asText)
			}
			head, _ := f.GetCellValue(sheet, name+"1")
			if must := col.Required == ingest.Required && col.Default == nil; head != headers[i] && (!must || head != headers[i]+"*") {
				t.Errorf("%s.%s: header %q", feed, col.Name, head)
			}
			if c.IsPersonal(headers[i]) {
				t.Errorf("%s: the form asks for %s", feed, headers[i])
			}
			if len(col.Negative) > 0 && validations[i].Formula1 != "-1000000" {
				t.Errorf("%s.%s: the form takes no less than %s", feed, col.Name, validations[i].Formula1)
			}
			if n := len(Choices(col)); n > 0 && (len(col.Codes) > 0 || col.Type == "boolean") && validations[i].Type != "list" {
				t.Errorf("%s.%s: %d choices, validation %q", feed, col.Name, n, validations[i].Type)
			}
		}
		if visible, err := f.GetSheetVisible(lists); err != nil || visible {
			t.Errorf("%s: the lists are seen", feed)
		}
		panes, err := f.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: the header is not frozen: %+v %v", feed, panes, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Every text that a cell is chosen from is read as a code.
func TestChoicesAreRead(t *testing.T) {
	cs := contracts(t)
	for _, feed := range cs.Feeds() {
		for _, col := range cs[feed].Columns {
			r := cs[feed].Reader(col, nil)
			for _, s := range Choices(col) {
				if _, filled, fault := r.Read(s); fault != "" || !filled {
					t.Errorf("%s.%s: the choice %s is not read: %s", feed, col.Name, s, fault)
				}
			}
		}
	}
}

// What the form shows as an example can be chosen from the cell's own list.
func TestExamplesCanBeChosen(t *testing.T) {
	cs := contracts(t)
	for _, feed := range cs.Feeds() {
		var b bytes.Buffer
		if err := Template(&b, cs[feed]); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		validations, err := f.GetDataValidations(f.GetSheetName(0))
		if err != nil {
			t.Fatal(err)
		}
		_, columns := Fields(cs[feed])
		for i, col := range columns {
			if col.Type == "list" || len(col.Codes) == 0 && col.Type != "boolean" {
				continue
			}
			told, err := f.GetCellValue(messages.T(messages.ZH, "form.sheet.help"), fmt.Sprintf("E%d", 5+i))
			if err != nil || !slices.Contains(Choices(col), told) {
				t.Errorf("%s.%s: the example %q is none of %v (%v)", feed, col.Name, told, Choices(col), err)
			}
			if prompt := validations[i].Prompt; prompt == nil || !strings.HasSuffix(*prompt, "："+told) {
				t.Errorf("%s.%s: the prompt %v does not end in %q", feed, col.Name, prompt, told)
			}
		}
		f.Close()
	}
}

func TestMessagesOfTypes(t *testing.T) {
	for _, typ := range ingest.Types() {
		if !messages.Has("form.type." + typ) {
			t.Errorf("type %s has no name", typ)
		}
	}
}

// A list that is too long for a cell's own, or has a comma in it, stands in the
// hidden sheet.
func TestLongListsAreHidden(t *testing.T) {
	var codes strings.Builder
	for i := range 60 {
		fmt.Fprintf(&codes, "      c%02d: [第%d种情形]\n", i, i)
	}
	c, err := ingest.ParseContract("long", []byte(`feed: long
version: 1
files: ["long_*.xlsx"]
mode: append
period: {constant: 2026-05}
columns:
  - name: a
    type: code
    aliases: [甲]
    codes:
`+codes.String()+`  - {name: b, type: code, aliases: [乙], codes: {x: ["是,否"], y: []}}
  - {name: d, type: code, aliases: [丙], codes: {x: [是], y: [否]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Template(&b, c); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.GetDataValidations(f.GetSheetName(0))
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	if got[0].Formula1 != "_lists!$A$1:$A$60" || got[1].Formula1 != "_lists!$B$1:$B$2" || got[2].Formula1 != `"是,否"` {
		t.Errorf("%q %q %q", got[0].Formula1, got[1].Formula1, got[2].Formula1)
	}
	for cell, want := range map[string]string{"A1": "第0种情形", "A60": "第59种情形", "B1": "是,否", "B2": "y"} {
		if s, err := f.GetCellValue(lists, cell); err != nil || s != want {
			t.Errorf("%s holds %q, want %q", cell, s, want)
		}
	}
}
