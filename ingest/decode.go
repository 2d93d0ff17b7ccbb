package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"runtime"
	"sync"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// decodeBytes is about what one core decodes at a time.
const decodeBytes = 1 << 20

// decodeBlocks decodes GB18030 on all cores, whole lines at a time: the byte of
// a line end is no part of any other character.
func decodeBlocks(out io.Writer, in io.Reader) error {
	type block struct {
		text []byte
		done chan []byte
	}
	work := make(chan block)
	order := make(chan block, runtime.GOMAXPROCS(0))
	stop := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		defer close(order)
		defer close(work)
		return eachBlock(in, func(text []byte) bool {
			b := block{text, make(chan []byte, 1)}
			select {
			case order <- b:
			case <-stop:
				return false
			}
			work <- b
			return true
		})
	})
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			var err error
			for b := range work {
				decoded, _, derr := transform.Bytes(&asciiFirst{simplifiedchinese.GB18030.NewDecoder()}, b.text)
				err = errors.Join(err, derr)
				b.done <- decoded
			}
			return err
		})
	}
	var err error
	for b := range order {
		text := <-b.done
		if err == nil {
			if _, err = out.Write(text); err != nil {
				close(stop)
			}
		}
	}
	return errors.Join(err, g.Wait())
}

// eachBlock calls f with pieces of whole lines until it gives false.
func eachBlock(in io.Reader, f func([]byte) bool) error {
	var rest []byte
	for {
		text := make([]byte, len(rest)+decodeBytes)
		copy(text, rest)
		n, err := io.ReadFull(in, text[len(rest):])
		text = text[:len(rest)+n]
		if ended(err) != nil {
			return err
		}
		last := err != nil
		end := len(text)
		if i := bytes.LastIndexByte(text, '\n'); !last && i >= 0 {
			end = i + 1
		} else if !last {
			end = 0
		}
		if rest = text[end:]; len(rest) > longestLine {
			return refuse("line", longestLine>>20)
		}
		if (end > 0 && !f(text[:end])) || last {
			return nil
		}
	}
}

// asciiFirst copies what is ASCII and decodes the rest, a piece at a time: most
// bytes of an extract are digits, and a character that is not ASCII never begins
// with a byte that is.
type asciiFirst struct{ transform.Transformer }

// Transform implements transform.Transformer.
func (t *asciiFirst) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	const piece = 48
	for nSrc < len(src) {
		n := asciiRun(src[nSrc:min(len(src), nSrc+len(dst)-nDst)])
		copy(dst[nDst:], src[nSrc:nSrc+n])
		nDst, nSrc = nDst+n, nSrc+n
		if nSrc == len(src) {
			break
		}
		if d, n := pairs(dst[nDst:], src[nSrc:]); n > 0 {
			nDst, nSrc = nDst+d, nSrc+n
			continue
		}
		if nDst == len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		end := min(len(src), nSrc+piece)
		d, s, err := t.Transformer.Transform(dst[nDst:], src[nSrc:end], atEOF && end == len(src))
		nDst, nSrc = nDst+d, nSrc+s
		if errors.Is(err, transform.ErrShortSrc) && s > 0 || err == nil {
			continue // the piece ends within a character
		}
		return nDst, nSrc, err
	}
	return nDst, nSrc, nil
}

// pairTable gives the UTF-8 of the two-byte characters of GB18030, which are
// those of GBK, by lead and trail byte; 0 where there is none of three bytes.
var pairTable = sync.OnceValue(func() *[1 << 16][3]byte {
	var table [1 << 16][3]byte
	d := simplifiedchinese.GB18030.NewDecoder()
	for lead := 0x81; lead <= 0xfe; lead++ {
		for trail := 0x40; trail <= 0xfe; trail++ {
			d.Reset()
			b, err := d.Bytes([]byte{byte(lead), byte(trail)})
			if r, n := utf8.DecodeRune(b); err == nil && n == 3 && len(b) == 3 && r != utf8.RuneError {
				copy(table[lead<<8|trail][:], b)
			}
		}
	}
	return &table
})

// pairs decodes characters of two bytes as long as there are any, and room.
func pairs(dst, src []byte) (nDst, nSrc int) {
	table := pairTable()
	for nSrc+1 < len(src) && nDst+3 <= len(dst) && src[nSrc] >= 0x81 {
		x := &table[int(src[nSrc])<<8|int(src[nSrc+1])]
		if x[0] == 0 {
			break
		}
		dst[nDst], dst[nDst+1], dst[nDst+2] = x[0], x[1], x[2]
		nDst, nSrc = nDst+3, nSrc+2
	}
	return nDst, nSrc
}

// asciiRun is how many bytes at the beginning are ASCII.
func asciiRun(b []byte) int {
	const high = 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		if x := binary.LittleEndian.Uint64(b[n:]) & high; x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < len(b) && b[n] < 0x80 {
		n++
	}
	return n
}
