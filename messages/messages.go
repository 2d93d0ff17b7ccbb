// Package messages is the one catalog of the texts that people read, in
// Chinese and in English. Code holds keys, never sentences.
//
// The catalog is the YAML files beside this one, one an area; a key defined
// twice, or without one of the two languages, is an error at load.
package messages

import (
	"embed"
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

// Lang is a language of the catalog.
type Lang string

// The two languages of every text; Chinese is what analysts see first.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

//go:embed *.yaml
var files embed.FS

type text struct {
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

var catalog = sync.OnceValues(load)

func load() (map[string]text, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	all := map[string]text{}
	for _, e := range entries {
		b, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, err
		}
		var m map[string]text
		if err := yaml.UnmarshalWithOptions(b, &m, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("messages/%s: %w", e.Name(), err)
		}
		for k, t := range m {
			if _, twice := all[k]; twice {
				return nil, fmt.Errorf("messages/%s: key %q is defined twice", e.Name(), k)
			}
			if t.ZH == "" || t.EN == "" {
				return nil, fmt.Errorf("messages/%s: key %q lacks a language", e.Name(), k)
			}
			all[k] = t
		}
	}
	return all, nil
}

// Check reports whether the embedded catalog is whole.
func Check() error { _, err := catalog(); return err }

// Has reports whether the catalog holds the key.
func Has(key string) bool {
	m, err := catalog()
	_, ok := m[key]
	return err == nil && ok
}

// Keys lists the catalog's keys in order.
func Keys() []string {
	m, _ := catalog()
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// T gives the text of a key, formatted with args as by fmt.Sprintf. A key that
// the catalog lacks gives the key itself, so that nothing is ever shown empty.
func T(lang Lang, key string, args ...any) string {
	m, err := catalog()
	t, ok := m[key]
	if err != nil || !ok {
		return key
	}
	s := t.ZH
	if lang == EN {
		s = t.EN
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// Both gives the Chinese text with the English beside it.
func Both(key string, args ...any) string {
	return T(ZH, key, args...) + " / " + T(EN, key, args...)
}

// Inside is an argument of Beside that reads differently in each language.
type Inside interface{ In(lang Lang) string }

// Said is a text of Beside with its arguments, to stand inside another.
type Said struct {
	EN   string
	Args []any
}

// String gives the English, for texts that have no Chinese around it.
func (s Said) String() string { return s.In(EN) }

// In gives the text in a language; an empty one stays empty.
func (s Said) In(lang Lang) string {
	format := s.EN
	if zh, ok := chinese()[s.EN]; ok && lang == ZH {
		format = zh
	}
	if len(s.Args) == 0 {
		return format
	}
	args := make([]any, len(s.Args))
	for i, a := range s.Args {
		args[i] = a
		if x, ok := a.(Inside); ok {
			args[i] = x.In(lang)
		}
	}
	return fmt.Sprintf(format, args...)
}

// chinese gives the Chinese of the faults and of lines of the log by their English.
var chinese = sync.OnceValue(func() map[string]string {
	m, _ := catalog()
	out := map[string]string{}
	for k, t := range m {
		if strings.HasPrefix(k, "fault.") || strings.HasPrefix(k, "log.") {
			out[t.EN] = t.ZH
		}
	}
	return out
})

// Beside gives the English text of a fault with its Chinese before it, found in
// the catalog (keys fault.* and log.*) by the English; a text that the catalog lacks
// stands alone. It is for places that find many kinds of fault and hand all of
// them through one function.
func Beside(en string, args ...any) string {
	s := Said{en, args}
	if _, ok := chinese()[en]; !ok {
		return s.In(EN)
	}
	return s.In(ZH) + " / " + s.In(EN)
}
