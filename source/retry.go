package source

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sys/unix"

	"laborwatch/messages"
)

var (
	errWhole = errors.New(messages.Beside("timeout.whole has passed"))
	errIdle  = errors.New(messages.Beside("nothing arrived for as long as timeout.idle"))
)

// retry runs op until it succeeds, fails for good, or has failed as often as
// the source allows. op says whether it got further than before: then the count
// and the pauses begin again, so that a long transfer over a bad line ends.
func (s *Source) retry(ctx context.Context, what string, op func(context.Context) (bool, error)) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = s.c.Retry.First, s.c.Retry.Max
	pause.Multiplier, pause.RandomizationFactor = 2, 0.5
	pause.Reset()
	for failed := 1; ; failed++ {
		further, err := op(ctx)
		if err == nil || errors.Is(err, errNothing) {
			return err
		}
		s.shut()
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		if isPermanent(err) || local(err) {
			return err
		}
		if further {
			failed = 1
			pause.Reset()
		}
		if failed >= s.c.Retry.Attempts {
			return err
		}
		d := pause.NextBackOff()
		s.o.Log.Info("trying again", "source", s.c.Name, "what", what, "failed", failed, "pause", d, "error", s.clean(err))
		if werr := s.o.Wait(ctx, d); werr != nil {
			return errors.Join(werr, err)
		}
	}
}

// localError is a fault of this machine: the source is not to blame, and asking
// it again does not help.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

func local(err error) bool {
	var l *localError
	return errors.As(err, &l)
}

func full(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}

// watched reads from r and cancels when nothing came for a while.
type watched struct {
	r     io.Reader
	timer *time.Timer
	idle  time.Duration
}

func watch(r io.Reader, idle time.Duration, cancel context.CancelCauseFunc) *watched {
	return &watched{r: r, idle: idle, timer: time.AfterFunc(idle, func() { cancel(errIdle) })}
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 {
		w.timer.Reset(w.idle)
	}
	return n, err
}

func (w *watched) stop() { w.timer.Stop() }
