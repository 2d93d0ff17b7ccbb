package ingest

import (
	"context"
	"errors"
	"slices"
)

// likeOther makes a refusal for its header say which feed the extract is of,
// where it has the whole header of another: then it was named wrongly, and what
// it lacks of this feed's columns is no help.
func (in *Ingester) likeOther(ctx context.Context, s *source, why error) error {
	var r *refusalError
	if !errors.As(why, &r) || !slices.Contains([]string{"ingest.refused.columns", "ingest.refused.no_header", "ingest.refused.sheet_columns"}, r.key) {
		return why
	}
	sample, err := Peek(ctx, s.file.Path, headerRows)
	if err != nil {
		return why
	}
	best, most := "", 2 // two headers in common are none of a feed's
	for _, feed := range in.contracts.Feeds() {
		for _, t := range sample.Tables {
			if h, err := in.contracts[feed].findHeader(t.Rows); err == nil && feed != s.file.Feed && h.matched > most && len(h.extra) < h.matched {
				best, most = feed, h.matched
			}
		}
	}
	if best == "" {
		return why
	}
	c, own := in.contracts[best], in.contracts[s.file.Feed]
	return refuse("other_feed", own.Title, c.Title, c.example(), best)
}
