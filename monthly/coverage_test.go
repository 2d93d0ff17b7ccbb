package monthly

import (
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"laborwatch/config"
	"laborwatch/period"
	"laborwatch/simulate"
	"laborwatch/smallarea"
	"laborwatch/survey"
)

// draws of the study: the interval's coverage is then known to ±0.7 points.
const draws = 1000

// study is what one draw says of the city and its counties.
type study struct {
	city   survey.Estimate
	covers bool
	direct map[string]survey.Estimate
	inside map[string]bool
	model  map[string]float64
	base   float64 // the rate with base weights alone, adjusted for response
}

// TestCoverage draws 1,000 independent samples of a city whose every person is
// known, weights each as the monthly pipeline does, and holds the estimates
// against the truth: the nominal 95 % interval must cover it in 93–97 % of the
// samples for the city and in 90–98 % for counties with 100 or more in the labor
// force, the calibrated rate must be off by less than a tenth of its standard
// error on average, and the model's county rates must be nearer than the direct
// ones, in mean squared error, in 9 of 12.
func TestCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand samples")
	}
	s, err := simulate.NewSampler(t.Context(), simulate.SamplerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	results := make([]study, draws)
	var wait sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := worker; i < draws; i += runtime.GOMAXPROCS(0) {
				r, err := one(s, cfg, uint64(i+1))
				if err != nil {
					t.Errorf("draw %d: %v", i+1, err)
					return
				}
				results[i] = r
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	truth := map[string]simulate.RegionTruth{}
	for _, r := range s.Truth() {
		truth[r.Region] = r
	}
	var covered, bias, se, rough float64
	for _, r := range results {
		covered += is(r.covers) / draws
		bias += (r.city.Value - truth[total].Rate()) / draws
		rough += (r.base - truth[total].Rate()) / draws
		se += r.city.SE / draws
	}
	t.Logf("city: true rate %.4f, coverage %.1f %%, bias %+.5f (%+.3f SE; %+.5f before calibration), mean SE %.5f, spread %.5f",
		truth[total].Rate(), 100*covered, bias, bias/se, rough, se, spread(results, func(r study) float64 { return r.city.Value }))
	if covered < .93 || covered > .97 {
		t.Errorf("the city's interval covers the truth in %.1f %% of the samples; want 93 to 97", 100*covered)
	}
	if math.Abs(bias) >= .1*se {
		t.Errorf("the calibrated rate is off by %.3f of its standard error; want below 0.1", bias/se)
	}
	better := 0
	for _, region := range s.Regions() {
		var n, in, cover, direct, model float64
		for _, r := range results {
			e, ok := r.direct[region]
			if !ok {
				continue
			}
			in++
			n += float64(e.N)
			cover += is(r.inside[region])
			direct += math.Pow(e.Value-truth[region].Rate(), 2)
			model += math.Pow(r.model[region]-truth[region].Rate(), 2)
		}
		n, cover, direct, model = n/in, cover/in, direct/in, model/in
		t.Logf("%s: true rate %.4f, n %.0f, coverage %.1f %%, root MSE direct %.5f, model %.5f", region, truth[region].Rate(), n, 100*cover, math.Sqrt(direct), math.Sqrt(model))
		if n >= 100 && (cover < .90 || cover > .98) {
			t.Errorf("%s: the interval covers the truth in %.1f %% of the samples; want 90 to 98", region, 100*cover)
		}
		if model < direct {
			better++
		}
	}
	if better < 9 {
		t.Errorf("the model is nearer to the truth in %d of 12 counties; want 9 or more", better)
	}
}

func spread(list []study, of func(study) float64) float64 {
	var sum, square float64
	for _, r := range list {
		sum += of(r)
		square += of(r) * of(r)
	}
	n := float64(len(list))
	return math.Sqrt((square - sum*sum/n) / (n - 1))
}

// one draws, weights and estimates a sample as the models' computations do.
func one(s *simulate.Sampler, cfg *config.Config, seed uint64) (study, error) {
	out := study{direct: map[string]survey.Estimate{}, inside: map[string]bool{}, model: map[string]float64{}}
	rows := s.Draw(seed)
	f := &fielded{}
	for _, r := range rows {
		f.rows = append(f.rows, interview{
			household: strconv.Itoa(int(r.Household)), region: r.Region, stratum: r.Stratum, class: strconv.Itoa(r.Class),
			sex: r.Sex, age: r.Age, hukou: r.Hukou, answered: r.Responded, base: r.BaseWeight,
		})
	}
	for _, p := range s.PopulationTotals() {
		f.totals = append(f.totals, populationTotal{p.Region, p.Sex, p.Age, p.Hukou, float64(p.Persons)})
	}
	w, err := f.calibrate(cfg.Weighting)
	if err != nil {
		return out, err
	}
	in := &sample{months: map[period.Period][]person{}}
	psus, cells := map[psu]int32{}, map[cell]int32{}
	var u, lf float64
	for i, r := range rows {
		p := person{psu: numbered(psus, &in.psus, psu{r.Stratum, strconv.Itoa(int(r.PSU))}), hours: -1, wage: -1}
		c := cell{region: r.Region, sex: r.Sex, age: r.Age, schooling: unknown, hukou: unknown, agri: unknown}
		if r.Responded {
			c.margins = w.margins[i]
			p.status, p.weight, p.base = int8(r.Status), w.final[i], w.base[i]
			u += w.base[i] * is(r.Status == 2)
			lf += w.base[i] * is(inForce(int8(r.Status)))
		}
		p.cell = numbered(cells, &in.cells, c)
		in.months[1] = append(in.months[1], p)
	}
	out.base = u / lf
	t := newTables(in, measures[:1], cfg.Survey.LonelyPSU, cell.domains)
	table, err := t.of(1)
	if err != nil {
		return out, err
	}
	errs := survey.NewErrors(t.frame)
	truth := map[string]simulate.RegionTruth{}
	for _, r := range s.Truth() {
		truth[r.Region] = r
	}
	var samples []smallarea.Sample
	var areas []smallarea.Area
	var weights []float64
	for d, dom := range t.domains {
		if dom.sex != total || dom.age != total || dom.group != total {
			continue
		}
		e, ok := table.Estimate(d, 0)
		if !ok {
			continue
		}
		variance, df, _ := errs.Of(table.Term(d, 0, 1))
		e.SE, e.DF = math.Sqrt(variance), df
		method := survey.Logit
		if e.Value == 0 || e.Value == 1 {
			method = survey.Beta
		}
		low, high, _ := survey.Interval(method, e.Value, e.SE, e.DF, e.N, cfg.Survey.Confidence)
		real := truth[dom.region]
		inside := low <= real.Rate() && real.Rate() <= high
		if dom.region == total {
			out.city, out.covers = e, inside
			continue
		}
		out.direct[dom.region], out.inside[dom.region] = e, inside
		samples = append(samples, smallarea.Sample{Variance: variance, N: float64(e.N)})
		weights = append(weights, e.Denominator)
		areas = append(areas, smallarea.Area{Code: dom.region, Sampled: true, Direct: e.Value, X: []float64{
			math.Log((float64(real.Registered) + .5) / float64(real.Population)),
		}})
	}
	smoothed, _, err := smallarea.Smooth(samples, out.city.Value)
	if err != nil {
		return out, err
	}
	for i := range areas {
		areas[i].Variance = smoothed[i]
	}
	res, err := fit(slices.Clone(areas), config.CountyModel{Method: cfg.CountyModel.Method, Covariates: []string{"registered"}})
	if err != nil {
		return out, err
	}
	bench, err := res.Benchmark(weights, out.city.Value, smallarea.Ratio)
	if err != nil {
		return out, err
	}
	for i, a := range areas {
		out.model[a.Code] = bench.Values[i]
	}
	return out, nil
}
