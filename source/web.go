package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"laborwatch/config"
	"laborwatch/messages"
)

// web is a list of addresses.
type web struct {
	c      config.HTTPSource
	client *http.Client
	// authorize adds the credentials to a request.
	authorize func(*http.Request)
	now       time.Time
	urls      map[string]string // by object name
	// missed are the hosts that could not be reached in this look, attempts how
	// often one is tried.
	missed   map[string]*miss
	attempts int
}

// miss is how often in a row a host could not be reached, and why.
type miss struct {
	times int
	err   error
}

func (s *Source) newHTTP() (*web, error) {
	c := *s.c.HTTP
	trust, err := tlsConfig(c.CAFile)
	if err != nil {
		return nil, err
	}
	w := &web{c: c, authorize: func(*http.Request) {}, now: s.o.Clock().In(s.o.Location), missed: s.missed, attempts: s.c.Retry.Attempts}
	password, err := s.secret("password", c.PasswordFile, c.PasswordEnv)
	if err != nil {
		return nil, err
	}
	token, err := s.secret("token", c.TokenFile, c.TokenEnv)
	if err != nil {
		return nil, err
	}
	switch {
	case token != "":
		w.authorize = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	case password != "":
		w.authorize = func(r *http.Request) { r.SetBasicAuth(c.User, password) }
	}
	dialer := &net.Dialer{Timeout: s.c.Timeout.Connect}
	w.client = &http.Client{
		// A timeout of the whole request is the caller's context.
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSClientConfig: trust, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: s.c.Timeout.Connect, ResponseHeaderTimeout: s.c.Timeout.Idle,
			DisableCompression: true, // the bytes are taken as they are kept
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) >= 10 || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
				return permanent(errors.New(messages.Both("sources.redirect", r.URL.Host)))
			}
			return nil
		},
	}
	w.urls, err = w.addresses()
	return w, err
}

// addresses gives the addresses with their dates filled in, by object name:
// the last part of the path, with those before it where two are alike.
func (w *web) addresses() (map[string]string, error) {
	var all []string
	for _, template := range w.c.URLs {
		month := time.Date(w.now.Year(), w.now.Month(), 1, 0, 0, 0, 0, time.UTC)
		day := time.Date(w.now.Year(), w.now.Month(), w.now.Day(), 0, 0, 0, 0, time.UTC)
		switch {
		case strings.Contains(template, "{DD}"):
			for n := range w.c.Days {
				all = append(all, fill(template, day.AddDate(0, 0, -n)))
			}
		case strings.Contains(template, "{MM}") || strings.Contains(template, "{YYYY}"):
			for n := range w.c.Months {
				all = append(all, fill(template, month.AddDate(0, -n, 0)))
			}
		default:
			all = append(all, template)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	count := map[string]int{}
	names := make([]string, len(all))
	for i, raw := range all {
		u, err := url.Parse(raw)
		if err != nil {
			return nil, err
		}
		names[i] = path.Base(u.Path)
		count[names[i]]++
	}
	out := map[string]string{}
	for i, raw := range all {
		name := names[i]
		if count[name] > 1 {
			u, _ := url.Parse(raw)
			name = path.Join(u.Host, u.Path)
		}
		if _, twice := out[name]; twice {
			return nil, errors.New(messages.Beside("two addresses give the name %s", name))
		}
		out[name] = raw
	}
	return out, nil
}

// fill puts a date into a template.
func fill(template string, t time.Time) string {
	return strings.NewReplacer("{YYYY}", t.Format("2006"), "{MM}", t.Format("01"), "{DD}", t.Format("02")).Replace(template)
}

func (w *web) Close() error {
	w.client.CloseIdleConnections()
	return nil
}

// dated says whether an address came of a template: it may not be there yet.
func (w *web) dated(address string) bool { return !slices.Contains(w.c.URLs, address) }

// List asks for the headers of every address. What is as it was done with keeps
// its version; a dated address that is not there is not on offer. One that
// cannot be had hides no other, and neither does a host: only where no host at
// all can be reached, or trusted, is that the fault of the source.
func (w *web) List(ctx context.Context, known map[string]string) (out []Object, err error) {
	names := make([]string, 0, len(w.urls))
	for name := range w.urls {
		names = append(names, name)
	}
	slices.Sort(names)
	answered := false
	var first error
	down := map[string]error{} // hosts are asked once a look
	for _, name := range names {
		host := w.host(name)
		o, there, err := Object{}, false, down[host]
		if err == nil {
			o, there, err = w.head(ctx, name, known[name])
		}
		switch {
		case ctx.Err() != nil:
			return nil, errors.Join(context.Cause(ctx), err)
		case err != nil:
			if unreached(err) {
				down[host] = err
			}
			answered = answered || !unreached(err) && !untrusted(err)
			first = cmp.Or(first, err)
			out = append(out, Object{Name: name, Size: -1, fault: err})
		case there:
			out = append(out, o)
			answered = true
		default:
			answered = true
		}
	}
	if !answered {
		return nil, first
	}
	return out, nil
}

func (w *web) host(name string) string {
	u, err := url.Parse(w.urls[name])
	if err != nil {
		return ""
	}
	return u.Host
}

// unreached says whether no connection came about: no such host, nothing that
// listens, no way there.
func unreached(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

func (w *web) head(ctx context.Context, name, known string) (Object, bool, error) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		resp, err := w.ask(ctx, method, name, func(h http.Header) { unlessKnown(h, known) })
		if err != nil {
			return Object{}, false, err
		}
		if err := resp.Body.Close(); err != nil {
			return Object{}, false, err
		}
		switch resp.StatusCode {
		case http.StatusOK:
			return served(name, resp), true, nil
		case http.StatusNotModified:
			return Object{Name: name, Size: -1, Version: known}, true, nil
		case http.StatusNotFound, http.StatusGone:
			if w.dated(w.urls[name]) {
				return Object{}, false, nil
			}
		case http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			if method == http.MethodHead {
				continue // an address may be signed for GET alone: then the headers of that
			}
		}
		// One address that is wrong does not hide the others.
		return Object{Name: name, Size: -1, fault: status(name, resp)}, true, nil
	}
	return Object{}, false, nil
}

// unlessKnown asks for an object only if it is not of the known version.
func unlessKnown(h http.Header, known string) {
	if t, ok := strings.CutPrefix(known, modified); ok {
		h.Set("If-Modified-Since", t)
	} else if strings.HasPrefix(known, `"`) || strings.HasPrefix(known, "W/") {
		h.Set("If-None-Match", known)
	}
}

// modified begins a version that is a time of change, not an entity tag.
const modified = "modified "

func served(name string, resp *http.Response) Object {
	o := Object{Name: name, Size: resp.ContentLength, Version: resp.Header.Get("ETag")}
	if t, err := http.ParseTime(resp.Header.Get("Last-Modified")); err == nil {
		o.Modified = t
		if o.Version == "" {
			o.Version = modified + resp.Header.Get("Last-Modified")
		}
	}
	return o
}

func (w *web) ask(ctx context.Context, method, name string, set func(http.Header)) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.urls[name], nil)
	if err != nil {
		return nil, permanent(err)
	}
	host := req.URL.Host
	if m := w.missed[host]; m != nil && m.times >= w.attempts {
		return nil, permanent(m.err) // not for every one of its addresses anew
	}
	w.authorize(req)
	set(req.Header)
	resp, err := w.client.Do(req)
	err = unsigned(err)
	if !unreached(err) {
		delete(w.missed, host)
	} else if m := w.missed[host]; m != nil {
		m.times, m.err = m.times+1, err
	} else {
		w.missed[host] = &miss{1, err}
	}
	if untrusted(err) {
		err = permanent(err)
	}
	return resp, err
}

// unsigned takes the query out of the address that an error shows: it may be a
// signature.
func unsigned(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		if at, _, signed := strings.Cut(u.URL, "?"); signed {
			u.URL = at + "?…"
		}
	}
	return err
}

// status turns an answer into an error. Those of the server itself, and of too
// many requests, may pass.
func status(name string, resp *http.Response) error {
	err := errors.New(messages.Both("sources.status", name, resp.Status))
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusRequestTimeout {
		return err
	}
	return permanent(err)
}

// Open asks for what is missing of the object, on condition that it is still of
// that version; else the server sends the whole.
func (w *web) Open(ctx context.Context, o Object, offset int64) (*Stream, error) {
	// A weak tag does not promise equal bytes.
	resumes := offset > 0 && o.Version != "" && !strings.HasPrefix(o.Version, "W/")
	resp, err := w.ask(ctx, http.MethodGet, o.Name, func(h http.Header) {
		if resumes {
			h.Set("Range", fmt.Sprintf("bytes=%d-", offset))
			h.Set("If-Range", strings.TrimPrefix(o.Version, modified))
		}
	})
	if err != nil {
		return nil, err
	}
	switch {
	case resp.StatusCode == http.StatusOK:
		return &Stream{ReadCloser: resp.Body, Object: served(o.Name, resp)}, nil
	case resp.StatusCode == http.StatusPartialContent && resumes:
		at, size, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || at != offset {
			return nil, errors.Join(fmt.Errorf("%s: asked for bytes from %d, got %q", o.Name, offset, resp.Header.Get("Content-Range")), resp.Body.Close())
		}
		now := served(o.Name, resp)
		if now.Version != "" && now.Version != o.Version { // it ignored If-Range
			return nil, errors.Join(fmt.Errorf("%s: %w", o.Name, errMoved), resp.Body.Close())
		}
		now.Size, now.Version = size, o.Version
		return &Stream{ReadCloser: resp.Body, Object: now, Offset: offset}, nil
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && resumes:
		_ = drain(resp.Body)
		return w.Open(ctx, o, 0)
	}
	err = status(o.Name, resp)
	if w.dated(w.urls[o.Name]) && (resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone) {
		err = errNothing
	}
	return nil, errors.Join(err, resp.Body.Close())
}

var errMoved = errors.New("a part of another version came; it begins anew")

func drain(r io.ReadCloser) error {
	_, err := io.CopyN(io.Discard, r, 4096)
	return errors.Join(err, r.Close())
}

// contentRange reads "bytes 5-9/10"; the size is -1 where it is not told.
func contentRange(h string) (from, size int64, ok bool) {
	span, ok := strings.CutPrefix(h, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, total, ok := strings.Cut(span, "/")
	if !ok {
		return 0, 0, false
	}
	first, _, _ := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if size, err = strconv.ParseInt(total, 10, 64); err != nil {
		size = -1
	}
	return from, size, true
}
