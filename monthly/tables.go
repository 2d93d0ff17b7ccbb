package monthly

import (
	"fmt"
	"slices"

	"laborwatch/period"
	"laborwatch/survey"
)

// tables gives the tables of months, each made when first asked for.
type tables struct {
	sample   *sample
	measures []measure
	// domains of the cube, the same numbers in every month.
	domains []domain
	// classes of cells: of those in scope, then of those outside.
	classes []survey.Class
	frame   survey.Frame
	made    map[period.Period]*survey.Table
	rows    map[period.Period]survey.Rows
}

// newTables prepares a sample's tables. in gives the domains of a cell.
func newTables(s *sample, list []measure, lonely string, in func(cell, func(domain))) *tables {
	t := &tables{sample: s, measures: list, made: map[period.Period]*survey.Table{}, rows: map[period.Period]survey.Rows{}}
	t.frame.Lonely = survey.Lonely(lonely)
	strata := map[string]int32{}
	var names []string
	for _, p := range s.psus {
		t.frame.Stratum = append(t.frame.Stratum, numbered(strata, &names, p.stratum))
	}
	number := map[domain]int32{}
	for _, c := range s.cells {
		in(c, func(d domain) { numbered(number, &t.domains, d) })
	}
	// In the order of their codes, whatever the persons' order.
	slices.SortFunc(t.domains, domain.compare)
	for i, d := range t.domains {
		number[d] = int32(i)
	}
	t.classes = make([]survey.Class, 2*len(s.cells))
	for i, c := range s.cells {
		var list []int32
		in(c, func(d domain) { list = append(list, number[d]) })
		t.classes[i] = survey.Class{Domains: list, Cell: -1}
		t.classes[len(s.cells)+i] = survey.Class{Cell: -1}
	}
	return t
}

// of gives a month's table, nil for a month without a sample.
func (t *tables) of(m period.Period) (*survey.Table, error) {
	if made, ok := t.made[m]; ok {
		return made, nil
	}
	persons := t.sample.months[m]
	if len(persons) == 0 {
		return nil, nil
	}
	r, err := t.rowsOf(m)
	if err != nil {
		return nil, err
	}
	made, err := survey.Tabulate(r, survey.Measures{Kinds: kindsOf(t.measures), Of: func(row int, num, den []float64) {
		p := &persons[row]
		for j := range t.measures {
			num[j], den[j] = t.measures[j].of(p)
		}
	}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m, err)
	}
	t.made[m] = made
	return made, nil
}

// rowsOf are a month's persons as rows, with the calibration of their weights.
func (t *tables) rowsOf(m period.Period) (survey.Rows, error) {
	if r, ok := t.rows[m]; ok {
		return r, nil
	}
	persons := t.sample.months[m]
	r := survey.Rows{Domains: len(t.domains), Classes: slices.Clone(t.classes)}
	for i := range persons {
		p := &persons[i]
		class := p.cell
		if p.status == 0 && p.ilo == 0 {
			class += int32(len(t.sample.cells))
		}
		r.PSU = append(r.PSU, p.psu)
		r.Class = append(r.Class, class)
		r.Weight = append(r.Weight, p.weight)
	}
	var err error
	if r.Calibration, err = t.calibration(persons, r.Classes); err != nil {
		return r, fmt.Errorf("%s: %w", m, err)
	}
	t.rows[m] = r
	return r, nil
}

// calibration of a month's weights, nil where they were given; it tells the
// classes their cells.
func (t *tables) calibration(persons []person, classes []survey.Class) (*survey.Cells, error) {
	var c survey.Cells
	var margins []string
	number := map[string]int32{}
	cells := map[[maxMargins]string]int32{}
	for i := range persons {
		p := &persons[i]
		labels := t.sample.cells[p.cell].margins
		if labels == [maxMargins]string{} {
			continue
		}
		k, ok := cells[labels]
		if !ok {
			k = int32(len(c.X))
			cells[labels] = k
			var x []int32
			for j, label := range labels {
				if label != "" {
					x = append(x, numbered(number, &margins, fmt.Sprint(j, " ", label)))
				}
			}
			c.X = append(c.X, x)
			c.Base = append(c.Base, 0)
			c.Final = append(c.Final, 0)
		}
		c.Base[k] += p.base
		c.Final[k] += p.weight
		classes[p.cell].Cell = k
		classes[int(p.cell)+len(t.sample.cells)].Cell = k
	}
	if len(c.X) == 0 {
		return nil, nil
	}
	return &c, c.Prepare()
}
