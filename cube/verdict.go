package cube

// Verdict is what a change says in plain words.
type Verdict string

// The verdicts. Untold stands where there is no interval to tell by.
const (
	Rose   Verdict = "rose"
	Fell   Verdict = "fell"
	Within Verdict = "within" // within sampling error
	Untold Verdict = ""
)

// Verdict judges a change by its confidence interval: it rose or fell where the
// interval leaves out 0, and is within sampling error where it holds 0. That is
// the two-sided test of no change at the interval's level; a published figure
// must not be called a rise or a fall on less (see the U.S. Census Bureau's
// Statistical Quality Standard E2 on statements of comparison).
func (o Observation) Verdict() Verdict {
	switch {
	case o.CILow == nil || o.CIHigh == nil:
		return Untold
	case *o.CILow > 0:
		return Rose
	case *o.CIHigh < 0:
		return Fell
	}
	return Within
}
