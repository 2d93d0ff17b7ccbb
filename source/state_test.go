package source

import (
	"testing"
	"time"
)

// A state that an earlier version of the program wrote is read on.
func TestStateOfAnEarlierVersion(t *testing.T) {
	h := newHouse(t)
	for _, q := range []string{
		`ALTER TABLE state.main.source_objects DROP COLUMN note`, `ALTER TABLE state.main.source_looks DROP COLUMN down`,
		`INSERT INTO state.main.source_objects VALUES ('place', 'x.csv', '1', 1, 0, 'unknown', 0, '', '2026-11-01', NULL, '')`,
		`INSERT INTO state.main.source_looks VALUES ('place', '2026-11-01', NULL, 1, 'gone')`,
	} {
		if _, err := h.eng.DB().ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	h.restart()
	s, _ := folder(h, nil)
	r := h.record(s, "x.csv")
	if r.Status != Unknown || r.Note != "" {
		t.Errorf("%+v", r)
	}
	r.Note, r.DoneAt = "told", time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	if err := h.state.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := h.record(s, "x.csv"); got.Note != "told" || !got.DoneAt.Equal(r.DoneAt) {
		t.Errorf("%+v", got)
	}
	if st, err := h.state.Standings(t.Context()); err != nil || st["place"].Down || st["place"].LastError != "gone" || st["place"].Refused != 1 {
		t.Errorf("%+v %v", st, err)
	}
}
