package release

import (
	"math"

	"laborwatch/cube"
)

// headline is the first sentence: the rate with its interval, and its changes
// with what the sample allows to be said of them.
func (b *builder) headline() cube.Text {
	f := b.get(cube.Headline, city(b.period))
	if !f.ok() {
		return text("release.headline.withheld", month(b.period), b.city())
	}
	return text("release.headline", month(b.period), b.city(), same(Percent.format(f.value())),
		b.interval(f), b.change(cube.Headline+"_mom", "release.mom"), b.change(cube.Headline+"_yoy", "release.yoy"))
}

// interval of a figure in brackets: （95%置信区间4.2%–6.1%）.
func (b *builder) interval(f figure) cube.Text {
	if f.obs.CILow == nil || f.obs.CIHigh == nil {
		return text("release.interval.none")
	}
	return text("release.interval", same(confidence(b.cfg.Survey.Confidence)),
		same(Percent.format(*f.obs.CILow)), same(Percent.format(*f.obs.CIHigh)))
}

// confidence prints 0.95 as 95%.
func confidence(level float64) string {
	return message1(level*100) + "%"
}

// message1 prints a number with one decimal at most.
func message1(v float64) string {
	if v == math.Trunc(v) {
		return Count.format(v)
	}
	return Hours.format(v)
}

// change words a change of a rate with its verdict: 比上月下降0.2个百分点（在抽样误差范围内）.
func (b *builder) change(indicator, than string) cube.Text {
	f := b.get(indicator, city(b.period))
	if !f.ok() {
		return text("release.change.none", text(than))
	}
	return text("release.change", text(than), b.moved(f.value()), b.verdict(f))
}

// moved words a difference of ratios: 下降0.2个百分点.
func (b *builder) moved(v float64) cube.Text {
	printed := same(message1(math.Round(math.Abs(v)*1000) / 10))
	switch points := math.Round(v * 1000); {
	case points > 0:
		return text("release.up.points", printed)
	case points < 0:
		return text("release.down.points", printed)
	}
	return text("release.level")
}

// verdict says whether the sample can tell a change from none.
func (b *builder) verdict(f figure) cube.Text {
	switch f.obs.Verdict() {
	case cube.Rose, cube.Fell:
		return text("release.verdict.significant")
	case cube.Within:
		return text("release.verdict.within")
	}
	return text("release.verdict.unknown")
}

// points are the main points after the headline, each left out where the cube
// has nothing to say.
func (b *builder) points() []cube.Text {
	var out []cube.Text
	for _, point := range []func() (cube.Text, bool){
		b.targetPoint, b.pooledPoint, b.structurePoint, b.youthPoint, b.underusePoint, b.registeredPoint, b.insuredPoint, b.marketPoint, b.alertPoint,
	} {
		if t, ok := point(); ok {
			out = append(out, t)
		}
	}
	return out
}

// targetPoint holds the rate against the year's target.
func (b *builder) targetPoint() (cube.Text, bool) {
	f, target := b.get(cube.Headline, city(b.period)), b.cfg.Targets.Surveyed
	if !f.ok() || target <= 0 {
		return cube.Text{}, false
	}
	gap := f.value() - target
	key := "release.point.target.below"
	if math.Round(gap*1000) >= 0 {
		key = "release.point.target.above"
	}
	verdict := text("release.verdict.unknown")
	if lo, hi := f.obs.CILow, f.obs.CIHigh; lo != nil && hi != nil {
		verdict = text("release.target.clear")
		if *lo <= target && target <= *hi {
			verdict = text("release.target.covered")
		}
	}
	return text(key, same(Percent.format(target)), same(message1(math.Round(math.Abs(gap)*1000)/10)), verdict), true
}

// pooledPoint gives the rate of three months together with what can be said of
// its change on the year.
func (b *builder) pooledPoint() (cube.Text, bool) {
	f := b.get(pooledRate, city(b.period))
	if !f.ok() {
		return cube.Text{}, false
	}
	return text("release.point.pooled", month(b.period.Add(-2)), month(b.period), same(Percent.format(f.value())),
		b.interval(f), b.change(pooledRate+"_yoy", "release.yoy.3m")), true
}

func (b *builder) underusePoint() (cube.Text, bool) {
	f := b.get("labor_underutilization_lu4", city(b.period))
	if !f.ok() {
		return cube.Text{}, false
	}
	return text("release.point.lu4", same(Percent.format(f.value())), b.interval(f)), true
}

func (b *builder) structurePoint() (cube.Text, bool) {
	part, empl := b.get("labor_force_participation_rate", city(b.period)), b.get("employment_rate", city(b.period))
	hours := b.get("mean_weekly_hours", city(b.period))
	if !part.ok() || !empl.ok() || !hours.ok() {
		return cube.Text{}, false
	}
	return text("release.point.structure", same(Percent.format(part.value())), same(Percent.format(empl.value())),
		same(Hours.format(hours.value()))), true
}

// youthPoint gives the rate of 16–24 without students, where it can be published.
func (b *builder) youthPoint() (cube.Text, bool) {
	c := city(b.period).With(cube.Age, "Y16T24").With(cube.PopGroup, "NON_STUDENT")
	f := b.get(cube.Headline, c)
	if !f.ok() {
		return cube.Text{}, false
	}
	return text("release.point.youth", same(Percent.format(f.value())), b.interval(f)), true
}

func (b *builder) registeredPoint() (cube.Text, bool) {
	stock := b.get("registered_unemployed", city(b.period))
	in, out := b.get("registered_unemployed_inflow", city(b.period)), b.get("registered_unemployed_outflow", city(b.period))
	rate := b.get("registered_unemployment_rate", city(b.period))
	if !stock.ok() || !in.ok() || !out.ok() || !rate.ok() {
		return cube.Text{}, false
	}
	return text("release.point.registered", same(Count.format(stock.value())), b.growth("registered_unemployed"),
		same(Count.format(in.value())), same(Count.format(out.value())), same(Percent.format(rate.value()))), true
}

func (b *builder) insuredPoint() (cube.Text, bool) {
	heads, employers := b.get("insured_persons", city(b.period)), b.get("insured_employers", city(b.period))
	lost := b.get("involuntary_terminations", city(b.period))
	if !heads.ok() || !employers.ok() || !lost.ok() {
		return cube.Text{}, false
	}
	return text("release.point.insured", same(Count.format(heads.value())), b.growth("insured_persons"),
		same(Count.format(employers.value())), same(Count.format(lost.value()))), true
}

func (b *builder) marketPoint() (cube.Text, bool) {
	open, seek := b.get("job_openings", city(b.period)), b.get("job_seekers", city(b.period))
	ratio := b.get("openings_to_seekers_ratio", city(b.period))
	if !open.ok() || !seek.ok() || !ratio.ok() {
		return cube.Text{}, false
	}
	return text("release.point.market", same(Count.format(open.value())), same(Count.format(seek.value())),
		same(Times.format(ratio.value()))), true
}

// growth words the relative changes of a count: 比上月增长1.2%，比上年同月下降0.4%.
func (b *builder) growth(indicator string) cube.Text {
	one := func(suffix, than string) cube.Text {
		f := b.get(indicator+suffix, city(b.period))
		if !f.ok() {
			return text("release.change.none", text(than))
		}
		return text("release.growth", text(than), grew(f.value()))
	}
	return text("release.pair", one("_mom", "release.mom"), one("_yoy", "release.yoy"))
}

func grew(v float64) cube.Text {
	printed := same(Percent.format(math.Abs(v)))
	switch tenths := math.Round(v * 1000); {
	case tenths > 0:
		return text("release.up", printed)
	case tenths < 0:
		return text("release.down", printed)
	}
	return text("release.level")
}

// alertPoint counts the alerts in force by level.
func (b *builder) alertPoint() (cube.Text, bool) {
	var n [5]int
	for _, a := range b.alerts {
		if a.Level >= 1 && a.Level <= 4 {
			n[a.Level]++
		}
	}
	if len(b.alerts) == 0 {
		return text("release.point.alerts.none"), true
	}
	return text("release.point.alerts", len(b.alerts), n[1], n[2], n[3], n[4]), true
}
