package release

import (
	"math"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"laborwatch/cube"
)

// Kind is how a figure is shown, in a table as in the workbook.
type Kind string

// The kinds. Percent and Points take ratios: 0.051 is 5.1%, a change of 0.002
// is +0.2 percentage points.
const (
	Percent Kind = "percent" // 5.1%
	Points  Kind = "points"  // +0.2 (percentage points)
	Error   Kind = "error"   // 0.48 (percentage points)
	Growth  Kind = "growth"  // +2.1%
	Count   Kind = "count"   // 12,345
	Times   Kind = "times"   // 1.23
	Delta   Kind = "delta"   // +0.12
	Hours   Kind = "hours"   // 44.1
	Yuan    Kind = "yuan"    // 4,690, from fen
	Words   Kind = "words"
)

// shape is what a kind's numbers look like.
type shape struct {
	scale    float64
	decimals int
	signed   bool
	unit     string
	excel    string // number format
	factor   float64
}

// shape gives a kind's. A signed format of a workbook has conditions, so that
// what rounds to zero shows no sign there either. scale turns a value into the number printed, factor
// into the number stored in a workbook (percent cells hold ratios).
func (k Kind) shape() shape {
	switch k {
	case Percent:
		return shape{scale: 100, decimals: 1, unit: "%", excel: "0.0%", factor: 1}
	case Points:
		return shape{scale: 100, decimals: 1, signed: true, excel: "[>=0.05]+0.0;[<=-0.05]-0.0;0.0", factor: 100}
	case Error:
		return shape{scale: 100, decimals: 2, excel: "0.00", factor: 100}
	case Growth:
		return shape{scale: 100, decimals: 1, signed: true, unit: "%", excel: "[>=0.0005]+0.0%;[<=-0.0005]-0.0%;0.0%", factor: 1}
	case Times:
		return shape{scale: 1, decimals: 2, excel: "0.00", factor: 1}
	case Delta:
		return shape{scale: 1, decimals: 2, signed: true, excel: "[>=0.005]+0.00;[<=-0.005]-0.00;0.00", factor: 1}
	case Yuan:
		return shape{scale: .01, excel: "#,##0", factor: .01}
	case Hours:
		return shape{scale: 1, decimals: 1, excel: "0.0", factor: 1}
	}
	return shape{scale: 1, excel: "#,##0", factor: 1}
}

// Text is the cell as people read it, with no unit but the percent sign.
func (c Cell) Text() string {
	switch {
	case c.State == Withheld:
		return markWithheld
	case c.State == Missing:
		return markMissing
	case c.Kind == Words:
		return c.Word.ZH
	}
	return c.Kind.format(c.Value)
}

// format prints a value with thousands parted, and never a negative zero.
func (k Kind) format(v float64) string {
	s := k.shape()
	unit := math.Pow10(s.decimals)
	v = math.Round(v*s.scale*unit) / unit
	if v == 0 {
		v = 0
	}
	out := message.NewPrinter(language.English).Sprintf("%.*f", s.decimals, v)
	if s.signed && v > 0 {
		out = "+" + out
	}
	return out + s.unit
}

// number is a cell of a figure that may be withheld or missing.
func number(k Kind, f figure, pick func(cube.Observation) *float64) Cell {
	switch {
	case f.withheld != "":
		return Cell{Kind: k, State: Withheld}
	case !f.found:
		return Cell{Kind: k, State: Missing}
	}
	v := pick(f.obs)
	if v == nil {
		return Cell{Kind: k, State: Missing}
	}
	return Cell{Kind: k, Value: *v}
}

func value(o cube.Observation) *float64 { return o.Value }
func se(o cube.Observation) *float64    { return o.SE }
func low(o cube.Observation) *float64   { return o.CILow }
func high(o cube.Observation) *float64  { return o.CIHigh }

// sample is the number of persons behind a figure, shown even where the figure
// itself is withheld for resting on too few of them.
func sample(f figure) Cell {
	if f.n == nil || f.withheld == confidential {
		return Cell{Kind: Count, State: Missing}
	}
	return Cell{Kind: Count, Value: float64(*f.n)}
}

// word is a cell of text.
func word(t cube.Text) Cell { return Cell{Kind: Words, Word: t} }
