package release

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

// chart draws the series beside their table, as a chart of Excel's own: the
// rate, the limits of its interval, and the registered rate clearly apart.
func (s *sheet) chart(t Table) error {
	first, last := s.header+1, s.header+len(t.Rows)
	if len(t.Rows) == 0 {
		return nil
	}
	ref := func(col string) string { return fmt.Sprintf("'%s'!$%s$%d:$%s$%d", s.name, col, first, col, last) }
	line := func(col, color string, dash excelize.LineDashType, width float64) excelize.ChartSeries {
		return excelize.ChartSeries{
			Name: fmt.Sprintf("'%s'!$%s$%d", s.name, col, s.header), Categories: ref("A"), Values: ref(col),
			Line:   excelize.LineOptions{Type: excelize.LineSolid, Dash: dash, Width: width},
			Fill:   excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}, // the line takes it
			Marker: excelize.ChartMarker{Symbol: "none"},
		}
	}
	corner, err := excelize.CoordinatesToCellName(nameColumns+len(t.Columns)+2, s.header)
	if err != nil {
		return err
	}
	low, high, step := scaleOf(s.content.Chart)
	return s.file.AddChart(s.name, corner, &excelize.Chart{
		Type: excelize.Line,
		Series: []excelize.ChartSeries{
			line("C", navyColor, excelize.LineDashSolid, 2.25), line("D", "8FA9C7", excelize.LineDashSysDash, 1),
			line("E", "8FA9C7", excelize.LineDashSysDash, 1), line("F", "B5651D", excelize.LineDashDash, 1.5),
		},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: s.content.Chart.Title.ZH}}},
		Legend:    excelize.ChartLegend{Position: "bottom"},
		Dimension: excelize.ChartDimension{Width: 760, Height: 380},
		XAxis:     excelize.ChartAxis{TickLabelSkip: 3, TickLabelPosition: excelize.ChartTickLabelLow, Font: excelize.Font{Color: mutedColor, Size: 9}},
		YAxis: excelize.ChartAxis{
			MajorGridLines: true, Minimum: &low, Maximum: &high, MajorUnit: step,
			NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0.0%"}, Font: excelize.Font{Color: mutedColor, Size: 9},
		},
		ShowBlanksAs: "gap",
	})
}
