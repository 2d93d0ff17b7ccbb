package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"laborwatch/cube"
)

// maxRows bounds one answer of the API.
const maxRows = 50_000

// answer is what /api/observations gives.
type answer struct {
	Indicator    apiIndicator       `json:"indicator"`
	Built        string             `json:"built"`
	Observations []cube.Observation `json:"observations"`
}

type apiIndicator struct {
	Code   string `json:"code"`
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en"`
	Unit   string `json:"unit"`
	Source string `json:"source"`
}

func describe(i cube.Indicator) apiIndicator {
	return apiIndicator{Code: i.Code, NameZH: i.Name.ZH, NameEN: i.Name.EN, Unit: string(i.Unit), Source: i.Source}
}

// indicators lists what can be asked for.
func (s *server) indicators(w http.ResponseWriter, _ *http.Request) {
	var out []apiIndicator
	for _, i := range s.Catalog.All() {
		out = append(out, describe(i))
	}
	s.json(w, http.StatusOK, out)
}

// observations answers ?indicator=CODE&period=A..B&by=region,sex&region=410402.
// Dimensions in by take every code, one given by name takes that code, every
// other one is the total. Figures of single employers are not given here.
func (s *server) observations(w http.ResponseWriter, r *http.Request) {
	spec, ind, err := s.spec(r)
	if err != nil {
		s.json(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	st := s.state()
	rows := st.Snapshot.Of(ind.Code, func(o cube.Observation) bool { return within(spec, o) })
	if len(rows) > maxRows {
		err := fmt.Errorf("%d rows, at most %d are given at once. Try: a shorter period", len(rows), maxRows)
		s.json(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	if rows == nil {
		rows = []cube.Observation{}
	}
	built := ""
	if !st.Built.IsZero() {
		built = st.Built.UTC().Format("2006-01-02T15:04:05Z")
	}
	s.json(w, http.StatusOK, answer{Indicator: describe(ind), Built: built, Observations: rows})
}

// spec reads what is asked; the error says what is wrong and what there is.
func (s *server) spec(r *http.Request) (cube.QuerySpec, cube.Indicator, error) {
	q := r.URL.Query()
	code := q.Get("indicator")
	ind, ok := s.Catalog.Get(code)
	if !ok {
		var known []string
		for _, i := range s.Catalog.All() {
			known = append(known, i.Code)
		}
		return cube.QuerySpec{}, ind, fmt.Errorf("no indicator %q; nearest: %s. Try: /api/indicators",
			code, strings.Join(cube.Nearest(code, known, 3), ", "))
	}
	var where []string
	for _, d := range cube.Dims() {
		for _, v := range q[d] {
			where = append(where, d+"="+v)
		}
	}
	spec, err := cube.ParseSpec(code, q.Get("period"), q.Get("by"), where)
	if err != nil {
		return spec, ind, err
	}
	if slices.Contains(spec.By, cube.Enterprise) || len(spec.Where[cube.Enterprise]) > 0 {
		return spec, ind, errors.New("figures of single employers are not given here. Try: laborwatch query " + code + " --by enterprise")
	}
	for _, d := range spec.By {
		if !slices.Contains(cube.Dims(), d) {
			return spec, ind, fmt.Errorf("no dimension %q; there are: %s", d, strings.Join(cube.Dims(), ", "))
		}
	}
	return spec, ind, nil
}

func within(q cube.QuerySpec, o cube.Observation) bool {
	if q.From != 0 && o.Period < q.From || q.To != 0 && o.Period > q.To {
		return false
	}
	for _, d := range cube.Dims() {
		c := o.Dim(d)
		if allowed, ok := q.Where[d]; ok {
			if !slices.Contains(allowed, c) {
				return false
			}
			continue
		}
		if c != cube.Total && !slices.Contains(q.By, d) {
			return false
		}
	}
	return true
}

func (s *server) json(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.Log.Error("api", "error", err)
		plain(w, http.StatusInternalServerError, "internal error\n")
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(append(b, '\n')) // the reader is gone: nobody to tell
}
