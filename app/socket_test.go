package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestForward(t *testing.T) {
	dir := t.TempDir()
	stop, err := serveSocket(t.Context(), SocketPath(dir), func(_ context.Context, r Request, out, errw io.Writer) int {
		fmt.Fprintf(out, "ran %v in %s\n", r.Args, r.Dir)
		fmt.Fprint(errw, "and said so\n")
		out.Write([]byte{0, 0xff, 1})
		return 3
	})
	if err != nil {
		t.Fatal(err)
	}
	var out, errw bytes.Buffer
	code, err := Forward(t.Context(), dir, Request{Args: []string{"query", "x"}, Dir: "/here"}, &out, &errw)
	if err != nil || code != 3 {
		t.Fatalf("code %d, %v", code, err)
	}
	if got := out.String(); got != "ran [query x] in /here\n\x00\xff\x01" {
		t.Errorf("stdout %q", got)
	}
	if errw.String() != "and said so\n" {
		t.Errorf("stderr %q", errw.String())
	}
	if info, err := os.Stat(SocketPath(dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket must be its owner's alone: %v %v", info.Mode(), err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := Forward(t.Context(), dir, Request{}, &out, &errw); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("without a daemon: %v", err)
	}
}

func TestSocketPathOfADeepFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := SocketPath(dir)
	if len(p) >= 108 {
		t.Errorf("%d bytes are too long for a socket: %s", len(p), p)
	}
	stop, err := serveSocket(t.Context(), p, func(context.Context, Request, io.Writer, io.Writer) int { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestLockNamesItsHolder(t *testing.T) {
	dir := t.TempDir()
	me := Holder{PID: os.Getpid(), Command: "ingest", Since: time.Date(2026, 10, 9, 8, 7, 6, 0, time.UTC)}
	l, err := lockDir(t.Context(), dir, me, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lockDir(t.Context(), dir, me, 0)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder.PID != os.Getpid() || !strings.Contains(err.Error(), "laborwatch ingest") {
		t.Fatalf("second owner: %v", err)
	}
	if err := l.release(); err != nil {
		t.Fatal(err)
	}
	again, err := lockDir(t.Context(), dir, me, 0)
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	again.release()
}
