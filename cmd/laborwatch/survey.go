package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"laborwatch/app"
	"laborwatch/config"
	"laborwatch/cube"
	"laborwatch/messages"
	"laborwatch/monthly"
	"laborwatch/survey"
)

func (e *env) surveyCmd() *cobra.Command {
	return group("survey", "cli.survey", e.surveyEstimateCmd(), e.surveyCheckCmd(), e.surveyWeightsCmd())
}

// microdata opens a file on its own: no data folder and no city are needed.
func (e *env) microdata(ctx context.Context, file, contract string, change func(*config.Survey), do func(*app.Microdata) error) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	change(&cfg.Survey)
	bar := e.progress()
	defer bar.clear()
	if contract != "" {
		contract = e.path(contract)
	}
	m, err := app.OpenMicrodata(ctx, app.Options{
		Config: cfg, Log: e.quietLog(cfg), Command: strings.Join(e.args, " "), Version: version, Clock: time.Now, Progress: bar.show,
	}, e.path(file), contract)
	if err != nil {
		return err
	}
	bar.clear()
	return errors.Join(do(m), m.Close())
}

func (e *env) surveyEstimateCmd() *cobra.Command {
	q := monthly.Request{Kind: "rate"}
	var of, by, method, contract, format, lang string
	cmd := &cobra.Command{
		Use:   "estimate FILE [--of rate|mean|total|median[:VARIABLE]] [--by region,sex,age,hukou,schooling] [--contract FILE]",
		Short: messages.Both("cli.survey.estimate"),
		Long:  messages.Both("cli.survey.estimate.long"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			q.Kind, q.Variable, _ = strings.Cut(of, ":")
			if by != "" {
				q.By = strings.Split(by, ",")
			}
			q.Method = survey.Method(method)
			faults := []error{
				oneOf("--of", q.Kind, monthly.Kinds()...), oneOf("--format", format, "table", "csv", "json"),
				oneOf("--lonely", q.Lonely, config.LonelyPSURules...), oneOf("--method", method, "logit", "beta", "mean", "asin", "likelihood"),
			}
			for _, d := range q.By {
				faults = append(faults, oneOf("--by", d, monthly.Dimensions...))
			}
			if q.Variable != "" {
				faults = append(faults, oneOf("--of "+q.Kind, q.Variable, monthly.VariablesOf(q.Kind)...))
			}
			if q.Replicates != "" {
				faults = append(faults, oneOf("--replicates", q.Replicates, monthly.ReplicateMethods...))
			}
			if !(q.Level > 0 && q.Level < 1) {
				faults = append(faults, errors.New(messages.Both("cli.survey.level", q.Level)))
			}
			if err := errors.Join(faults...); err != nil {
				return &exitError{exitUsage, err}
			}
			return e.microdata(cmd.Context(), a[0], contract, func(s *config.Survey) { s.LonelyPSU, s.Confidence = q.Lonely, q.Level }, func(m *app.Microdata) error {
				answers, err := m.Ask(cmd.Context(), q)
				if err != nil {
					return err
				}
				return e.printAnswers(m, q, answers, format, messages.Lang(lang))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&of, "of", "rate", messages.Both("cli.survey.of")+": "+variablesHelp())
	f.StringVar(&by, "by", "", messages.Both("cli.survey.by"))
	f.StringVar(&contract, "contract", "", messages.Both("cli.survey.contract"))
	f.StringVar(&q.Lonely, "lonely", "adjust", messages.Both("cli.survey.lonely")+": adjust, average, certainty, remove")
	f.Float64Var(&q.Level, "level", .95, messages.Both("cli.survey.level.help"))
	f.StringVar(&method, "method", "logit", messages.Both("cli.survey.method")+": logit, beta, mean, asin, likelihood")
	f.StringVar(&q.Replicates, "replicates", "", messages.Both("cli.survey.replicates")+": "+strings.Join(monthly.ReplicateMethods, ", "))
	f.Uint64Var(&q.Seed, "seed", 1, messages.Both("cli.survey.seed"))
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, csv, json")
	f.StringVar(&lang, "lang", "zh", messages.Both("cli.query.lang"))
	return cmd
}

func variablesHelp() string {
	var parts []string
	for _, k := range monthly.Kinds() {
		parts = append(parts, k+" ("+strings.Join(monthly.VariablesOf(k), ", ")+")")
	}
	return strings.Join(parts, "; ")
}

// printAnswers writes estimates as a table for people or with full precision.
func (e *env) printAnswers(m *app.Microdata, q monthly.Request, list []monthly.Answer, format string, lang messages.Lang) error {
	if format == "json" {
		out := make([]map[string]any, 0, len(list))
		for _, a := range list {
			row := map[string]any{"period": a.Period, "df": a.DF, "n": a.N, "quality": a.Quality, "reason": a.Reason}
			for i, d := range q.By {
				row[d] = a.Cell[i]
			}
			for name, v := range answerNumbers(a) {
				row[name] = nil
				if !math.IsNaN(v) {
					row[name] = v
				}
			}
			out = append(out, row)
		}
		return e.json(out)
	}
	names := []string{"value", "se", "cv", "ci_low", "ci_high", "deff"}
	if format == "csv" {
		w := csv.NewWriter(e.stdout)
		head := append(append([]string{"period"}, q.By...), append(names, "df", "n", "quality", "reason")...)
		if err := w.Write(head); err != nil {
			return err
		}
		for _, a := range list {
			row := append([]string{a.Period.String()}, a.Cell...)
			for _, n := range names {
				row = append(row, plainNumber(answerNumbers(a)[n]))
			}
			if err := w.Write(append(row, strconv.Itoa(a.DF), strconv.Itoa(a.N), a.Quality, a.Reason)); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	head := []string{messages.T(lang, "cube.period")}
	for _, d := range q.By {
		head = append(head, messages.T(lang, "cli.survey.dim."+d))
	}
	for _, h := range []string{"value", "se", "interval", "cv", "deff", "df", "n", "quality"} {
		head = append(head, messages.T(lang, "cli.survey.col."+h))
	}
	rows, show := [][]string{head}, shownAs(q, lang)
	for _, a := range list {
		row := []string{a.Period.String()}
		for i, code := range a.Cell {
			dim := q.By[i]
			if dim == "hukou" || dim == "schooling" {
				dim = cube.PopGroup
			}
			label := m.Catalog.Label(lang, dim, code)
			if label != code && code != cube.Total {
				label = code + " " + label
			}
			row = append(row, label)
		}
		rows = append(rows, append(row, show(a.Value, false), show(a.SE, true), show(a.Low, false)+"–"+show(a.High, false),
			percent(a.CV), fixed(a.Deff, 2), strconv.Itoa(a.DF), strconv.Itoa(a.N),
			cube.QualityText(lang, cube.Observation{Quality: a.Quality, Reason: a.Reason})))
	}
	t := newTable(e.stdout)
	for _, r := range rows {
		fmt.Fprintln(t, strings.Join(r, "\t"))
	}
	return t.Flush()
}

// answerNumbers are an estimate's figures by the names that files have them under.
func answerNumbers(a monthly.Answer) map[string]float64 {
	return map[string]float64{"value": a.Value, "se": a.SE, "cv": a.CV, "ci_low": a.Low, "ci_high": a.High, "deff": a.Deff}
}

// shownAs prints values as people read them: rates in percent to one decimal,
// their errors to two, wages in yuan.
func shownAs(q monthly.Request, lang messages.Lang) func(v float64, isError bool) string {
	return func(v float64, isError bool) string {
		switch {
		case math.IsNaN(v):
			return "–"
		case q.Kind == "rate" && isError:
			return fmt.Sprintf("%.2f", 100*v) + messages.T(lang, "cube.points")
		case q.Kind == "rate":
			return fmt.Sprintf("%.1f%%", 100*v)
		case q.Variable == "wage":
			return fmt.Sprintf("%.2f", v/100)
		case q.Kind == "total":
			return fmt.Sprintf("%.0f", v)
		}
		return fmt.Sprintf("%.2f", v)
	}
}

func plainNumber(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", 100*v)
}

func fixed(v float64, decimals int) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.*f", decimals, v)
}

func (e *env) surveyCheckCmd() *cobra.Command {
	var contract, format, lang string
	cmd := &cobra.Command{
		Use:   "check FILE [--contract FILE] [--format table|json]",
		Short: messages.Both("cli.survey.check"),
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, a []string) error {
			if err := oneOf("--format", format, "table", "json"); err != nil {
				return &exitError{exitUsage, err}
			}
			return e.microdata(cmd.Context(), a[0], contract, func(*config.Survey) {}, func(m *app.Microdata) error {
				list, err := m.Check(cmd.Context())
				if err != nil {
					return err
				}
				return e.printSurveyFindings(list, format, messages.Lang(lang))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&contract, "contract", "", messages.Both("cli.survey.contract"))
	f.StringVar(&format, "format", "table", messages.Both("cli.query.format")+": table, json")
	f.StringVar(&lang, "lang", "zh", messages.Both("cli.query.lang"))
	return cmd
}

// printSurveyFindings lists what a check found; a fault makes the command fail.
func (e *env) printSurveyFindings(list []app.SurveyFinding, format string, lang messages.Lang) error {
	faults := 0
	for _, f := range list {
		if f.Level == "fault" {
			faults++
		}
	}
	if format == "json" {
		if err := e.json(list); err != nil {
			return err
		}
	} else {
		for _, f := range list {
			if f.Code == "item" {
				f.Args = append([]any{messages.T(lang, fmt.Sprint("survey.item.", f.Args[0]))}, f.Args[1:]...)
			}
			fmt.Fprintf(e.stdout, "%s  %s\n", messages.T(lang, "survey.level."+f.Level), messages.T(lang, "survey.check."+f.Code, f.Args...))
		}
	}
	if faults > 0 {
		return errors.New(messages.Both("cli.survey.faults", faults))
	}
	return nil
}
