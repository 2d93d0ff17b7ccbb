package source

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"laborwatch/config"
)

// A host that cannot be reached hides no other. Its addresses fail with the
// reason, are tried as often as one is and no more, and come at the next pull;
// what was loaded of it stays known.
func TestHTTPOneHostDown(t *testing.T) {
	h := newHouse(t)
	up, srv := newShop(t)
	up.files["/x.csv"] = "x"
	there, other := newShop(t)
	there.files["/y.csv"], there.files["/z.csv"] = "y", "z"
	line := newCutter(t, strings.TrimPrefix(other.URL, "http://"), -1)
	address := "http://" + line.address()
	s := h.source(config.Source{Kind: "http", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv", address + "/y.csv", address + "/z.csv?sig=secret"}, Months: 1, Days: 1}})
	h.pull(s)
	h.want(map[string][]string{"x.csv": {"x"}, "y.csv": {"y"}, "z.csv": {"z"}})

	if err := line.l.Close(); err != nil {
		t.Fatal(err)
	}
	up.files["/x.csv"], there.files["/z.csv"] = "x2", "z2"
	waits := 0
	h.wait = func() { waits++ }
	res := h.pull(s)
	h.want(map[string][]string{"x.csv": {"x", "x2"}, "y.csv": {"y"}, "z.csv": {"z"}})
	if len(res.Failed) != 2 || !strings.Contains(res.Failed[0].Err.Error(), "拒绝连接") || waits > 2 {
		t.Errorf("%+v after %d pauses", res.Failed, waits)
	}
	for _, name := range []string{"y.csv", "z.csv"} {
		if r := h.record(s, name); r.State() != Failed || !strings.Contains(r.Why, "refused") || strings.Contains(r.Why, "secret") {
			t.Errorf("%+v", r)
		}
	}
	if st, err := h.state.Standings(t.Context()); err != nil || st["place"].Failed != 2 || st["place"].Failures != 1 {
		t.Errorf("%+v %v", st, err)
	}
	var err error
	if line.l, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", line.address()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.l.Close() })
	go line.accept()
	there.log = nil
	h.pull(s)
	h.want(map[string][]string{"x.csv": {"x", "x2"}, "y.csv": {"y"}, "z.csv": {"z", "z2"}})
	if !slices.Equal(there.log, []string{"HEAD /y.csv", "HEAD /z.csv", "GET /z.csv"}) {
		t.Errorf("%q", there.log)
	}
	if r := h.record(s, "y.csv"); r.State() != Done || r.Why != "" {
		t.Errorf("%+v", r)
	}
}

// A HEAD that breaks off hides neither the others nor the object itself, and
// what was here of it is of use.
func TestHTTPHeadBreaks(t *testing.T) {
	h := newHouse(t)
	shop, srv := newShop(t)
	body := lines(1<<20, "one")
	shop.files["/x.csv"], shop.files["/y.csv"] = body, "y"
	shop.cut = []int{1 << 30, 400_000} // of y.csv, which is older, and of x.csv
	s := h.source(config.Source{Kind: "http", Retry: config.Retry{Attempts: 1, First: 1, Max: 1}, HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv", srv.URL + "/y.csv"}, Months: 1, Days: 1}})
	h.pull(s)
	h.want(map[string][]string{"y.csv": {"y"}})
	shop.breakHead, shop.log = "/x.csv", nil
	h.pull(s)
	h.want(map[string][]string{"x.csv": {body}, "y.csv": {"y"}})
	if got := shop.log[len(shop.log)-1]; got != "GET /x.csv bytes=400000-" {
		t.Errorf("%q", shop.log)
	}
}

// Addresses that are signed for GET alone answer HEAD with 403 or 400.
func TestHTTPSignedForGet(t *testing.T) {
	for _, code := range []int{http.StatusForbidden, http.StatusBadRequest, http.StatusMethodNotAllowed} {
		h := newHouse(t)
		shop, srv := newShop(t)
		shop.files["/x.csv"], shop.headCode = "1", code
		s := h.source(config.Source{Kind: "http", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/x.csv?sig=1"}, Months: 1, Days: 1}})
		for _, want := range []int{1, 0} {
			if res := h.pull(s); len(res.Loaded) != want || len(res.Failed) != 0 {
				t.Errorf("%d: %+v", code, res)
			}
		}
		h.want(map[string][]string{"x.csv": {"1"}})
	}
}

// A plain address that is not there is a fault, whatever its name; a dated one
// is not.
func TestHTTPPlainMissing(t *testing.T) {
	h := newHouse(t)
	shop, srv := newShop(t)
	shop.files["/other.csv"] = "?"
	h.strange = func(string) bool { return true }
	s := h.source(config.Source{Kind: "http", HTTP: &config.HTTPSource{URLs: []string{srv.URL + "/readme.csv", srv.URL + "/other.csv", srv.URL + "/{YYYY}.csv"}, Months: 1, Days: 1}})
	for range 2 {
		res := h.pull(s)
		if len(res.Failed) != 1 || res.Failed[0].Object != "readme.csv" || !slices.Equal(res.Unknown, []string{"other.csv"}) {
			t.Errorf("%+v", res)
		}
	}
	if r := h.record(s, "other.csv"); r.Status != Unknown || !strings.Contains(r.Why, "no contract") {
		t.Errorf("%+v", r)
	}
	if r := h.record(s, "readme.csv"); r.Status != Failed || !strings.Contains(r.Why, "404") {
		t.Errorf("%+v", r)
	}
	if st, err := h.state.Standings(t.Context()); err != nil || st["place"].Failed != 1 {
		t.Errorf("%+v %v", st, err)
	}
}
