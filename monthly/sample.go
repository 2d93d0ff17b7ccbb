package monthly

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"laborwatch/period"
	"laborwatch/transform"
)

// sample is the surveyed persons of some months. What persons share is held
// once: a month of the nation is 340,000 of them, and changes look back a year.
type sample struct {
	psus   []psu
	cells  []cell
	months map[period.Period][]person
}

// psu is a primary sampling unit in its stratum; the same one has the same
// number in every month, which is how the months' overlap is known.
type psu struct{ stratum, code string }

// person is a surveyed person as the models give it. A person outside the
// survey's scope, and one that stands for a PSU in which nobody answered, is in
// the design and in no domain.
type person struct {
	psu, cell int32
	// status and ilo by the rule in force and by the ILO's: 1 employed,
	// 2 unemployed, 3 outside the labor force, 0 out of scope.
	status, ilo int8
	// tru: time-related underemployed; plf: potential labor force; long:
	// unemployed for 12 months or more, with known telling whether that is known.
	tru, plf, long, known bool
	// hours worked and wage in fen, -1 where unknown.
	hours, wage float64
	// weight is the final one, base the one before calibration.
	weight, base float64
}

// cell is what a person is by the dimensions of the cube, by the margins of the
// calibration ("" where there was none), and by the administrative records.
type cell struct {
	region, sex, age, schooling, hukou, agri string
	margins                                  [maxMargins]string
	register                                 string
}

// domain is a cell of the cube.
type domain struct{ region, sex, age, group string }

// unknown marks an item that was not answered: the person counts in the totals
// and in no domain of that item.
const unknown = "_U"

// total is the code of a dimension's total.
const total = "_T"

// domains are the published ones that a person is in: the city, county, sex,
// county by sex, age band, age band without students, hukou.
func (c cell) domains(add func(domain)) {
	add(domain{total, total, total, total})
	known := func(s string) bool { return s != unknown && s != "" }
	if known(c.region) {
		add(domain{c.region, total, total, total})
	}
	if known(c.sex) {
		add(domain{total, c.sex, total, total})
		if known(c.region) {
			add(domain{c.region, c.sex, total, total})
		}
	}
	if known(c.age) {
		add(domain{total, total, c.age, total})
		// The published bands without students end at 59.
		if c.schooling == "NON_STUDENT" && c.age != "Y_GE60" {
			add(domain{total, total, c.age, c.schooling})
		}
	}
	if known(c.hukou) {
		add(domain{total, total, total, c.hukou})
	}
	if known(c.agri) {
		add(domain{total, total, total, c.agri})
	}
}

func (d domain) compare(o domain) int {
	return cmp.Or(cmp.Compare(d.region, o.region), cmp.Compare(d.sex, o.sex), cmp.Compare(d.age, o.age), cmp.Compare(d.group, o.group))
}

// readSample reads the persons of every month, in the order of the SELECT.
func readSample(in *transform.Input) (*sample, error) {
	out := &sample{months: map[period.Period][]person{}}
	r, err := newReader(in, "period", "psu", "cell", "flags", "hours", "wage_fen", "weight_e6", "base_e6")
	if err != nil {
		return nil, err
	}
	psus, cells := map[psu]int32{}, map[string]int32{}
	last, lastName := int32(-1), ""
	err = in.Each(func(row []driver.Value) error {
		at, ok := r.of(row, 0).(time.Time)
		if !ok {
			return errors.New("a person without a month")
		}
		text := func(i int) string { s, _ := r.of(row, i).(string); return s }
		// Persons of a PSU come one after another.
		if name := text(1); name != lastName {
			stratum, code, _ := strings.Cut(name, "|")
			last, lastName = numbered(psus, &out.psus, psu{stratum, code}), name
		}
		c, ok := cells[text(2)]
		if !ok {
			made, err := newCell(text(2))
			if err != nil {
				return err
			}
			c = int32(len(out.cells))
			out.cells, cells[text(2)] = append(out.cells, made), c
		}
		flags := int(number(r.of(row, 3), 0))
		m := period.FromTime(at)
		list := out.months[m]
		if len(list) == cap(list) {
			list = slices.Grow(list, max(4096, len(list)))
		}
		out.months[m] = append(list, person{
			psu: last, cell: c,
			status: int8(flags & 3), ilo: int8(flags >> 2 & 3),
			tru: flags&16 != 0, plf: flags&32 != 0, long: flags&64 != 0, known: flags&128 != 0,
			hours: number(r.of(row, 4), -1), wage: number(r.of(row, 5), -1),
			weight: number(r.of(row, 6), 0) / 1e6, base: number(r.of(row, 7), 0) / 1e6,
		})
		return nil
	})
	return out, err
}

// newCell takes apart what the models hand over as one text.
func newCell(text string) (cell, error) {
	f := strings.Split(text, "|")
	if len(f) != 7+maxMargins {
		return cell{}, fmt.Errorf("a person's cell %q has %d parts, want %d", text, len(f), 7+maxMargins)
	}
	c := cell{region: f[0], sex: f[1], age: f[2], schooling: f[3], hukou: f[4], agri: f[5], register: f[6+maxMargins]}
	copy(c.margins[:], f[6:])
	return c, nil
}

// numbered gives a thing its number: the next one when it is new.
func numbered[T comparable](known map[T]int32, list *[]T, x T) int32 {
	i, ok := known[x]
	if !ok {
		i = int32(len(*list))
		known[x] = i
		*list = append(*list, x)
	}
	return i
}

// reader finds columns by their names.
type reader struct{ at []int }

func newReader(in *transform.Input, names ...string) (reader, error) {
	r := reader{}
	for _, n := range names {
		i := slices.Index(in.Columns, n)
		if i < 0 {
			return r, fmt.Errorf("the model selects no column %s; it has %v", n, in.Columns)
		}
		r.at = append(r.at, i)
	}
	return r, nil
}

func (r reader) of(row []driver.Value, i int) driver.Value { return row[r.at[i]] }

// number reads any number of the engine, none as the value given.
func number(v driver.Value, none float64) float64 {
	switch x := v.(type) {
	case int64:
		return float64(x)
	case int32:
		return float64(x)
	case float64:
		return x
	case nil:
		return none
	}
	return none
}

func yes(v driver.Value) bool {
	switch x := v.(type) {
	case bool:
		return x
	case int64:
		return x == 1
	case int32:
		return x == 1
	}
	return false
}
