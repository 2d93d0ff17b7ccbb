package cube

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"laborwatch/engine"
	"laborwatch/messages"
)

// Format is a form in which a query's rows are written.
type Format string

// The formats. Table is for people: rounded, with names. The others hold every
// column of the cube with full precision: CSV in UTF-8 with a header, JSON as
// one array, Parquet, and Arrow as an IPC stream.
const (
	Table   Format = "table"
	CSV     Format = "csv"
	JSON    Format = "json"
	Parquet Format = "parquet"
	Arrow   Format = "arrow"
)

// Formats lists the formats.
func Formats() []Format { return []Format{Table, CSV, JSON, Parquet, Arrow} }

// ParseFormat reads a format's name; the error is a *SpecError.
func ParseFormat(s string) (Format, error) {
	if slices.Contains(Formats(), Format(s)) {
		return Format(s), nil
	}
	return "", mistake("--format: no format %q; want one of %v", s, Formats())
}

// Binary reports whether the format is unfit for a terminal.
func (f Format) Binary() bool { return f == Parquet || f == Arrow }

// MediaType is the format's Content-Type.
func (f Format) MediaType() string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8"
	case JSON:
		return "application/json"
	case Parquet:
		return "application/vnd.apache.parquet"
	case Arrow:
		return "application/vnd.apache.arrow.stream"
	}
	return "text/plain; charset=utf-8"
}

// WriteOptions of Result.Write.
type WriteOptions struct {
	Format Format
	// Lang of a table's headers and names; "" is Chinese.
	Lang messages.Lang
	// BOM starts a CSV with a byte order mark, by which Excel knows UTF-8.
	BOM bool
	// TempDir is where a Parquet file is made before it is copied out; "" is
	// the system's own.
	TempDir string
}

// Write reads the rows and writes them to w. Nothing but the table holds all
// rows in memory.
func (r *Result) Write(ctx context.Context, w io.Writer, opt WriteOptions) error {
	if opt.Lang == "" {
		opt.Lang = messages.ZH
	}
	switch opt.Format {
	case Table, "":
		return r.writeTable(ctx, w, opt.Lang)
	case CSV:
		return r.writeCSV(ctx, w, opt.BOM)
	case JSON:
		return r.writeJSON(ctx, w)
	case Parquet:
		return r.writeParquet(ctx, w, opt.TempDir)
	case Arrow:
		return r.writeArrow(ctx, w)
	}
	_, err := ParseFormat(string(opt.Format))
	return err
}

func (r *Result) writeCSV(ctx context.Context, w io.Writer, bom bool) error {
	if bom {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns()); err != nil {
		return err
	}
	if err := r.Each(ctx, func(o Observation) error { return out.Write(o.record()) }); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// record prints every column; NULL is the empty text.
func (o Observation) record() []string {
	out := []string{
		o.Period.String(), o.Indicator, o.Region, o.Sex, o.Age, o.PopGroup, o.Industry, o.Occupation, o.Enterprise,
	}
	for _, v := range o.numbers() {
		cell := ""
		if v != nil {
			cell = exact(*v)
		}
		out = append(out, cell)
	}
	n := ""
	if o.N != nil {
		n = strconv.FormatInt(*o.N, 10)
	}
	return append(out, n, o.ObsStatus, o.Quality, o.Reason)
}

func (o Observation) numbers() []*float64 {
	return []*float64{o.Value, o.Numerator, o.Denominator, o.SE, o.CILow, o.CIHigh}
}

// writeJSON writes one array with an object a line.
func (r *Result) writeJSON(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	sep := "[\n"
	err := r.Each(ctx, func(o Observation) error {
		b, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("query %s: %s: %w", o.Indicator, o.Period, err)
		}
		_, _ = out.WriteString(sep)
		sep = ",\n"
		_, err = out.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	if sep == "[\n" {
		_, _ = out.WriteString("[")
	}
	_, _ = out.WriteString("\n]\n")
	return out.Flush()
}

// writeParquet has the engine make a file and copies it out, for Parquet's
// footer comes last and w may be a pipe.
func (r *Result) writeParquet(ctx context.Context, w io.Writer, tmp string) error {
	dir, err := os.MkdirTemp(tmp, "query-")
	if err != nil {
		return fmt.Errorf("query %s: %w", r.Indicator.Code, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "rows.parquet")
	_, err = r.eng.DB().ExecContext(ctx, "COPY (SELECT "+columnList()+" FROM "+table+r.clause()+") TO "+engine.Quote(path)+
		" (FORMAT parquet, COMPRESSION zstd)")
	if err != nil {
		return fmt.Errorf("query %s: %w", r.Indicator.Code, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("query %s: %w", r.Indicator.Code, err)
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(w, f)
	return err
}
