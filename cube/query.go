package cube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"laborwatch/engine"
	"laborwatch/messages"
	"laborwatch/period"
)

// QuerySpec asks for rows of one indicator. A dimension in By takes every code,
// its total first; one in Where takes the codes given there; every other one
// holds its total. So By region gives the city's row and one a region.
type QuerySpec struct {
	Indicator string
	// From and To bound the months, both included; 0 leaves an end open.
	From, To period.Period
	By       []string
	// Where lists the codes allowed, by dimension. A name in either language
	// stands for its code.
	Where map[string][]string
}

// SpecError is a mistake in what was asked, with what could have been meant.
type SpecError struct{ Err string }

func (e *SpecError) Error() string { return e.Err }

// mistake says in its first line what is wrong, in both languages; lines below
// it list what there is, once.
func mistake(format string, args ...any) error {
	what, list, more := strings.Cut(format, "\n")
	n := strings.Count(what, "%")
	text := messages.Beside(what, args[:n]...)
	if more {
		text += "\n" + fmt.Sprintf(list, args[n:]...)
	}
	return &SpecError{text}
}

// ParseSpec reads the words of the command line: months as A..B or A, by as
// region,sex, and each where as region=410402; the same dimension given twice
// allows either code. The error is a *SpecError.
func ParseSpec(indicator, months, by string, where []string) (QuerySpec, error) {
	s := QuerySpec{Indicator: strings.TrimSpace(indicator), Where: map[string][]string{}}
	if months != "" {
		var err error
		if s.From, s.To, err = period.ParseRange(months); err != nil {
			return s, mistake("--period: %v; for a range write 2026-01..2026-10", err)
		}
	}
	for d := range strings.SplitSeq(by, ",") {
		if d = strings.TrimSpace(d); d != "" && !slices.Contains(s.By, d) {
			s.By = append(s.By, d)
		}
	}
	for _, w := range where {
		dim, code, ok := strings.Cut(w, "=")
		dim, code = strings.TrimSpace(dim), strings.TrimSpace(code)
		if !ok || dim == "" || code == "" {
			return s, mistake("--where %s: want dimension=code, for example sex=F", w)
		}
		s.Where[dim] = append(s.Where[dim], code)
	}
	return s, nil
}

// Result is a checked query, ready to be read any number of times.
type Result struct {
	Indicator Indicator
	Spec      QuerySpec

	eng     Engine
	catalog *Catalog
}

// Query checks what is asked against the catalog and the cube. It reads the
// codes that the cube holds, and no more: Rows, Each and Write read the rows.
// What was asked wrongly gives a *SpecError with the nearest names and the
// valid ones.
func Query(ctx context.Context, eng Engine, c *Catalog, s QuerySpec) (*Result, error) {
	i, err := c.find(s.Indicator)
	if err != nil {
		return nil, err
	}
	r := &Result{Indicator: i, Spec: s, eng: eng, catalog: c}
	ok, err := exists(ctx, eng.DB())
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", i.Code, err)
	}
	if !ok {
		return nil, errors.New(messages.Beside("query %s: the warehouse holds no observations yet. Try: laborwatch transform", i.Code))
	}
	if err := i.check(s.By, "--by"); err != nil {
		return nil, err
	}
	if err := i.check(sortedKeys(s.Where), "--where"); err != nil {
		return nil, err
	}
	r.Spec.Where = map[string][]string{}
	for _, dim := range sortedKeys(s.Where) {
		if r.Spec.Where[dim], err = r.resolve(ctx, dim, s.Where[dim]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// find gives an indicator or says which ones there are.
func (c *Catalog) find(code string) (Indicator, error) {
	if i, ok := c.Get(code); ok {
		return i, nil
	}
	var all, bases []string
	for _, i := range c.indicators {
		all = append(all, i.Code)
		if !i.IsChange() {
			bases = append(bases, i.Code)
		}
		if code != "" && (code == i.Name.ZH || strings.EqualFold(code, i.Name.EN)) {
			return i, nil
		}
	}
	return Indicator{}, mistake("no indicator %q%s\nindicators: %s\n(each also with _mom and _yoy for its change on the month and on the year before)",
		code, nearest(code, all), strings.Join(bases, ", "))
}

// check refuses a dimension that the indicator is not broken down by.
func (i Indicator) check(dims []string, flag string) error {
	for _, d := range dims {
		switch {
		case !slices.Contains(Dims(), d):
			return mistake("%s: no dimension %q%s\ndimensions of %s: %s", flag, d, nearest(d, Dims()), i.Code, strings.Join(i.Dims, ", "))
		case !i.Has(d):
			return mistake("%s: %s is not broken down by %s\ndimensions of %s: %s", flag, i.Code, d, i.Code, strings.Join(i.Dims, ", "))
		}
	}
	return nil
}

// resolve turns names into codes and refuses a code that neither the cube nor
// the catalog knows.
func (r *Result) resolve(ctx context.Context, dim string, words []string) ([]string, error) {
	held, err := r.codes(ctx, dim)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", r.Indicator.Code, err)
	}
	d, _ := r.catalog.Dim(dim)
	var out []string
	for _, w := range words {
		code, ok := w, w == Total || slices.Contains(held, w)
		for _, c := range d.Codes {
			if !ok && (w == c.Code || w == c.ZH || strings.EqualFold(w, c.EN)) {
				code, ok = c.Code, true
			}
		}
		if !ok {
			return nil, mistake("--where: no %s %q%s\nvalid: %s", dim, w, nearest(w, r.known(dim, held)), r.list(dim, held))
		}
		out = append(out, code)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// codes lists the codes that the cube holds for the indicator in a dimension.
func (r *Result) codes(ctx context.Context, dim string) ([]string, error) {
	rows, err := r.eng.DB().QueryContext(ctx, "SELECT DISTINCT "+dim+" FROM "+table+
		" WHERE indicator = "+engine.Quote(r.Indicator.Code)+" ORDER BY "+dim)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var code string
		if err := rows.Scan(&code); err != nil {
			return nil, err
		}
		out = append(out, code)
	}
	return out, rows.Err()
}

// known lists codes and names that a mistaken word is compared with.
func (r *Result) known(dim string, held []string) []string {
	out := slices.Clone(held)
	for _, code := range held {
		for _, lang := range []messages.Lang{messages.ZH, messages.EN} {
			if name := r.catalog.Label(lang, dim, code); name != code {
				out = append(out, name)
			}
		}
	}
	return out
}

// list shows the codes held with their names, the first thirty of a long list.
func (r *Result) list(dim string, held []string) string {
	const most = 30
	var out []string
	for _, code := range held[:min(most, len(held))] {
		if name := r.catalog.Label(messages.ZH, dim, code); name != code {
			code += " " + name
		}
		out = append(out, code)
	}
	if len(held) > most {
		out = append(out, fmt.Sprintf("and %d more", len(held)-most))
	}
	return strings.Join(out, ", ")
}

// Rows reads the rows, ordered by month, then by each dimension, totals first.
func (r *Result) Rows(ctx context.Context) ([]Observation, error) {
	var out []Observation
	err := r.Each(ctx, func(o Observation) error {
		out = append(out, o)
		return nil
	})
	return out, err
}

// Each hands the rows over one by one in the order of Rows, holding none.
func (r *Result) Each(ctx context.Context, do func(Observation) error) error {
	rows, err := r.eng.DB().QueryContext(ctx, selectRows+r.clause())
	if err != nil {
		return fmt.Errorf("query %s: %w", r.Indicator.Code, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		o, err := scan(rows)
		if err != nil {
			return fmt.Errorf("query %s: %w", r.Indicator.Code, err)
		}
		if err := do(o); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("query %s: %w", r.Indicator.Code, err)
	}
	return nil
}

// clause is the WHERE and the ORDER BY of the query. All its words have been
// checked, and they are literals because COPY takes no parameters.
func (r *Result) clause() string {
	conds := []string{"indicator = " + engine.Quote(r.Indicator.Code)}
	order := []string{"period"}
	for _, d := range Dims() {
		order = append(order, d+" <> '"+Total+"'", d)
		if codes, fixed := r.Spec.Where[d]; fixed {
			conds = append(conds, d+" IN ("+literals(codes)+")")
		} else if !slices.Contains(r.Spec.By, d) {
			conds = append(conds, d+" = '"+Total+"'")
		}
	}
	if r.Spec.From != 0 {
		conds = append(conds, "period >= "+r.Spec.From.SQL())
	}
	if r.Spec.To != 0 {
		conds = append(conds, "period <= "+r.Spec.To.SQL())
	}
	return " WHERE " + strings.Join(conds, " AND ") + " ORDER BY " + strings.Join(order, ", ")
}
