package release

import (
	"bytes"
	_ "embed"
	"html/template"
	"math"
	"strconv"
	"strings"

	"laborwatch/cube"
)

//go:embed release.html.tmpl
var pageSource string

//go:embed release.css
var pageStyle string

// pageData is what the template of the page sees.
type pageData struct {
	*Content
	Style    template.CSS
	Sections []Section
	Plot     plot
	Imprint  []Note
}

// page writes the content as one HTML file that needs nothing else: styles and
// chart are in it, and it has no script.
func page(c *Content) ([]byte, error) {
	t, err := template.New("release").Funcs(template.FuncMap{
		"text": text, "same": func(t cube.Text) bool { return t.ZH == t.EN || t.EN == "" },
		"numeric": func(c Cell) bool { return c.Kind != Words }, "indent": func(r Row) string { return "d" + strconv.Itoa(r.Depth) },
		"words": func(c Column) bool { return c.Kind == Words },
		"inc":   func(n int) int { return n + 1 },
		"shown": func(c Cell) bool { return c.State == Shown },
	}).Parse(pageSource)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, pageData{
		Content: c, Style: template.CSS(pageStyle), Sections: c.all(), Plot: newPlot(c.Chart), Imprint: imprint(c),
	})
	return b.Bytes(), err
}

// plot is the chart in SVG coordinates.
type plot struct {
	Width, Height          int
	Left, Right, Top, Foot float64
	Bands, Rate, Register  []string // path data, one a run without gaps
	Ticks                  []tick
	Months                 []tick
	Last, LastRegister     *mark
}

type tick struct {
	At    float64
	Label string
}

type mark struct {
	X, Y  float64
	Label string
}

const (
	plotWidth, plotHeight = 900, 300
	plotLeft, plotRight   = 48.0, 84.0
	plotTop, plotFoot     = 14.0, 30.0
)

func newPlot(c Chart) plot {
	p := plot{
		Width: plotWidth, Height: plotHeight,
		Left: plotLeft, Right: plotWidth - plotRight, Top: plotTop, Foot: plotHeight - plotFoot,
	}
	if len(c.Points) == 0 {
		return p
	}
	lo, hi, step := scaleOf(c)
	y := func(v float64) float64 { return p.Foot - (v-lo)/(hi-lo)*(p.Foot-p.Top) }
	x := func(i int) float64 {
		return p.Left + float64(i)*(p.Right-p.Left)/math.Max(1, float64(len(c.Points)-1))
	}
	for v := lo; v <= hi+step/2; v += step {
		p.Ticks = append(p.Ticks, tick{At: y(v), Label: Percent.format(v)})
	}
	every := (len(c.Points) + 8) / 9
	for i := len(c.Points) - 1; i >= 0; i -= every {
		p.Months = append(p.Months, tick{At: x(i), Label: c.Points[i].Period.String()})
	}
	pick := func(f func(ChartPoint) *float64) [][]point {
		return runs(c.Points, x, y, f)
	}
	for _, r := range pick(func(c ChartPoint) *float64 { return c.Rate }) {
		p.Rate = append(p.Rate, path(r, "M"))
	}
	for _, r := range pick(func(c ChartPoint) *float64 { return c.Registered }) {
		p.Register = append(p.Register, path(r, "M"))
	}
	lows, highs := pick(func(c ChartPoint) *float64 { return c.Low }), pick(func(c ChartPoint) *float64 { return c.High })
	for i := range min(len(lows), len(highs)) {
		p.Bands = append(p.Bands, path(highs[i], "M")+path(reversed(lows[i]), "L")+"Z")
	}
	end := c.Points[len(c.Points)-1]
	p.Last = label(end.Rate, p.Right, y)
	p.LastRegister = label(end.Registered, p.Right, y)
	return p
}

func label(v *float64, x float64, y func(float64) float64) *mark {
	if v == nil {
		return nil
	}
	return &mark{X: x, Y: y(*v), Label: Percent.format(*v)}
}

// scaleOf chooses an axis that holds every value, with steps of 1, 2 or 5.
func scaleOf(c Chart) (lo, hi, step float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, p := range c.Points {
		for _, v := range []*float64{p.Rate, p.Low, p.High, p.Registered} {
			if v != nil {
				lo, hi = math.Min(lo, *v), math.Max(hi, *v)
			}
		}
	}
	if math.IsInf(lo, 0) {
		return 0, 0.1, 0.02
	}
	span := math.Max(hi-lo, 0.005)
	step = math.Pow10(int(math.Floor(math.Log10(span / 4))))
	for _, m := range []float64{1, 2, 5, 10} {
		if step*m >= span/5 {
			step *= m
			break
		}
	}
	lo = math.Max(0, math.Floor(lo/step)*step)
	return lo, math.Max(math.Ceil(hi/step)*step, lo+step), step
}

type point struct{ x, y float64 }

// runs splits a series at its gaps.
func runs(points []ChartPoint, x func(int) float64, y func(float64) float64, pick func(ChartPoint) *float64) [][]point {
	var out [][]point
	open := false
	for i, p := range points {
		v := pick(p)
		if v == nil {
			open = false
			continue
		}
		if !open {
			out = append(out, nil)
			open = true
		}
		out[len(out)-1] = append(out[len(out)-1], point{x(i), y(*v)})
	}
	return out
}

func path(points []point, start string) string {
	var b strings.Builder
	for i, p := range points {
		if i == 0 {
			b.WriteString(start)
		} else {
			b.WriteString("L")
		}
		b.WriteString(coordinate(p.x) + "," + coordinate(p.y))
	}
	return b.String()
}

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

func reversed(in []point) []point {
	out := make([]point, len(in))
	for i, p := range in {
		out[len(in)-1-i] = p
	}
	return out
}
