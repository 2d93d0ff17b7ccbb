package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"laborwatch/alert"
	"laborwatch/config"
	"laborwatch/filing"
	"laborwatch/ingest"
	"laborwatch/lake"
	"laborwatch/messages"
	"laborwatch/monthly"
	"laborwatch/period"
	"laborwatch/source"
	"laborwatch/sql"
	"laborwatch/transform"
)

// Stage names, as metrics, journal and demo show them.
const (
	StageIngest    = "ingest"
	StageTransform = "transform"
	StageAlerts    = "alerts"
	StagePublish   = "publish"
	StageRelease   = "release"
)

func contracts(c *config.Config) (ingest.Contracts, error) {
	if c.Ingest.OnlyContracts {
		return ingest.LoadOnly(c.Ingest.Contracts)
	}
	return ingest.LoadContracts(c.Ingest.Contracts)
}

// ingester is made when first needed: it alone needs the pseudonym key, and
// reading indicators must not.
func (a *App) ingester(ctx context.Context) (*ingest.Ingester, error) {
	a.lazy.Lock()
	defer a.lazy.Unlock()
	if a.ingest != nil {
		return a.ingest, nil
	}
	keys, err := a.chain(ctx)
	if err != nil {
		return nil, err
	}
	var regions []string
	city := a.Config.City
	scopes := map[string]string{city.Code: "", city.ZH: "", messages.T(messages.ZH, "ingest.whole"): ""}
	for _, r := range a.Config.Regions {
		scopes[r.ZH] = r.Code
		if a.Config.Ingest.CheckRegions {
			regions = append(regions, r.Code)
		}
	}
	a.ingest, err = ingest.New(ingest.Options{
		Lake: a.Lake, Engine: a.Engine, Contracts: a.Contracts, Inbox: a.Config.Ingest.Inbox, Keys: keys, Regions: regions, Scopes: scopes,
		Clock: a.opts.Clock, Log: a.log, Limits: a.limits(),
		Progress: func(p ingest.Progress) {
			a.opts.Progress(StageIngest, messages.Both("ingest.progress", p.Done, p.Total, p.Rows, path.Base(p.File)), p.Bytes, p.TotalBytes)
		},
	})
	if err != nil {
		return nil, err
	}
	return a.ingest, a.ingest.RememberContracts(ctx)
}

// transformer is made when first needed, from the models and the configuration.
func (a *App) transformer(ctx context.Context) (*transform.Transform, error) {
	a.lazy.Lock()
	defer a.lazy.Unlock()
	if a.models != nil {
		return a.models, nil
	}
	src, err := modelFiles(a.Config.Models.Dir)
	if err != nil {
		return nil, err
	}
	a.models, err = a.transformOf(ctx, src, nil)
	return a.models, err
}

// transformOf makes a set of models ready to run, only those named where any are.
func (a *App) transformOf(ctx context.Context, src fs.FS, only []string) (*transform.Transform, error) {
	sources, upserts := map[string][]lake.Column{}, map[string][]string{}
	for feed, c := range a.Contracts {
		sources[feed] = c.LakeColumns()
		if c.Mode == lake.Upsert {
			upserts[feed] = c.Key
		}
	}
	embedded, err := ingest.LoadContracts("")
	if err != nil {
		return nil, err
	}
	// The models know these feeds and their columns, whichever of them the
	// configuration has contracts for; what a contract of its own lacks is NULL.
	for feed, c := range embedded {
		for _, col := range c.LakeColumns() {
			if !slices.ContainsFunc(sources[feed], func(own lake.Column) bool { return own.Name == col.Name }) {
				sources[feed] = append(sources[feed], col)
			}
		}
	}
	return transform.New(ctx, transform.Options{
		Engine: a.Engine, Lake: a.Lake, Models: src, Only: only, Params: a.Config.Params(), Seeds: seeds(a.Config),
		Boards:  []transform.Board{{Name: filing.Name, Columns: filing.Columns(), Rows: a.Filing.Rows}},
		Sources: sources, Upserts: upserts, Computations: monthly.Computations(a.Config), Log: a.log,
		Progress: func(model string, done, total int) {
			a.opts.Progress(StageTransform, model, int64(done), int64(total))
		},
	})
}

func modelFiles(dir string) (fs.FS, error) {
	if dir == "" {
		return sql.FS, nil
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("models.dir: %w", err)
	}
	return overlay{over: os.DirFS(dir), base: sql.FS}, nil
}

// Ingested is what Ingest did, and what no contract knows: files, and members of
// archives as ARCHIVE/MEMBER.
type Ingested struct {
	ingest.Summary
	Unknown, Strays []string
}

// Ingest loads files, or everything in the inbox when there are none. A feed
// names what the files are; empty, their names tell. The members of archives
// are loaded as files of their own.
func (a *App) Ingest(ctx context.Context, feed string, files []string) (Ingested, error) {
	return a.ingestAs(ctx, feed, files, false)
}

// TryIngest says what Ingest would do, and changes nothing.
func (a *App) TryIngest(ctx context.Context, feed string, files []string) (Ingested, error) {
	return a.ingestAs(ctx, feed, files, true)
}

func (a *App) ingestAs(ctx context.Context, feed string, files []string, dry bool) (sum Ingested, err error) {
	in, err := a.ingester(ctx)
	if err != nil {
		return sum, err
	}
	list, unknown, partly := a.extracts(in, feed, files)
	if partly != nil && (len(files) > 0 || len(list)+len(unknown) == 0) {
		return sum, partly // a person named what is not there: nothing is done
	}
	defer func() { err = errors.Join(err, partly) }()
	as := feeds{force: feed, dry: dry}
	var stamps []source.Object
	if len(files) == 0 {
		as = feeds{only: feed, dry: dry}
		stamps = a.stamped(list)
	}
	sum, out, err := a.load(ctx, as, list)
	sum.Unknown = append(unknown, sum.Unknown...)
	if err != nil || dry {
		return sum, err
	}
	for i, o := range stamps {
		// Of an archive, one feed alone may have been taken.
		if o.Name == "" || out[i].Refused != "" || (feed != "" && list[i].Feed != feed) {
			continue
		}
		if err := a.sources[0].PutAway(o); err != nil {
			a.log.Warn("could not put away", "source", Inbox, "object", o.Name, "error", err)
		}
	}
	return sum, nil
}

// stamped are the inbox's files as they are before they are loaded, so that one
// that is replaced meanwhile is not put away unread. What vanished has no name.
func (a *App) stamped(list []ingest.File) []source.Object {
	out := make([]source.Object, len(list))
	for i, f := range list {
		if o, err := a.sources[0].Stamp(f.Rel); err == nil {
			out[i] = o
		}
	}
	return out
}

// RunTransform computes what changed.
func (a *App) RunTransform(ctx context.Context, periods []period.Period) (res *transform.Result, err error) {
	a.work.Lock()
	defer a.work.Unlock()
	_, err = a.journal.timed(ctx, StageTransform, func(ctx context.Context) error {
		t, err := a.transformer(ctx)
		if err != nil {
			return err
		}
		if res, err = t.Run(ctx, periods); err != nil && strings.Contains(err.Error(), a.Lake.Dir()) {
			// A file of the lake could not be read: which, and what to do, verify knows.
			return fmt.Errorf("%w. %s", err, messages.Both("cli.loads.unread"))
		}
		if err != nil {
			return err
		}
		return a.Lake.EndRotation(ctx)
	})
	return res, err
}

// Plan says what RunTransform would compute, and why.
func (a *App) Plan(ctx context.Context, periods []period.Period) (*transform.Plan, error) {
	t, err := a.transformer(ctx)
	if err != nil {
		return nil, err
	}
	return t.Plan(ctx, periods)
}

// Evaluate turns the models' candidates into alerts.
func (a *App) Evaluate(ctx context.Context) (res alert.Result, err error) {
	a.work.Lock()
	defer a.work.Unlock()
	_, err = a.journal.timed(ctx, StageAlerts, func(ctx context.Context) error {
		overdue, err := a.overdue(ctx)
		if err != nil {
			return err
		}
		res, err = a.Alerts.Evaluate(ctx, overdue...)
		return err
	})
	return res, err
}

// Run does a schedule's jobs in order and stops at the first that fails. A file
// in the inbox that cannot be read stops nothing, and is an error all the same.
func (a *App) Run(ctx context.Context, jobs []string) error {
	var faults []error
	for _, j := range jobs {
		var err error
		switch j {
		case StageIngest:
			var p Pulled
			p, err = a.Pull(ctx, Inbox)
			faults = append(faults, p.Faults()...)
		case StageTransform:
			_, err = a.RunTransform(ctx, nil)
		case StageAlerts:
			_, err = a.Evaluate(ctx)
		case StagePublish:
			err = a.Publish(ctx)
		case StageRelease:
			_, err = a.Release(ctx, 0)
		}
		if err != nil {
			return errors.Join(append(faults, fmt.Errorf("%s: %w", j, err))...)
		}
	}
	return errors.Join(faults...)
}

// now is the injected clock's time in the configured zone.
func (a *App) now() time.Time { return a.opts.Clock().In(a.Config.Location()) }
