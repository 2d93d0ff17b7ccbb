package filing

import (
	"testing"

	"laborwatch/lake"
)

// A row that a workbook corrected is at fault again while that is withdrawn.
func TestWithdrawnCorrection(t *testing.T) {
	c := newCity(t)
	c.now = at(7, 1, 9)
	june := Ask{Feed: "whole", From: june, To: june}
	whole := c.load(extract{feed: "whole", source: "whole_202606.csv", mode: lake.Snapshot, month: june.From, bad: 2})
	c.expect(june, "whole _T 2026-06 partly_refused 1/1")
	part := c.load(extract{feed: "whole", source: "待更正.xlsx", mode: lake.Snapshot, month: june.From, partOf: whole, corrects: `SELECT sheet, "row" FROM state.main.quarantine`})
	c.expect(june, "whole _T 2026-06 corrected 1/1")
	act := lake.Act{Who: "w", Why: "y"}
	if _, err := c.lake.Withdraw(t.Context(), part, act, false); err != nil {
		t.Fatal(err)
	}
	c.expect(june, "whole _T 2026-06 partly_refused 1/1")
	if _, err := c.lake.Restore(t.Context(), part, act); err != nil {
		t.Fatal(err)
	}
	c.expect(june, "whole _T 2026-06 corrected 1/1")
}
