package simulate

import (
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

var enterpriseColumns = []string{
	"统计月份", "统一社会信用代码", "单位名称", "行政区划代码", "乡镇街道代码", "行业代码",
	"单位类型", "单位规模", "单位状态", "上级集团代码",
}

// enterprises writes the register of employers as Parquet. Rows of a Parquet
// file are counted from 1: it has no header row.
func (w *writer) enterprises(c *city) error {
	p := c.period(c.m)
	abs, rel, err := w.path(p, name("单位登记", p, ".parquet"))
	if err != nil {
		return err
	}
	fields := make([]arrow.Field, len(enterpriseColumns))
	for i, n := range enterpriseColumns {
		fields[i] = arrow.Field{Name: n, Type: arrow.BinaryTypes.String, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	t := fileTruth{path: rel, feed: "enterprise", period: p}
	put := func(cells ...string) {
		for i, v := range cells {
			col := b.Field(i).(*array.StringBuilder) // every column is text
			if v == "" {
				col.AppendNull()
			} else {
				col.Append(v)
			}
		}
		t.rows++
	}
	month := string(c.cal.ymd[firstDay(p)][:6])
	bad := c.badEnterprises(month)
	for i := range c.firms {
		put(c.enterpriseCells(&c.firms[i], month)...)
		for c.faulty() && len(bad) > 0 && t.rows >= bad[0].after {
			put(bad[0].cells...)
			w.bad = append(w.bad, badRow{rel, bad[0].column, bad[0].reason, t.rows})
			bad = bad[1:]
		}
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	if err := writeParquet(abs, schema, rec); err != nil {
		return err
	}
	w.wrote(c, t)
	return nil
}

func writeParquet(path string, schema *arrow.Schema, rec arrow.RecordBatch) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy))
	out, err := pqarrow.NewFileWriter(schema, f, props, pqarrow.DefaultWriterProps())
	if err != nil {
		_ = f.Close()
		return err
	}
	if err := out.Write(rec); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close() // closes the file too
}

func (c *city) enterpriseCells(f *firm, month string) []string {
	k := &c.counties[f.county]
	status, parent := "存续", ""
	if f.closed >= 0 {
		status = "注销"
	}
	if f.parent >= 0 {
		parent = c.firms[f.parent].uscc
	}
	return []string{
		month, f.uscc, f.name, k.code, k.towns[f.town], industries[f.div].class,
		ownerships[f.ownership], sizeName(max(f.target, float32(f.heads))), status, parent,
	}
}

func (c *city) badEnterprises(month string) []badLine {
	k := &c.counties[0]
	row := func(after int, column, reason, uscc, region, industry string) badLine {
		return badLine{after, []string{month, uscc, "测试庚辛有限公司", region, "", industry, "私营", "微型", "存续", ""}, column, reason}
	}
	stray := func(n int) string { return creditCode(c.opt.Region, 900_000_000+n) }
	return []badLine{
		row(10, "uscc", "bad_check_digit", wrongCredit(stray(1)), k.code, "5211"),
		row(20, "region", "bad_region", stray(2), "990402", "5211"),
		row(30, "industry", "bad_industry", stray(3), k.code, "9999"),
		row(31, "uscc", "missing", "", k.code, "5211"),
	}
}
