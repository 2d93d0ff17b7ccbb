package source

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// finish loads what is here, notes what came of it and only then removes it.
// Where the call fails, its halves are tried, down to the object that it fails
// on: that one has failed, and holds up no other.
func (s *Source) finish(ctx context.Context, load LoadFunc, list []Landed, records map[string]Record, res *Result) error {
	if len(list) == 0 {
		return nil
	}
	outcomes, err := load(ctx, list)
	switch {
	case err == nil && len(outcomes) != len(list):
		return fmt.Errorf("%d outcomes of %d objects", len(outcomes), len(list))
	case err == nil:
		return s.loaded(ctx, list, outcomes, records, res)
	case ctx.Err() != nil || local(err) || full(err):
		return err
	case len(list) == 1:
		return s.unloaded(ctx, list[0], err, records, res)
	}
	half := len(list) / 2
	if err := s.finish(ctx, load, list[:half], records, res); err != nil {
		return err
	}
	return s.finish(ctx, load, list[half:], records, res)
}

// loaded notes the outcomes, and removes or puts away what they are of.
func (s *Source) loaded(ctx context.Context, list []Landed, outcomes []Outcome, records map[string]Record, res *Result) error {
	var settled []Record
	for i, x := range list {
		name := x.Object.Name
		before := records[name]
		r := before
		r.Source, r.Object, r.Status, r.Why = s.c.Name, name, Done, outcomes[i].Refused
		if r.Why == "" {
			res.Loaded = append(res.Loaded, name)
		} else {
			r.Status = Refused
			res.Refused = append(res.Refused, name)
		}
		if note := outcomes[i].Note; !outcomes[i].Known {
			r.Note = note
			if note != "" {
				res.Notes = append(res.Notes, Told{name, note})
			}
		}
		res.Failed = slices.DeleteFunc(res.Failed, func(f Failure) bool { return f.Object == name }) // in an earlier version
		if r != before {                                                                             // what lies in place is mostly known from before
			r.DoneAt = s.o.Clock()
			settled = append(settled, r)
		}
		records[name] = r
	}
	// What was published is noted even when the run is being stopped.
	if err := s.o.State.Settle(context.WithoutCancel(ctx), settled); err != nil {
		return err
	}
	for _, x := range list {
		if !s.o.InPlace {
			if err := os.RemoveAll(s.place(x.Object.Name)); err != nil {
				return err
			}
		}
		if records[x.Object.Name].Status == Done {
			s.settle(x.Object)
		}
	}
	return nil
}

// unloaded notes that loading an object failed. It stays here, and is tried
// again before anything is fetched.
func (s *Source) unloaded(ctx context.Context, x Landed, why error, records map[string]Record, res *Result) error {
	why = s.clean(why)
	r := records[x.Object.Name]
	r.Source, r.Object, r.Why = s.c.Name, x.Object.Name, why.Error()
	if s.o.InPlace {
		r.Status = Failed
	}
	r.Attempts++
	records[x.Object.Name] = r
	res.fail(x.Object.Name, why)
	s.o.Log.Warn("could not load", "source", s.c.Name, "object", x.Object.Name, "error", why)
	return s.o.State.Put(context.WithoutCancel(ctx), r)
}
