package ingest

import (
	"fmt"
	"slices"
	"strings"

	"laborwatch/engine"
)

// skip is true for rows that are no data: blank ones, sums and signatures.
// Only rows that would be faulty, or are empty, are looked at, and of these none
// that names a person or an employer.
func (k *compiler) skip() string {
	var loaded []string
	named := []string{"NULL"}
	for _, col := range k.c.Columns {
		if col.Constant == nil {
			loaded = append(loaded, id("w.", col.Name))
		}
		if col.Type == "person" || col.Type == "uscc" {
			named = append(named, "CAST("+engine.Ident(col.Name)+" AS VARCHAR)")
		}
	}
	head := []string{}
	for i, col := range k.c.Columns {
		if col.Constant == nil && i < len(k.layout.heads) && k.layout.heads[i] != "" {
			head = append(head, fmt.Sprintf("trim(c%d) = %s", k.layout.cols[i], text(k.layout.heads[i])))
		}
	}
	again := "false"
	if len(head) > 1 { // the header once more, as on every page of a print
		again = "coalesce(" + strings.Join(head, " AND ") + ", false)"
	}
	// The regular expression folds no full-width forms: blanks of both kinds are in it.
	return fmt.Sprintf("CASE WHEN %s THEN true WHEN (_fault IS NOT NULL AND coalesce(%s) IS NULL) OR coalesce(%s) IS NULL THEN coalesce(regexp_full_match(%s, %s), true) ELSE false END",
		again, strings.Join(named, ", "), strings.Join(loaded, ", "), k.firstCell(), text(k.c.dropPattern()))
}

// firstCell is the first filled cell of a row, NULL for a blank one.
func (k *compiler) firstCell() string { return k.filled(0) }

// surplusCell is a filled cell beyond the header, NULL for none; "" where there
// are no such cells.
func (k *compiler) surplusCell() string {
	if k.layout.surplus == 0 {
		return ""
	}
	return k.filled(k.layout.surplus)
}

func (k *compiler) filled(from int) string {
	var cells []string
	for i := from; i < k.layout.width; i++ {
		cells = append(cells, fmt.Sprintf("nullif(trim(c%d), '')", i))
	}
	return "coalesce(" + strings.Join(cells, ", ") + ")"
}

// keyOf hashes what makes a row unique among those of its extract.
func (k *compiler) keyOf(several bool) string {
	from := ""
	if several {
		from = "_file, "
	}
	return fmt.Sprintf("hash(%s%s)", from, joinIDs("", k.keyColumns()))
}

// faultyKey is the key of a row of lw_slow. A faulty row repeats another only
// where all of their cells are the same. Where its key is at fault and it holds
// anything, two rows may be of two persons, and neither repeats the other.
func (k *compiler) faultyKey(several bool) string {
	var raw, holds []string
	unsure := []string{"false"}
	for i := range k.layout.width {
		raw = append(raw, fmt.Sprintf("coalesce(c%d, '')", i))
	}
	for _, col := range k.c.Columns {
		if col.Constant == nil {
			holds = append(holds, id("w.", col.Name))
		}
	}
	for _, name := range k.keyColumns() {
		unsure = append(unsure, id("f.", name)+" IS NOT NULL")
	}
	return fmt.Sprintf("CASE WHEN _fault IS NULL THEN %s WHEN (%s) AND coalesce(%s) IS NOT NULL THEN hash(_file, _id, 'faulty') ELSE hash(_file, concat_ws(%s, %s)) END",
		k.keyOf(several), strings.Join(unsure, " OR "), strings.Join(holds, ", "), partSep, strings.Join(raw, ", "))
}

// keyColumns are the key columns that rows differ in.
func (k *compiler) keyColumns() []string {
	return slices.DeleteFunc(slices.Clone(k.c.Key), func(name string) bool { return k.c.column(name).Constant != nil })
}
