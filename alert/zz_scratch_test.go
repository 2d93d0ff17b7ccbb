package alert_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"laborwatch/alert"
	"laborwatch/simulate"
)

func TestZZ(t *testing.T) {
	dir := os.Getenv("CITY")
	if dir == "" {
		t.Skip()
	}
	n, _ := strconv.Atoi(os.Getenv("N"))
	if _, err := os.Stat(dir + "/truth/rates.csv"); err != nil {
		s := time.Now()
		sum, err := simulate.Run(t.Context(), simulate.Options{Out: dir, Persons: n})
		must(t, err)
		fmt.Println("simulated", time.Since(s), sum.ExpectedAlerts, sum.LeftOut, sum.Rows)
	}
	s := time.Now()
	eng, store := loadCity(t, dir)
	fmt.Println("loaded+transformed", time.Since(s))
	res, err := store.Evaluate(t.Context())
	must(t, err)
	fmt.Println(res)
	list, err := store.List(t.Context(), alert.Filter{})
	must(t, err)
	got, err := alert.Compare(dir+"/truth/expected_alerts.csv", list)
	must(t, err)
	for _, l := range got.Missing {
		fmt.Println(l)
	}
	for _, l := range got.Spurious {
		fmt.Println(l)
	}
	fmt.Println(got.Expected, got.Found)
	checkNotices(t, eng, dir+"/truth/events.csv")
	if out := os.Getenv("KEEP"); out != "" {
		_, err = eng.DB().Exec("ATTACH '" + out + "' AS keep; COPY FROM DATABASE wh TO keep; DETACH keep")
		fmt.Println(err)
	}
}
