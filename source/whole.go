package source

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"laborwatch/messages"
)

// whole leaves out the objects that are done with, that no contract knows, and
// that may still be written: a file is whole when a second look, at least
// Settle after the first, finds size and time unchanged. The first look may
// have been that of an earlier pull. Ages are not looked at: the clock that
// wrote a file's time may be wrong.
func (s *Source) whole(ctx context.Context, list []Object, records map[string]Record) ([]Object, error) {
	var out, young []Object
	var notes []Record
	for _, o := range list {
		switch s.judge(o, records) {
		case ready:
			out = append(out, o)
		case finished:
			if err := s.met(ctx, o, records); err != nil {
				return nil, err
			}
		case strange:
			notes = append(notes, s.noted(o, records, Unknown, messages.Both("sources.unknown")))
		case unmarked:
			if r := records[o.Name]; r.Status != Waiting || r.Version != o.Version || r.Why != o.waits {
				notes = append(notes, s.noted(o, records, Waiting, o.waits))
			}
		case fresh:
			notes = append(notes, s.noted(o, records, Waiting, s.settling()))
			young = append(young, o)
		case unsettled:
			young = append(young, o)
		}
	}
	if err := s.o.State.Settle(ctx, notes); err != nil || len(young) == 0 {
		return out, err
	}
	if err := s.o.Wait(ctx, s.c.Settle); err != nil {
		return nil, err
	}
	again, err := s.list(ctx, nil)
	if err != nil {
		return nil, err
	}
	return s.secondLook(ctx, out, young, again, records)
}

// verdict is what is to be done with an object on offer.
type verdict int

const (
	ready      verdict = iota // fetch it
	finished                  // it was loaded or refused in this version
	strange                   // no contract knows it
	fresh                     // seen for the first time in this version
	unmarked                  // no marker says that it is whole
	unsettled                 // seen before, too short a time ago to tell
	remembered                // nothing more than is noted
)

func (s *Source) judge(o Object, records map[string]Record) verdict {
	r, seen := records[o.Name]
	same := seen && r.Version == o.Version && o.Version != ""
	_, grows := s.backend.(growing)
	switch {
	case o.fault != nil:
		return ready // to be told, or tried again
	case same && (r.Status == Done || r.Status == Refused):
		if s.o.InPlace {
			return ready
		}
		return finished
	case same && r.Status == Here:
		return remembered // it was tried again before this look
	case !s.known(o):
		if same && r.Status == Unknown && r.Why != "" {
			return remembered
		}
		return strange
	case o.waits != "":
		return unmarked
	case !grows || s.c.Whole != "stable":
		return ready
	case !same || r.Status == Unknown:
		return fresh
	case r.Status == Waiting && s.o.Clock().Sub(r.SeenAt).Abs() < s.c.Settle:
		return unsettled
	}
	return ready
}

// known says whether a contract knows the object's name, or is to read all.
func (s *Source) known(o Object) bool { return s.c.Feed != "" || s.o.Known(path.Base(o.Name)) }

// met is done with an object that is on offer in the version that was loaded: it
// is put away if that did not come about, and a fault of an earlier look is over.
func (s *Source) met(ctx context.Context, o Object, records map[string]Record) error {
	r := records[o.Name]
	if r.Status != Done {
		return nil
	}
	s.settle(o)
	if r.Why == "" {
		return nil
	}
	r.Why = ""
	records[o.Name] = r
	return s.o.State.Put(ctx, r)
}

// settle puts a loaded object away, where the source does that.
func (s *Source) settle(o Object) {
	b, ok := s.backend.(settler)
	if !ok {
		return
	}
	if err := b.settle(o); err != nil {
		s.o.Log.Warn("could not put away", "source", s.c.Name, "object", o.Name, "error", err)
	}
}

// secondLook adds to out the objects that are as they were, in the order of the list.
func (s *Source) secondLook(ctx context.Context, out, young, again []Object, records map[string]Record) ([]Object, error) {
	now := map[string]Object{}
	var notes []Record
	for _, o := range again {
		now[o.Name] = o
	}
	for _, o := range young {
		switch x, there := now[o.Name]; {
		case there && x.Version == o.Version:
			out = append(out, o)
		case there:
			notes = append(notes, s.noted(x, records, Waiting, s.settling()))
		}
	}
	if err := s.o.State.Settle(ctx, notes); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Object) int {
		if c := a.Modified.Compare(b.Modified); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// settling is what a file waits for that may still be written.
func (s *Source) settling() string { return messages.Both("sources.waits.settle", s.c.Settle) }

// noted is the record of an object seen in a version, with a status and why it
// has that.
func (s *Source) noted(o Object, records map[string]Record, status, why string) Record {
	r := records[o.Name]
	if r.Version != o.Version {
		r.Attempts = 0
	}
	r.Source, r.Object, r.Version, r.Size, r.Landed, r.Status, r.Why = s.c.Name, o.Name, o.Version, o.Size, 0, status, why
	r.SeenAt, r.DoneAt, r.Note = s.o.Clock(), time.Time{}, ""
	records[o.Name] = r
	return r
}
