package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"laborwatch/messages"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates of one language.
type pages map[string]*template.Template

var pageNames = []string{"dashboard", "alerts", "releases", "message"}

func parsePages(lang messages.Lang, a *assets) (pages, error) {
	out := pages{}
	for _, name := range pageNames {
		t, err := template.New("layout.html").Funcs(template.FuncMap{
			"t":       func(key string, args ...any) string { return messages.T(lang, key, args...) },
			"plotted": func(p *rangePlot, city string) rangeView { return rangeView{p, city} },
			"asset":   func(name string) string { return a.urls[name] },
		}).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		out[name] = t
	}
	return out, nil
}

// layout is what every page shows around its own content.
type layout struct {
	Lang    messages.Lang
	HTML    string // the html element's lang
	Title   string
	City    string
	Active  string // of the navigation
	Nav     []link
	Toggle  link // the same page in the other language
	Home    string
	Built   string
	Contact string
	Script  bool
	Body    any
}

type link struct {
	Href, Text string
	Active     bool
}

// lang of a request: its lang parameter, else the configured one.
func (s *server) lang(r *http.Request) messages.Lang {
	switch messages.Lang(r.URL.Query().Get("lang")) {
	case messages.ZH:
		return messages.ZH
	case messages.EN:
		return messages.EN
	}
	if messages.Lang(s.Config.Web.Lang) == messages.EN {
		return messages.EN
	}
	return messages.ZH
}

// href is an address in the page's language: a language other than the
// configured one is carried along.
func (s *server) href(lang messages.Lang, path string, query url.Values) string {
	q := url.Values{}
	for k, v := range query {
		if k != "lang" {
			q[k] = v
		}
	}
	if string(lang) != s.Config.Web.Lang {
		q.Set("lang", string(lang))
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// render answers with a page, whole or not at all.
func (s *server) render(w http.ResponseWriter, r *http.Request, code int, name string, body any) {
	lang := s.lang(r)
	other, html := messages.EN, "zh-CN"
	if lang == messages.EN {
		other, html = messages.ZH, "en"
	}
	l := layout{
		Lang: lang, HTML: html, Title: messages.T(lang, "web.title."+name), City: s.city(lang), Active: name,
		Home: s.href(lang, "/", nil), Contact: s.Config.Release.Contact, Script: name == "dashboard", Body: body,
		Toggle: link{Href: s.href(other, r.URL.Path, r.URL.Query()), Text: messages.T(other, "web.language")},
	}
	if name == "message" { // of an address that may not exist
		l.Toggle.Href = s.href(other, "/", nil)
	}
	for _, n := range []struct{ name, path string }{{"dashboard", "/"}, {"alerts", "/alerts"}, {"releases", "/releases/"}} {
		l.Nav = append(l.Nav, link{Href: s.href(lang, n.path, nil), Text: messages.T(lang, "web.nav."+n.name), Active: n.name == name})
	}
	if st := s.Source(); st != nil && !st.Built.IsZero() {
		l.Built = st.Built.In(s.Config.Location()).Format("2006-01-02 15:04")
	}
	var b bytes.Buffer
	if err := s.pages[lang][name].Execute(&b, l); err != nil {
		s.Log.Error("page failed", "page", name, "error", err)
		plain(w, http.StatusInternalServerError, "internal error\n")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", html)
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // the reader is gone: nobody to tell
}

func (s *server) city(lang messages.Lang) string {
	if lang == messages.EN {
		return s.Config.City.EN
	}
	return s.Config.City.ZH
}

// message is a page that says one thing and what to do about it.
type message struct {
	Heading, Text string
}

func (s *server) missing(w http.ResponseWriter, r *http.Request) {
	lang := s.lang(r)
	code, key := http.StatusNotFound, "web.missing"
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		code, key = http.StatusMethodNotAllowed, "web.method"
		w.Header().Set("Allow", "GET, HEAD")
	}
	s.render(w, r, code, "message", message{Heading: messages.T(lang, key), Text: messages.T(lang, key+".text")})
}
