package release

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

// Styles of cells beside those of the kinds of figures.
const (
	styleTitle      = "title"
	styleSubtitle   = "subtitle"
	styleHeadline   = "headline"
	styleLead       = "lead"
	styleLeadEN     = "lead_en"
	styleSmall      = "small"
	styleFoot       = "foot"
	styleTableTitle = "table_title"
	styleHeader     = "header"
	styleGroup      = "group"
	styleName       = "name"
	styleWord       = "word"
	styleMark       = "mark"
	styleNote       = "note"
	styleNoteHead   = "note_head"
)

const (
	inkColor   = "1F2933"
	mutedColor = "52606D"
	navyColor  = "1F3A5F"
	headColor  = "E4EAF1"
	groupColor = "F3F6F9"
	ruleColor  = "C5CED8"
)

// style gives the workbook's id of a style, made when first used.
func (x *book) style(name string) (int, error) {
	if id, ok := x.styles[name]; ok {
		return id, nil
	}
	id, err := x.file.NewStyle(styleOf(name))
	if err != nil {
		return 0, fmt.Errorf("style %s: %w", name, err)
	}
	x.styles[name] = id
	return id, nil
}

func font(size float64, bold bool, color string) *excelize.Font {
	return &excelize.Font{Family: "Microsoft YaHei", Size: size, Bold: bold, Color: color}
}

func styleOf(name string) *excelize.Style {
	wrapped := &excelize.Alignment{Vertical: "top", WrapText: true}
	rule := []excelize.Border{{Type: "bottom", Color: ruleColor, Style: 1}}
	fill := func(c string) excelize.Fill { return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{c}} }
	middle := func(h string) *excelize.Alignment { return &excelize.Alignment{Horizontal: h, Vertical: "center"} }
	switch name {
	case styleTitle:
		return &excelize.Style{Font: font(16, true, navyColor), Alignment: middle("left")}
	case styleSubtitle:
		return &excelize.Style{Font: font(11, false, mutedColor), Alignment: middle("left")}
	case styleHeadline:
		return &excelize.Style{Font: font(12, true, inkColor), Alignment: wrapped}
	case styleLead:
		return &excelize.Style{Font: font(11, false, inkColor), Alignment: wrapped}
	case styleLeadEN:
		return &excelize.Style{Font: font(10, false, mutedColor), Alignment: wrapped}
	case styleSmall:
		return &excelize.Style{Font: font(9, false, mutedColor), Alignment: middle("left")}
	case styleFoot:
		return &excelize.Style{Font: font(9, false, mutedColor), Alignment: wrapped}
	case styleTableTitle:
		return &excelize.Style{Font: font(12, true, navyColor), Alignment: middle("left")}
	case styleHeader:
		return &excelize.Style{
			Font: font(10, true, navyColor), Fill: fill(headColor), Border: rule,
			Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true},
		}
	case styleGroup:
		return &excelize.Style{Font: font(10, true, inkColor), Fill: fill(groupColor), Border: rule, Alignment: middle("left")}
	case styleName:
		return &excelize.Style{Font: font(10, false, inkColor), Border: rule, Alignment: middle("left")}
	case styleWord:
		return &excelize.Style{Font: font(10, false, inkColor), Border: rule, Alignment: middle("center")}
	case styleMark:
		return &excelize.Style{Font: font(10, false, mutedColor), Border: rule, Alignment: middle("right")}
	case styleNote:
		return &excelize.Style{Font: font(10, false, inkColor), Border: rule, Alignment: wrapped}
	case styleNoteHead:
		return &excelize.Style{Font: font(10, true, navyColor), Border: rule, Alignment: wrapped}
	}
	format := Kind(name).shape().excel
	return &excelize.Style{
		Font: font(10, false, inkColor), Border: rule, CustomNumFmt: &format, Alignment: middle("right"),
	}
}
