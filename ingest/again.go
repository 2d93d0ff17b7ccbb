package ingest

import (
	"context"
	"fmt"
	"slices"

	"laborwatch/lake"
)

// sameShare is the share of rows from which on an extract looks like another
// version of one that is live.
const sameShare = 0.5

// checkAgain refuses an extract of a feed that files are added to where most of
// its rows have the keys of those of another live extract of the same day: it
// is the same again, exported anew or corrected without saying so. Of files
// whose names tell no day, those of one name but for the mark of a copy are
// looked at.
func (b *batch) checkAgain(ctx context.Context) error {
	if b.c.Mode != lake.Append || len(b.c.Key) == 0 || b.parts[0].corrects != nil {
		return nil
	}
	live, err := b.in.lake.Live(ctx, b.c.Feed)
	if err != nil {
		return err
	}
	for _, p := range b.parts {
		if p.act != (lake.Act{}) || p.rows <= p.bad+p.repeated {
			continue
		}
		for _, x := range live {
			if x.PartOf != "" || x.Scope != p.scope || x.Contract != b.in.prints[b.c.Feed] || slices.Contains(b.replaces[p.id], x.ID) || !b.sameAs(p, x.Source) {
				continue
			}
			rows := fmt.Sprintf("read_parquet(%s, hive_partitioning = false)", text(b.in.lake.Path(x)))
			if err := b.compareKeys(ctx, p, x.Source, rows); err != nil {
				return err
			}
		}
		for _, q := range b.parts { // those before it are live by then
			if q == p {
				break
			}
			if q.scope != p.scope || slices.Contains(b.replaces[p.id], q.id) || !b.sameAs(p, q.file.Rel) {
				continue
			}
			rows := fmt.Sprintf("(SELECT * FROM lw_checked WHERE _file = %d AND %s)", q.fd, b.good())
			if err := b.compareKeys(ctx, p, q.file.Rel, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameAs says that the names of two extracts are of one document or tell one day.
func (b *batch) sameAs(p *part, source string) bool {
	name, _ := document(baseName(p.file.Rel))
	other, _ := document(baseName(source))
	if name == other {
		return true
	}
	f, err := b.c.filed(baseName(source))
	return err == nil && !p.day.IsZero() && p.day.Equal(f.day)
}

func (b *batch) compareKeys(ctx context.Context, p *part, source, rows string) error {
	var n, all int64
	q := fmt.Sprintf(`SELECT count(*) FILTER (EXISTS (SELECT 1 FROM %s y WHERE %s)), count(*) FROM lw_checked x WHERE _file = %d AND %s`,
		rows, sameIn(b.keyColumns()), p.fd, b.good())
	if err := b.conn.QueryRowContext(ctx, q).Scan(&n, &all); err != nil || float64(n) < sameShare*float64(all) {
		return err
	}
	return refuse("set", phrases{newFinding(true, "again", "", n, fmt.Sprintf("%.0f%%", 100*float64(n)/float64(all)), source).phrase})
}
