package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"laborwatch/config"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/source"
)

// Inbox is the built-in source: the folder that files are put into by hand.
// Scheduled runs take whole files from it, where they lie.
const Inbox = "inbox"

// StageFetch is the stage of bringing objects here, as progress shows it.
const StageFetch = "fetch"

// openSources makes the configured sources and the inbox. Nothing is connected.
func (a *App) openSources(ctx context.Context) (err error) {
	// What a killed process had unpacked is unpacked again when it is needed.
	if err := os.RemoveAll(a.unpackDir()); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if a.sourceState, err = source.OpenState(ctx, a.Engine.DB()); err != nil {
		return err
	}
	inbox := config.Source{
		Name: Inbox, Kind: "directory", Whole: "stable", Settle: a.Config.Ingest.Settle,
		Retry:     config.Retry{Attempts: 1, First: time.Second, Max: time.Second},
		Timeout:   config.Timeout{Connect: time.Minute, Idle: time.Minute, Whole: time.Hour},
		Directory: &config.DirectorySource{Path: a.Config.Ingest.Inbox, After: a.Config.Ingest.After},
	}
	var errs []error
	for _, c := range append([]config.Source{inbox}, a.Config.Sources...) {
		if err := a.suits(c); err != nil {
			errs = append(errs, err)
			continue
		}
		s, err := source.New(source.Options{
			Config: c, State: a.sourceState, Landing: a.landing(), Location: a.Config.Location(), Clock: a.opts.Clock, Log: a.log,
			InPlace: c.Name == Inbox, Known: a.mayRead,
			Progress: func(object string, done, total int64) { a.opts.Progress(StageFetch, object, done, max(total, 0)) },
		})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		a.sources = append(a.sources, s)
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return a.sweepLanding()
}

// sweepLanding removes what sources that are configured no longer have landed:
// it holds raw IDs, and nobody would load it.
func (a *App) sweepLanding() error {
	entries, err := os.ReadDir(a.landing())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(a.sources, func(s *source.Source) bool { return s.Name() == e.Name() }) {
			if err := os.RemoveAll(filepath.Join(a.landing(), e.Name())); err != nil {
				return fmt.Errorf("data folder: %w", err)
			}
		}
	}
	return nil
}

func (a *App) landing() string { return filepath.Join(a.Config.Data, "landing") }

// suits checks a source against the contracts: rows that a query reads in
// pieces, or twice, need a feed that does not take each piece for the whole.
func (a *App) suits(c config.Source) error {
	if c.Feed == "" {
		return nil
	}
	k := a.Contracts[c.Feed]
	switch {
	case k == nil:
		return errors.New(messages.Both("sources.nofeed", c.Name, c.Feed, strings.Join(a.Contracts.Feeds(), ", ")))
	case c.SQL == nil || c.SQL.Watermark == nil:
		return nil
	case k.Mode == lake.Snapshot:
		return errors.New(messages.Both("sources.snapshot", c.Name, c.Feed))
	case c.SQL.Watermark.Lag != "" && k.Mode != lake.Upsert:
		return errors.New(messages.Both("sources.lag", c.Name, c.Feed, k.Mode))
	}
	return nil
}

// mayRead says whether a contract knows the name, or it may be an archive of
// files that one knows.
func (a *App) mayRead(base string) bool {
	return a.Contracts.FeedOf(base) != "" || slices.Contains([]string{".zip", ".gz"}, strings.ToLower(path.Ext(base)))
}

func (a *App) source(name string) (*source.Source, error) {
	names := make([]string, len(a.sources))
	for i, s := range a.sources {
		if s.Name() == name {
			return s, nil
		}
		names[i] = s.Name()
	}
	return nil, errors.New(messages.Both("sources.none", name, strings.Join(names, ", ")))
}

// Pulled is what a pull of one source did.
type Pulled struct {
	Source string
	source.Result
	Ingested
}

// Faults are the objects that could not be fetched or loaded, as errors.
func (p Pulled) Faults() []error {
	errs := make([]error, len(p.Failed))
	for i, f := range p.Failed {
		errs[i] = fmt.Errorf("%s/%s: %w", p.Source, f.Object, f.Err)
	}
	return errs
}

// Pull looks at a source and loads what is new there. Objects that could not be
// fetched or loaded are in the result, and no error.
func (a *App) Pull(ctx context.Context, name string) (p Pulled, err error) {
	p.Source = name
	s, err := a.source(name)
	if err != nil {
		return p, err
	}
	called := false
	var fault error
	p.Result, err = s.Pull(ctx, func(ctx context.Context, list []source.Landed) (out []source.Outcome, err error) {
		called = true
		got, outcomes, err := a.loadLanded(ctx, s, list)
		p.Add(got)
		fault = cmp.Or(fault, err)
		return outcomes, err
	})
	if err == nil && fault != nil { // others were loaded after it
		_, _ = a.journal.timed(ctx, StageIngest, func(context.Context) error { return fault })
	}
	if err == nil && name == Inbox {
		for _, f := range p.Result.Unknown {
			a.log.Warn("no contract knows the file", "file", f)
		}
		if !called {
			_, err = a.journal.timed(ctx, StageIngest, func(context.Context) error { return nil })
		}
	}
	return p, err
}

// Add takes another load into the sum: of a pull, what was here from before a
// crash is loaded before the rest.
func (s *Ingested) Add(o Ingested) {
	s.RowsIn, s.RowsLoaded = s.RowsIn+o.RowsIn, s.RowsLoaded+o.RowsLoaded
	s.RowsQuarantined, s.RowsRepeated = s.RowsQuarantined+o.RowsQuarantined, s.RowsRepeated+o.RowsRepeated
	s.Loads, s.Refused = append(s.Loads, o.Loads...), append(s.Refused, o.Refused...)
	s.Unknown, s.Strays = append(s.Unknown, o.Unknown...), append(s.Strays, o.Strays...)
	s.Skipped += o.Skipped
}

// loadLanded loads what a source has landed. Within the ledger an object is
// named by its source and its name there; in the inbox by its name alone.
func (a *App) loadLanded(ctx context.Context, s *source.Source, list []source.Landed) (Ingested, []source.Outcome, error) {
	files := make([]ingest.File, len(list))
	order := make([]int, len(list))
	since := s.Config().SQL != nil && s.Config().SQL.Watermark != nil
	for i, x := range list {
		order[i] = i
		f := ingest.File{Path: x.Path, Rel: path.Join(s.Name(), x.Object.Name), Origin: s.Name(), Since: since}
		if s.Name() == Inbox {
			f.Rel, f.Origin = x.Object.Name, ""
		}
		files[i] = f
	}
	if s.Name() == Inbox { // as a scan by hand has them
		slices.SortFunc(order, func(i, j int) int { return cmp.Compare(files[i].Rel, files[j].Rel) })
	}
	sorted := make([]ingest.File, len(files))
	for at, i := range order {
		sorted[at] = files[i]
	}
	sum, out, err := a.load(ctx, feeds{force: s.Config().Feed}, sorted)
	if err != nil {
		return sum, nil, err
	}
	outcomes := make([]source.Outcome, len(list))
	for at, i := range order {
		outcomes[i] = out[at]
	}
	return sum, outcomes, nil
}

// RunSource does a source's schedule: what it brought is loaded, computed,
// evaluated and published.
func (a *App) RunSource(ctx context.Context, name string) error {
	p, err := a.Pull(ctx, name)
	errs := append([]error{err}, p.Faults()...)
	jobs := []string{StagePublish}
	if len(p.Loads) > 0 {
		jobs = []string{StageTransform, StageAlerts, StagePublish}
	}
	return errors.Join(append(errs, a.Run(ctx, jobs))...)
}

// sourceSchedule begins the names of sources' schedules.
const sourceSchedule = "source:"

// sourceSchedules gives one schedule a source that has one.
func (a *App) sourceSchedules() (out []config.Schedule) {
	for _, s := range a.sources {
		if cron := s.Config().Cron; cron != "" {
			out = append(out, config.Schedule{Name: sourceSchedule + s.Name(), Cron: cron})
		}
	}
	return out
}

// SourceStatus is a source with how it stands.
type SourceStatus struct {
	Config config.Source
	source.Standing
}

// Sources lists the sources, the inbox first.
func (a *App) Sources(ctx context.Context) ([]SourceStatus, error) {
	if a.sourceState == nil {
		return nil, nil // a past state fetches nothing
	}
	standing, err := a.sourceState.Standings(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]SourceStatus, len(a.sources))
	for i, s := range a.sources {
		out[i] = SourceStatus{s.Config(), standing[s.Name()]}
		out[i].Source = s.Name()
	}
	return out, nil
}

// SourceObjects lists what is remembered of a source's objects, by name.
func (a *App) SourceObjects(ctx context.Context, name string) ([]source.Record, error) {
	if _, err := a.source(name); err != nil {
		return nil, err
	}
	records, err := a.sourceState.Records(ctx, name)
	if err != nil {
		return nil, err
	}
	var out []source.Record
	for _, r := range records {
		out = append(out, r)
	}
	slices.SortFunc(out, func(x, y source.Record) int { return cmp.Compare(x.Object, y.Object) })
	return out, nil
}

// CheckSource connects to a source and lists it, and changes nothing.
func (a *App) CheckSource(ctx context.Context, name string) (int, error) {
	s, err := a.source(name)
	if err != nil {
		return 0, err
	}
	return s.Check(ctx)
}

// RetrySource has a source's refused, failed and unknown objects offered again,
// or the one named whatever its status. It gives how many.
func (a *App) RetrySource(ctx context.Context, name, object string) (int64, error) {
	if _, err := a.source(name); err != nil {
		return 0, err
	}
	return a.sourceState.Again(ctx, name, object)
}

// offerAgain has the source take an object again, that the ledger's name of an
// extract begins with; a file by hand is nobody's.
func (a *App) offerAgain(ctx context.Context, file string) error {
	for _, s := range a.sources {
		object, ok := strings.CutPrefix(file, s.Name()+"/")
		// The extract may be a member of an archive.
		for ; ok && object != "." && object != "/"; object = path.Dir(object) {
			n, err := a.sourceState.Again(ctx, s.Name(), object)
			if err != nil || n > 0 {
				return err
			}
		}
	}
	return nil
}
