package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"laborwatch/messages"
)

// Holder is the process that owns a data folder, as its lock file tells.
type Holder struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// LockedError says who owns the data folder and what to do about it.
type LockedError struct {
	Dir    string
	Holder Holder
}

func (e *LockedError) Error() string {
	h := e.Holder
	return messages.Beside("data folder %[1]s is in use by process %[2]d (laborwatch %[3]s, since %[4]s). Try: wait for it to end, or stop it with: kill %[2]d",
		e.Dir, h.PID, h.Command, h.Since.Format(time.DateTime))
}

// lock is the ownership of a data folder. The kernel drops it with the
// process, however that ends, so a lock is never stale.
type lock struct{ f *os.File }

// lockDir takes ownership of dir. While another process has it, it tries again
// until patience ends; then the error is a *LockedError.
func lockDir(ctx context.Context, dir string, me Holder, patience time.Duration) (*lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	deadline := time.Now().Add(patience)
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			_ = f.Close()
			return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
		}
		if time.Now().After(deadline) {
			holder := readHolder(f)
			_ = f.Close()
			return nil, &LockedError{Dir: dir, Holder: holder}
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	b, err := json.Marshal(me)
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt(b, 0)
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
	}
	return &lock{f: f}, nil
}

func readHolder(f *os.File) Holder {
	var h Holder
	if b, err := io.ReadAll(io.NewSectionReader(f, 0, 4096)); err == nil {
		_ = json.Unmarshal(b, &h) // a holder that is just writing is shown without its name
	}
	return h
}

func (l *lock) release() error {
	if l == nil || l.f == nil {
		return nil
	}
	_ = l.f.Truncate(0)
	return l.f.Close() // closing drops the lock
}
