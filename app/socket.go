package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"laborwatch/messages"
)

// Execute runs one command line inside this process and returns its exit code.
type Execute func(ctx context.Context, r Request, stdout, stderr io.Writer) int

// Request is a command line sent to the daemon that owns the data folder.
type Request struct {
	Args []string `json:"args"`
	// Dir is the caller's working directory: paths among Args are relative to it.
	Dir string `json:"dir"`
}

// frame is one piece of the daemon's answer.
type frame struct {
	Out  []byte `json:"o,omitempty"`
	Err  []byte `json:"e,omitempty"`
	Exit *int   `json:"x,omitempty"`
}

// SocketPath is where the daemon of a data folder listens. A Unix socket's
// path is limited to about 100 bytes, so a deep folder gets one in the
// temporary directory, named by the folder's inode.
func SocketPath(dir string) string {
	p := filepath.Join(dir, "laborwatch.sock")
	if len(p) < 100 {
		return p
	}
	info, err := os.Stat(dir)
	if err != nil {
		return p
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("laborwatch-%d-%s.sock", os.Getuid(), fileID(info)))
}

// serveSocket answers command lines until ctx ends. Only the owner of the
// socket file may connect.
func serveSocket(ctx context.Context, path string, run Execute) (func() error, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("socket: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("socket: %w", err), l.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /command", func(w http.ResponseWriter, r *http.Request) {
		var req Request
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		out := &frames{enc: json.NewEncoder(w), rc: http.NewResponseController(w)}
		code := run(r.Context(), req, out.writer(false), out.writer(true))
		_ = out.send(frame{Exit: &code}) // a caller that went away needs no answer
	})
	srv := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	return func() error {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err := srv.Shutdown(stop)
		if serr := <-done; !errors.Is(serr, http.ErrServerClosed) {
			err = errors.Join(err, serr)
		}
		return err
	}, nil
}

type frames struct {
	mu  sync.Mutex
	enc *json.Encoder
	rc  *http.ResponseController
}

func (f *frames) send(x frame) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enc.Encode(x); err != nil {
		return err
	}
	return f.rc.Flush()
}

func (f *frames) writer(stderr bool) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		x := frame{Out: p}
		if stderr {
			x = frame{Err: p}
		}
		if err := f.send(x); err != nil {
			return 0, err
		}
		return len(p), nil
	})
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// ErrNoDaemon means that nothing listens on the folder's socket.
var ErrNoDaemon = errors.New(messages.Beside("no laborwatch daemon serves this data folder"))

// Forward has the daemon of a data folder run a command line, copies what it
// prints and returns its exit code. Without a daemon the error is ErrNoDaemon.
func Forward(ctx context.Context, dir string, req Request, stdout, stderr io.Writer) (int, error) {
	path := SocketPath(dir)
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
		DisableKeepAlives: true,
	}}
	body, err := json.Marshal(req)
	if err != nil {
		return 0, err
	}
	hr, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://laborwatch/command", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(hr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return 0, ErrNoDaemon
		}
		return 0, fmt.Errorf("daemon: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("daemon: %s", resp.Status)
	}
	dec := json.NewDecoder(resp.Body)
	for {
		var f frame
		if err := dec.Decode(&f); err != nil {
			return 0, fmt.Errorf("%s: %w", messages.Beside("the daemon went away before the command ended; look at its log, then run the command again"), err)
		}
		if f.Exit != nil {
			return *f.Exit, nil
		}
		if _, err := stdout.Write(f.Out); err != nil {
			return 0, err
		}
		if _, err := stderr.Write(f.Err); err != nil {
			return 0, err
		}
	}
}
