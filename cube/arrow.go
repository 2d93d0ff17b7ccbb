package cube

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// batchRows is the number of rows in one record batch.
const batchRows = 8192

// schema of the Arrow stream: the cube's columns.
func schema() *arrow.Schema {
	fields := []arrow.Field{{Name: "period", Type: arrow.FixedWidthTypes.Date32}}
	for _, name := range append([]string{"indicator"}, Dims()...) {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String})
	}
	for _, name := range []string{"value", "numerator", "denominator", "se", "ci_low", "ci_high"} {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64, Nullable: true})
	}
	fields = append(fields,
		arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		arrow.Field{Name: "obs_status", Type: arrow.BinaryTypes.String},
		arrow.Field{Name: "quality", Type: arrow.BinaryTypes.String},
		arrow.Field{Name: "reason", Type: arrow.BinaryTypes.String})
	return arrow.NewSchema(fields, nil)
}

func (r *Result) writeArrow(ctx context.Context, w io.Writer) error {
	out := ipc.NewWriter(w, ipc.WithSchema(schema()), ipc.WithAllocator(memory.DefaultAllocator))
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema())
	defer b.Release()
	pending := 0
	flush := func() error {
		batch := b.NewRecordBatch()
		defer batch.Release()
		pending = 0
		if err := out.Write(batch); err != nil {
			return fmt.Errorf("query %s: %w", r.Indicator.Code, err)
		}
		return nil
	}
	err := r.Each(ctx, func(o Observation) error {
		o.appendTo(b)
		if pending++; pending == batchRows {
			return flush()
		}
		return nil
	})
	if err == nil && pending > 0 {
		err = flush()
	}
	if err != nil {
		return err
	}
	return out.Close()
}

func (o Observation) appendTo(b *array.RecordBuilder) {
	b.Field(0).(*array.Date32Builder).Append(arrow.Date32FromTime(o.Period.First()))
	col := 1
	text := func(s string) {
		b.Field(col).(*array.StringBuilder).Append(s)
		col++
	}
	for _, s := range seriesOf(o.Key()) {
		text(s)
	}
	for _, v := range o.numbers() {
		f := b.Field(col).(*array.Float64Builder)
		if v == nil {
			f.AppendNull()
		} else {
			f.Append(*v)
		}
		col++
	}
	n := b.Field(col).(*array.Int64Builder)
	if o.N == nil {
		n.AppendNull()
	} else {
		n.Append(*o.N)
	}
	col++
	text(o.ObsStatus)
	text(o.Quality)
	text(o.Reason)
}
