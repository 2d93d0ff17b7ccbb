package seasonal

import (
	"math"
	"testing"
	"time"

	"laborwatch/period"
)

// newMoon is the Julian ephemeris day of the k-th new moon since January 2000
// (Meeus, Astronomical Algorithms, 2nd ed. 1998, chapter 49). The terms that are
// left out add up to less than two minutes.
func newMoon(k float64) float64 {
	t := k / 1236.85
	rad := func(d float64) float64 { return d * math.Pi / 180 }
	e := 1 - 0.002516*t - 0.0000074*t*t
	sun := rad(2.5534 + 29.10535670*k - 0.0000014*t*t)
	moon := rad(201.5643 + 385.81693528*k + 0.0107582*t*t)
	f := rad(160.7108 + 390.67050284*k - 0.0016118*t*t)
	node := rad(124.7746 - 1.56375588*k + 0.0020672*t*t)
	return 2451550.09766 + 29.530588861*k + 0.00015437*t*t +
		-0.40720*math.Sin(moon) + 0.17241*e*math.Sin(sun) + 0.01608*math.Sin(2*moon) + 0.01039*math.Sin(2*f) +
		0.00739*e*math.Sin(moon-sun) - 0.00514*e*math.Sin(moon+sun) + 0.00208*e*e*math.Sin(2*sun) -
		0.00111*math.Sin(moon-2*f) - 0.00057*math.Sin(moon+2*f) + 0.00056*e*math.Sin(2*moon+sun) -
		0.00042*math.Sin(3*moon) + 0.00042*e*math.Sin(sun+2*f) + 0.00038*e*math.Sin(sun-2*f) -
		0.00024*e*math.Sin(2*moon-sun) - 0.00017*math.Sin(node) + 0.000325*math.Sin(rad(299.77+0.107408*k))
}

// The first day of a lunar year is the day of a new moon in Beijing between
// 21 January and 20 February.
func TestFestivalsAreNewMoons(t *testing.T) {
	for year := firstFestival; year <= lastFestival; year++ {
		day, err := SpringFestival(year)
		if err != nil {
			t.Fatal(err)
		}
		if md := int(day.Month())*100 + day.Day(); md < 121 || md > 220 {
			t.Errorf("%d: %s is outside the season", year, day.Format(time.DateOnly))
		}
		// The Julian day of Beijing's midnight, in ephemeris time: eight hours
		// earlier, and 64 to 93 seconds on over these years.
		midnight := float64(day.Unix())/86400 + 2440587.5 - 8.0/24 + 75.0/86400
		k := math.Round((midnight - 2451550.1) / 29.530588861)
		at := newMoon(k) - midnight
		const doubt = 3.0 / 1440 // three minutes of terms and of clock
		if at < -doubt || at > 1+doubt {
			t.Errorf("%d: the new moon comes %.3f days after the midnight of %s", year, at, day.Format(time.DateOnly))
		}
	}
	for _, year := range []int{1999, 2051} {
		if _, err := SpringFestival(year); err == nil {
			t.Errorf("%d was known", year)
		}
	}
}

func TestFestivalShares(t *testing.T) {
	w := Windows{Before: 20, During: 7, After: 20}
	// 2024-02-10: twenty days before reach back to 21 January, eleven of them in
	// January; the twenty after begin on the 17th and have thirteen days of February.
	for _, c := range []struct {
		part  int
		month period.Period
		want  float64
	}{
		{0, period.Of(2024, 1), 11.0 / 20},
		{0, period.Of(2024, 2), 9.0 / 20},
		{1, period.Of(2024, 2), 1},
		{2, period.Of(2024, 2), 13.0 / 20},
		{2, period.Of(2024, 3), 7.0 / 20},
		{2, period.Of(2024, 7), 0},
		{0, period.Of(2023, 1), 1}, // 2023-01-22
		{0, period.Of(2020, 1), 1}, // 2020-01-25: from the 5th on
	} {
		got, err := w.share(c.part, c.month)
		if err != nil || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s in %s = %g, %v, want %g", parts[c.part], c.month, got, err, c.want)
		}
	}
	// Every day of a part falls into one month: shares of a year add up to one,
	// centered ones to nothing. December lies in another year only for windows
	// beyond twenty days.
	for part := range parts {
		months := period.Range(period.Of(2000, 1), period.Of(2050, 12))
		r, err := w.regressor(part, months)
		if err != nil {
			t.Fatal(err)
		}
		var byMonth [13]float64
		for i := 0; i < len(months); i += 12 {
			year := 0.0
			for m := range 12 {
				year += r[i+m]
				byMonth[m] += r[i+m]
			}
			if math.Abs(year) > 1e-12 {
				t.Errorf("%s of %d adds up to %g", parts[part], months[i].Year(), year)
			}
		}
		for m, v := range byMonth {
			if math.Abs(v) > 1e-9 {
				t.Errorf("%s: calendar month %d has a mean of %g", parts[part], m+1, v/51)
			}
		}
	}
}
