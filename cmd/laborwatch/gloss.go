package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"laborwatch/messages"
)

// kinds are the faults of machine, network and engine that people are told what
// to do about: by the error itself, or by its text where the engine or another
// process has only that. The first that fits counts; a text stands under
// cli.fault in the catalog.
var kinds = []struct {
	key  string
	is   []error
	text *regexp.Regexp
}{
	{"full", []error{unix.ENOSPC, unix.EDQUOT}, regexp.MustCompile(`(?i)no space left on device|disk quota exceeded|max_temp_directory_size`)},
	{"permission", []error{fs.ErrPermission}, regexp.MustCompile(`(?i)permission denied|operation not permitted`)},
	{"readonly", []error{unix.EROFS}, regexp.MustCompile(`(?i)read-only file system`)},
	{"memory", []error{unix.ENOMEM}, regexp.MustCompile(`(?i)out of memory error|cannot allocate memory`)},
	{"busy", nil, regexp.MustCompile(`Could not set lock|Conflicting lock|is held by (process|another process)`)},
	{"newer", nil, regexp.MustCompile(`database file with version number`)},
	{"lakefile", nil, regexp.MustCompile(`(Could not read enough bytes|No magic bytes|TProtocolException|too small to be a Parquet|Invalid Input Error).*\.parquet`)},
	{"state", nil, regexp.MustCompile(`state\.duckdb.*` + damagedDatabase)},
	{"warehouse", nil, regexp.MustCompile(`warehouse\.duckdb.*` + damagedDatabase)},
	{"database", nil, regexp.MustCompile(damagedDatabase)},
	{"device", []error{unix.EIO}, regexp.MustCompile(`(?i)input/output error`)},
	{"files", []error{unix.EMFILE, unix.ENFILE}, regexp.MustCompile(`(?i)too many open files`)},
	{"folder", []error{unix.ENOTDIR, unix.EISDIR}, regexp.MustCompile(`(?i)not a directory|is a directory`)},
	{"missing", []error{fs.ErrNotExist}, regexp.MustCompile(`(?i)no such file or directory`)},
	{"exists", []error{fs.ErrExist}, regexp.MustCompile(`(?i)file exists`)},
	{"inuse", []error{unix.EADDRINUSE}, regexp.MustCompile(`(?i)address already in use`)},
	{"refused", []error{unix.ECONNREFUSED}, regexp.MustCompile(`(?i)connection refused`)},
	{"unreachable", []error{unix.EHOSTUNREACH, unix.ENETUNREACH}, regexp.MustCompile(`(?i)network is unreachable|no route to host`)},
	{"host", nil, regexp.MustCompile(`(?i)no such host|server misbehaving`)},
	{"timeout", []error{context.DeadlineExceeded, os.ErrDeadlineExceeded}, regexp.MustCompile(`(?i)i/o timeout|timed out|deadline exceeded`)},
	{"broken", []error{unix.ECONNRESET, unix.EPIPE, io.ErrUnexpectedEOF}, regexp.MustCompile(`(?i)connection reset|broken pipe|unexpected EOF`)},
	{"uncomputed", nil, regexp.MustCompile(`(?s)Catalog Error: Table with name \w+ does not exist.*wh\.main`)},
	{"sql", nil, regexp.MustCompile(`\b(Binder|Catalog|Parser|Syntax|Conversion|Constraint|Invalid Input|Out of Range|Not implemented|TransactionContext) Error\b`)},
	{"engine", nil, regexp.MustCompile(`\bIO Error\b`)},
}

// damagedDatabase is how the engine says that a database file is not whole.
const damagedDatabase = `(not a valid DuckDB database|Corrupt database file|Could not read enough bytes|replaying WAL|INTERNAL Error|FATAL Error|Serialization Error)`

var modelFile = regexp.MustCompile(`(?:^|[\s:])((?:[\w-]+/)*[\w-]+\.sql)\b`)

// gloss says an error in Chinese first: what failed and what to do, then in
// English, then the error's own words. Errors that speak Chinese keep theirs;
// of several joined ones each is told on a line of its own.
func gloss(err error) string {
	if several := joined(err); several != nil {
		lines := make([]string, len(several))
		for i, one := range several {
			lines[i] = gloss(one)
		}
		return strings.Join(lines, "\n")
	}
	text := err.Error()
	place, of, rest := placeOf(text)
	if speaksChinese(text) {
		switch {
		case place == "":
			return text
		case of != "":
			return messages.T(messages.ZH, place) + "（" + of + "）：" + rest
		}
		return messages.T(messages.ZH, place) + "：" + rest
	}
	kind := "cli.fault." + kindOf(err, text)
	say := func(lang messages.Lang, colon string) string {
		what := messages.T(lang, kind)
		if m := modelFile.FindStringSubmatch(text); m != nil {
			return messages.T(lang, "cli.fault.model", m[1]) + colon + what
		}
		if place != "" {
			return messages.T(lang, place) + colon + what
		}
		return what
	}
	return say(messages.ZH, "：") + " / " + say(messages.EN, ": ") + ": " + text
}

// joined are the errors that errors.Join made one; nil for any other error.
func joined(err error) []error {
	several, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // a wrapped one has words around it
	if !ok {
		return nil
	}
	var texts []string
	for _, one := range several.Unwrap() {
		texts = append(texts, one.Error())
	}
	if len(texts) < 2 || strings.Join(texts, "\n") != err.Error() {
		return nil
	}
	return several.Unwrap()
}

// kindOf is the key of the first kind that fits, "other" for none.
func kindOf(err error, text string) string {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return "host"
	}
	for _, k := range kinds {
		if slices.ContainsFunc(k.is, func(target error) bool { return errors.Is(err, target) }) || k.text.MatchString(text) {
			return k.key
		}
	}
	return "other"
}

// placeOf is the key of what an error's first words stand for, as packages
// begin their errors: "release 2026-10: …" is of 2026-10, and the rest follows.
func placeOf(text string) (key, of, rest string) {
	head, rest, ok := strings.Cut(text, ": ")
	words := strings.Fields(head)
	if !ok {
		return "", "", text
	}
	for n := min(len(words), 3); n > 0; n-- {
		if key := "cli.fault.place." + strings.Join(words[:n], "_"); messages.Has(key) {
			return key, strings.Join(words[n:], " "), rest
		}
	}
	return "", "", text
}

// speaksChinese reports whether an error has words in Chinese, beside names of
// files that may be Chinese.
func speaksChinese(text string) bool {
	first, _, _ := strings.Cut(text, "\n")
	for word := range strings.FieldsSeq(first) {
		if !fileLike.MatchString(word) && strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			return true
		}
	}
	return false
}

// fileLike are words that hold a path or a name with an ending, and none of the
// marks that stand in sentences.
var fileLike = regexp.MustCompile(`^[^，。；：？、“”]*(/|\.\w{1,8}\b)[^，。；：？、“”]*$`)
