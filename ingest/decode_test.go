package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// On all cores and past the ASCII, decoding gives what the library gives, also
// of bytes that are no characters and of lines across pieces.
func TestDecodeBlocks(t *testing.T) {
	var text strings.Builder
	for i := range 60_000 {
		text.WriteString("410499196102020019,某某,平顶山市新华区,2026-05-01," + strings.Repeat("㐀𠀀A", i%7) + "\n")
	}
	good := gb18030(text.String())
	broken := bytes.Clone(good)
	for i := 1000; i < len(broken); i += 9973 {
		broken[i] = 0xff
	}
	var pairs []byte
	for a := range 256 {
		for b := range 256 {
			pairs = append(pairs, byte(a), byte(b), 'x', byte(a), byte(b), '\n')
		}
	}
	for name, b := range map[string][]byte{
		"every two bytes": pairs, "good": good, "broken": broken, "empty": nil, "no line end": good[:100], "cut in a character": good[:len(good)-3],
		"one long line": bytes.ReplaceAll(good, []byte("\n"), []byte(" ")),
	} {
		want, _, err := transform.Bytes(simplifiedchinese.GB18030.NewDecoder(), b)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := decodeBlocks(&got, iotest.HalfReader(bytes.NewReader(b))); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: %v; %d bytes, want %d", name, err, got.Len(), len(want))
		}
	}
	full := errors.New("disk full")
	if err := decodeBlocks(&failing{after: 2 << 20, err: full}, bytes.NewReader(good)); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	if err := decodeBlocks(io.Discard, iotest.TimeoutReader(bytes.NewReader(good))); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("error %v", err)
	}
}

// failing takes so many bytes.
type failing struct {
	after int
	err   error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.after -= len(b); f.after < 0 {
		return 0, f.err
	}
	return len(b), nil
}
