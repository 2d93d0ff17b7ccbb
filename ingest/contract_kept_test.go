package ingest

import (
	"strings"
	"testing"
)

// A load keeps the contract that it was made by, whatever becomes of the
// contract; an older ledger gets those that are still in use.
func TestLoadKeepsItsContract(t *testing.T) {
	h := newHouse(t)
	parse := func(text string) *Contract {
		t.Helper()
		c, err := ParseContract("vacancy", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	shipped, err := EmbeddedContract("job_vacancy")
	if err != nil {
		t.Fatal(err)
	}
	first := string(shipped)
	rows := "岗位编号,工作地区划,招聘人数,发布日期\nP1,410402,1,2026-0%-01\n"
	load := func(name string) string {
		t.Helper()
		h.put(name, []byte(strings.Replace(rows, "%", name[len(name)-5:len(name)-4], 1)))
		sum := h.load()
		if len(sum.Loads) == 0 { // what lay there is loaded anew under a changed contract
			t.Fatalf("%+v", sum)
		}
		return sum.Loads[len(sum.Loads)-1].Load.Contract
	}
	one := load("岗位信息_202605.csv")
	second := strings.Replace(first, "招聘人数", "招聘人数, 用工人数", 1) + "# 别名增加，如 "
	if !strings.Contains(second, "用工人数") {
		t.Fatal("the contract has changed; choose another word")
	}
	h.contracts["job_vacancy"] = parse(second + person(1) + "\n")
	second += "***\n" // an ID is not kept, wherever it stands
	h.close()
	h.open(city)
	two := load("岗位信息_202606.csv")
	if one == two {
		t.Fatal("both contracts have one fingerprint")
	}
	for fingerprint, want := range map[string]string{one: first, two: second} {
		c, err := h.lake.ContractText(t.Context(), fingerprint[:12], "job_vacancy", 0)
		if err != nil || c.YAML != want || c.Regions != strings.Join(h.in.regions, ",") {
			t.Errorf("%s: %v, regions %q, %d bytes", fingerprint, err, c.Regions, len(c.YAML))
		}
	}
	if _, err := h.lake.ContractText(t.Context(), "", "job_vacancy", 0); err == nil || !strings.Contains(err.Error(), "there are 2") {
		t.Error(err)
	}
	if n := h.query("SELECT count(*) FROM state.main.contracts"); n != "2\n" {
		t.Errorf("%s contracts are kept", n)
	}

	// A ledger of before: the table is not there.
	if _, err := h.eng.DB().ExecContext(t.Context(), "DROP TABLE state.main.contracts"); err != nil {
		t.Fatal(err)
	}
	h.close()
	h.open(city)
	if err := h.in.RememberContracts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, err := h.lake.ContractText(t.Context(), two, "", 0); err != nil || c.YAML != second {
		t.Error(err)
	}
	if _, err := h.lake.ContractText(t.Context(), one, "", 0); err == nil {
		t.Error("a contract out of use came back")
	}
	if n := h.query("SELECT count(*) FROM state.main.contracts"); n != "1\n" {
		t.Errorf("contracts without loads are kept: %s", n)
	}
}
