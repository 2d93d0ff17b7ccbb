package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"laborwatch/config"
	"laborwatch/messages"
	"laborwatch/schedules"
)

// ServeOptions of Serve.
type ServeOptions struct {
	// Execute runs command lines that other processes send.
	Execute Execute
	// Ready is told the address once it accepts connections.
	Ready func(addr string)
	Log   *slog.Logger
}

// shutdownGrace bounds how long open requests may take once ctx has ended.
const shutdownGrace = 10 * time.Second

// Serve publishes what the folder holds, answers HTTP and the local socket and
// runs the schedules, until ctx ends. It then finishes what is under way.
func (a *App) Serve(ctx context.Context, o ServeOptions) error {
	if _, err := a.ingester(ctx); err != nil {
		return err // now, not at every scheduled run
	}
	if err := a.Publish(ctx); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	handler, err := a.handler()
	if err != nil {
		return err
	}
	runner, err := a.runner(o.Log)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.Config.Web.Listen)
	if err != nil {
		return errors.New(messages.Beside("listen on %s (web.listen): %v. Try: another port in the configuration, or --listen 127.0.0.1:0", a.Config.Web.Listen, err))
	}
	closeSocket, err := serveSocket(ctx, SocketPath(a.Config.Data), func(ctx context.Context, r Request, stdout, stderr io.Writer) int {
		return o.Execute(ctx, r, stdout, stderr)
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	if err := runner.Start(gctx); err != nil {
		return errors.Join(err, srv.Close(), closeSocket(), g.Wait())
	}
	o.Log.Info("serving", "address", l.Addr().String(), "data", a.Config.Data)
	if o.Ready != nil {
		o.Ready(l.Addr().String())
	}
	<-gctx.Done()
	o.Log.Info("stopping")
	runner.Stop()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	return errors.Join(srv.Shutdown(stop), closeSocket(), g.Wait())
}

func (a *App) runner(log *slog.Logger) (*schedules.Runner, error) {
	list := a.Config.Schedules
	if len(list) == 0 {
		var err error
		if list, err = schedules.Default(); err != nil {
			return nil, err
		}
	}
	return schedules.New(schedules.Options{
		Schedules: append(slices.Clip(list), a.sourceSchedules()...), Location: a.Config.Location(), Store: a.journal, Log: log,
		Run: func(ctx context.Context, s config.Schedule) error {
			if name, ok := strings.CutPrefix(s.Name, sourceSchedule); ok {
				return a.RunSource(ctx, name)
			}
			return a.Run(ctx, s.Jobs)
		},
	})
}
