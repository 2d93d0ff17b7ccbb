package weighting

import (
	"fmt"
	"math"
	"strconv"

	"laborwatch/messages"
)

// kind says how a cell of a table is written.
type kind int

const (
	words kind = iota
	count
	amount // weights and their sums
	ratio
	share
	tiny // relative deviations, down to rounding
)

// formats of numbers in workbooks.
var formats = map[kind]string{count: "#,##0", amount: "#,##0.0", ratio: "0.000", share: "0.0%", tiny: "0.0E+00"}

type cell struct {
	kind  kind
	value float64
	word  Word
}

func (c cell) numeric() bool { return c.kind != words }

// text is the cell as the page shows it.
func (c cell) text() string {
	switch c.kind {
	case count:
		return grouped(c.value, 0)
	case amount:
		return grouped(c.value, 1)
	case ratio:
		return strconv.FormatFloat(c.value, 'f', 3, 64)
	case share:
		return strconv.FormatFloat(100*c.value, 'f', 1, 64) + "%"
	case tiny:
		return strconv.FormatFloat(c.value, 'E', 1, 64)
	}
	return c.word.ZH
}

// grouped writes a number with its thousands apart.
func grouped(v float64, decimals int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole := len(s)
	if decimals > 0 {
		whole -= decimals + 1
	}
	for i := whole - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if v < 0 {
		s = "-" + s
	}
	return s
}

func number(k kind, v float64) cell     { return cell{kind: k, value: v + 0} } // −0 is 0
func named(s string) cell               { return cell{word: Word{ZH: s, EN: s}} }
func said(key string, args ...any) cell { return cell{word: word(key, args...)} }
func word(key string, args ...any) Word {
	return Word{messages.T(messages.ZH, "weighting."+key, args...), messages.T(messages.EN, "weighting."+key, args...)}
}

func heads(keys ...string) (out []Word) {
	for _, k := range keys {
		out = append(out, word(k))
	}
	return out
}

// table is one table with its notes; section is a sheet, and a part of the page.
type table struct {
	ID    string
	Title Word
	Heads []Word
	Rows  [][]cell
	Notes []Word
}

type section struct {
	ID     string
	Title  Word
	Tables []table
}

// sections lay the report out for both writers.
func (r *Report) sections() []section {
	part := func(id string, tables ...table) section { return section{id, word("sheet." + id), tables} }
	return []section{
		part("summary", r.summary()),
		part("response", r.counties(), r.classes()),
		part("weights", r.quantiles(), r.bins()),
		part("margins", r.margined(), r.dropped()),
		part("convergence", r.rounds()),
		part("trimming", r.trimmed()),
	}
}

func (r *Report) title() Word {
	return Word{
		messages.T(messages.ZH, "weighting.title", r.Place.ZH, r.Period),
		messages.T(messages.EN, "weighting.title", r.Place.EN, r.Period),
	}
}

func (r *Report) summary() table {
	t := table{ID: "summary", Title: r.title(), Heads: heads("item", "value")}
	add := func(key string, c cell) { t.Rows = append(t.Rows, []cell{said(key), c}) }
	drawn := r.households()
	if len(r.Counties) > 0 {
		add("households", number(count, float64(drawn.Households)))
		add("respondents", number(count, float64(drawn.Respondents)))
		add("rate", number(share, drawn.Rate()))
	}
	joined, moved, cut := 0, 0.0, 0
	for _, c := range r.Classes {
		if c.Joined != "" {
			joined++
		}
	}
	for _, x := range r.Trimmings {
		cut += x.Persons
		moved += x.Moved
	}
	distance := said("distance." + string(r.Plan.Distance))
	if r.Plan.Distance == Logit {
		distance = said("distance.logit", r.Plan.Low, r.Plan.High)
	}
	add("joined", number(count, float64(joined)))
	add("persons", number(count, float64(r.Persons)))
	add("sum.before", number(amount, r.SumBefore))
	add("sum.after", number(amount, r.SumAfter))
	add("distance", distance)
	add("variables", number(count, float64(len(r.Margins))))
	add("dependent", number(count, float64(r.Dependent)))
	add("dropped.count", number(count, float64(len(r.Dropped))))
	add("worst", number(tiny, r.worst()))
	add("trimmed", number(count, float64(cut)))
	add("moved", number(amount, moved))
	add("kish.base", number(ratio, r.KishAdjusted))
	add("kish.before", number(ratio, r.KishBefore))
	add("kish.after", number(ratio, r.KishAfter))
	add("above", number(count, float64(r.Above)))
	add("excess", number(share, r.Excess))
	return t
}

// responses are the numbers of a class that both tables of response hold.
func responses(c Class) []cell {
	return []cell{
		number(count, float64(c.Households)), number(count, float64(c.Respondents)),
		number(amount, c.Drawn), number(amount, c.Answered), number(share, c.Rate()),
	}
}

func (r *Report) counties() table {
	t := table{ID: "counties", Title: word("table.counties"), Heads: heads("county", "households", "respondents", "drawn", "answered", "rate")}
	for _, c := range r.Counties {
		t.Rows = append(t.Rows, append([]cell{named(c.Name)}, responses(c)...))
	}
	if len(r.Counties) > 0 {
		t.Rows = append(t.Rows, append([]cell{said("total")}, responses(r.households())...))
	}
	return t
}

func (r *Report) classes() table {
	t := table{ID: "classes", Title: word("table.classes"), Heads: heads("class", "households", "respondents", "drawn", "answered", "rate", "class.wider", "factor", "joined.with")}
	for _, c := range r.Classes {
		joined := named(c.Joined)
		switch c.Joined {
		case "":
			joined = said("joined.none")
		case Everybody:
			joined = said("joined.all")
		}
		t.Rows = append(t.Rows, append(append([]cell{named(c.Name)}, responses(c.Class)...), named(c.Wider), number(ratio, c.Factor), joined))
	}
	return t
}

func (r *Report) quantiles() table {
	t := table{ID: "quantiles", Title: word("table.quantiles"), Heads: heads("statistic")}
	for _, d := range r.Weights {
		t.Heads = append(t.Heads, word("weight."+d.Key))
	}
	line := func(name cell, of func(Distribution) float64) {
		row := []cell{name}
		for _, d := range r.Weights {
			k := amount
			if d.Key == "g" {
				k = ratio
			}
			row = append(row, number(k, of(d)))
		}
		t.Rows = append(t.Rows, row)
	}
	line(said("mean"), func(d Distribution) float64 { return d.Mean })
	for i, p := range Shares {
		name := said("quantile", int(math.Round(100*p)))
		switch p {
		case 0:
			name = said("min")
		case .5:
			name = said("median")
		case 1:
			name = said("max")
		}
		line(name, func(d Distribution) float64 { return d.Quantiles[i] })
	}
	return t
}

func (r *Report) bins() table {
	t := table{ID: "histogram", Title: word("table.histogram"), Heads: heads("bin", "bin.persons")}
	if len(r.Trimmings) > 0 {
		t.Notes = []Word{word("g.note")}
	}
	for _, b := range r.Histogram {
		t.Rows = append(t.Rows, []cell{named(b.label), number(count, float64(b.Persons))})
	}
	return t
}

func (r *Report) margined() table {
	t := table{ID: "margins", Title: word("table.margins"), Heads: heads("margin", "before", "after", "population", "target", "deviation"), Notes: []Word{word("deviation.note")}}
	for _, m := range r.Margins {
		t.Rows = append(t.Rows, []cell{
			named(m.Name), number(amount, m.Before), number(amount, m.After), number(amount, m.Population), number(amount, m.Target), number(tiny, m.Deviation),
		})
	}
	return t
}

func (r *Report) dropped() table {
	t := table{ID: "dropped", Title: word("table.dropped"), Heads: heads("margin", "category", "population", "sample.weight", "why")}
	for _, d := range r.Dropped {
		t.Rows = append(t.Rows, []cell{named(d.Margin), named(d.Category), number(amount, d.Population), number(amount, d.Weight), said("why." + string(d.Why))})
	}
	if len(r.Dropped) == 0 {
		t.Notes = []Word{word("nothing.dropped")}
	}
	return t
}

func (r *Report) rounds() table {
	t := table{ID: "convergence", Title: word("table.convergence"), Heads: heads("calibration", "iteration", "worst", "farthest")}
	for _, x := range r.Rounds {
		t.Rows = append(t.Rows, []cell{number(count, float64(x.Calibration)), number(count, float64(x.Iteration)), number(tiny, x.Deviation), named(x.Variable)})
	}
	return t
}

func (r *Report) trimmed() table {
	t := table{ID: "trimming", Title: word("table.trimming"), Heads: heads("round", "round.trimmed", "round.moved", "round.share", "round.before", "round.after", "round.alone")}
	for i, x := range r.Trimmings {
		sum := 0.0
		for _, w := range x.Weights {
			sum += w
		}
		t.Rows = append(t.Rows, []cell{
			number(count, float64(i+1)), number(count, float64(x.Persons)), number(amount, x.Moved), number(share, x.Moved/sum),
			number(ratio, x.Before), number(ratio, x.After), number(count, float64(len(x.Alone))),
		})
	}
	switch {
	case r.Plan.Trim == 0:
		t.Notes = []Word{word("trim.none")}
	case len(r.Trimmings) == 0 && r.Above == 0:
		t.Notes = []Word{word("trim.rule", r.Plan.Trim), word("trim.needless")}
	default:
		t.Notes = []Word{word("trim.rule", r.Plan.Trim)}
	}
	return t
}

// FileName is the report's, without its extension.
func (r *Report) FileName() string {
	return fmt.Sprintf("%s_%s", messages.T(messages.ZH, "weighting.file"), r.Period)
}
