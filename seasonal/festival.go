package seasonal

import (
	"fmt"
	"time"

	"laborwatch/period"
)

// festivals are the first days of the lunar years 2000 to 2050 in Beijing time
// (GB/T 33661-2017), as month·100+day. A test computes the moon: each must be
// the day of a new moon, and in its season, which leaves no other day.
var festivals = [...]int{
	205, 124, 212, 201, 122, 209, 129, 218, 207, 126, // 2000–2009
	214, 203, 123, 210, 131, 219, 208, 128, 216, 205, // 2010–2019
	125, 212, 201, 122, 210, 129, 217, 206, 126, 213, // 2020–2029
	203, 123, 211, 131, 219, 208, 128, 215, 204, 124, // 2030–2039
	212, 201, 122, 210, 130, 217, 206, 126, 214, 202, // 2040–2049
	123, // 2050
}

const (
	firstFestival = 2000
	lastFestival  = firstFestival + len(festivals) - 1
)

// SpringFestival is the first day of the lunar year that begins in a year, at
// midnight UTC. The years 2000 to 2050 are known.
func SpringFestival(year int) (time.Time, error) {
	if year < firstFestival || year > lastFestival {
		return time.Time{}, fmt.Errorf("spring festival of %d: the table holds %d to %d", year, firstFestival, lastFestival)
	}
	f := festivals[year-firstFestival]
	return time.Date(year, time.Month(f/100), f%100, 0, 0, 0, 0, time.UTC), nil
}

// Windows are the days about the festival that move the labor market: people
// leave before it, offices rest during it, people come back after it. The
// festival's own window begins with the first day of the lunar year.
type Windows struct{ Before, During, After int }

// The parts of the festival, as regressors.
const (
	BeforeFestival = "before"
	DuringFestival = "during"
	AfterFestival  = "after"
)

// parts in the order of Windows.
var parts = [...]string{BeforeFestival, DuringFestival, AfterFestival}

// span of one part relative to the first day of the lunar year.
func (w Windows) span(part int) (first, length int) {
	return [...]int{-w.Before, 0, w.During}[part], [...]int{w.Before, w.During, w.After}[part]
}

// share is the part's share of days that falls into a month: 0 to 1.
func (w Windows) share(part int, p period.Period) (float64, error) {
	f, err := SpringFestival(p.Year())
	if err != nil {
		return 0, err
	}
	first, length := w.span(part)
	if length == 0 {
		return 0, nil
	}
	from, to := f.AddDate(0, 0, first), f.AddDate(0, 0, first+length) // half open
	if from.Before(p.First()) {
		from = p.First()
	}
	if next := p.Add(1).First(); to.After(next) {
		to = next
	}
	return max(0, to.Sub(from).Hours()/24/float64(length)), nil
}

// regressor is a part's share in each month less the mean share of that
// calendar month over all years of the table: what the festival's being early
// or late adds to the ordinary season (Bell and Hillmer, Journal of the
// American Statistical Association 78 (1983) 526–534, on moving holidays; Lin
// and Liu, Modeling lunar calendar holiday effects in Taiwan, Taiwan Economic
// Forecast and Policy 33 (2002) 1–37, on the three parts).
func (w Windows) regressor(part int, months []period.Period) ([]float64, error) {
	var mean [13]float64
	for m := time.January; m <= time.December; m++ {
		for y := firstFestival; y <= lastFestival; y++ {
			s, err := w.share(part, period.Of(y, m))
			if err != nil {
				return nil, err
			}
			mean[m] += s / float64(len(festivals))
		}
	}
	out := make([]float64, len(months))
	for i, p := range months {
		s, err := w.share(part, p)
		if err != nil {
			return nil, err
		}
		out[i] = s - mean[p.Month()]
	}
	return out, nil
}
