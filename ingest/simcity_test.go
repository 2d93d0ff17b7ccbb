package ingest

import (
	"os"
	"syscall"
	"testing"
	"time"
)

func TestSimTmp(t *testing.T) {
	dir := os.Getenv("LW_SIM")
	if dir == "" {
		t.Skip()
	}
	h := newHouseWith(t, mustContracts(t), []string{"410402", "410403", "410404", "410411", "410421", "410422", "410423", "410425", "410481", "410482", "410471", "410472"})
	files, unknown, err := h.in.Scan(dir + "/inbox")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(files), unknown)
	defer func() { t.Log("ignored") }()
	cpu := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(0, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	t0 := time.Now()
	c0 := cpu()
	lastc := c0
	last := t0
	feedCPU := map[string]time.Duration{}
	feedTime := map[string]time.Duration{}
	by := map[string]string{}
	for _, f := range files {
		by[f.Rel] = f.Feed
	}
	h.in.progress = func(p Progress) { feedTime[by[p.File]] += time.Since(last); last = time.Now(); feedCPU[by[p.File]] += cpu() - lastc; lastc = cpu() }
	sum, err := h.in.Load(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(t0), cpu()-c0, sum.RowsIn, sum.RowsLoaded, sum.RowsQuarantined, sum.RowsRepeated, len(sum.Loads))
	for k, v := range feedTime {
		t.Log(k, v, feedCPU[k])
	}
	for _, r := range sum.Refused {
		t.Log(r)
	}
	t.Log(h.query("select feed, reason, col, count(*) from state.main.quarantine group by all order by all"))
	t.Log("\n" + h.query("select parse_filename(file), row, \"column\", reason from read_csv('"+dir+"/truth/bad_rows.csv', all_varchar=true) except select parse_filename(file), row::varchar, col, reason from state.main.quarantine"))
	t.Log("\n" + h.query("select parse_filename(file), row::varchar, col, reason from state.main.quarantine except select parse_filename(file), row, \"column\", reason from read_csv('"+dir+"/truth/bad_rows.csv', all_varchar=true)"))
	t.Log("\n" + h.query("select feed, count(*), sum(rows_in), sum(rows_loaded), sum(rows_quarantined), sum(rows_repeated), count(*) filter (status='superseded') from state.main.loads group by all order by all"))
	t0 = time.Now()
	sum, _ = h.in.Load(t.Context(), files)
	t.Log("again", time.Since(t0), sum.Skipped)
}

func mustContracts(t *testing.T) Contracts {
	cs, err := LoadContracts("")
	if err != nil {
		t.Fatal(err)
	}
	return cs
}
