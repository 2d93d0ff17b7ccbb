// Package archive unpacks the .zip and .gz files that extracts arrive in: the
// archive itself and archives within it, one level deep. What an archive may
// unpack to is bounded by ratio, size and number of entries, so that a bomb is
// refused before it fills the disk.
//
// The verb at its heart is Unpack. An archive that is refused gives an error
// for which Refused holds; other errors are faults of the machine.
package archive

import (
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"laborwatch/messages"
)

// Limits of what an archive may unpack to.
type Limits struct {
	// Ratio of unpacked to packed bytes, looked at beyond Grace.
	Ratio int64
	// Bytes unpacked in all, Entries read in all.
	Bytes   int64
	Entries int
}

// Grace are the unpacked bytes up to which the ratio is not looked at: small
// tables of equal rows are packed very tightly.
const Grace = 16 << 20

// Default are the limits where the configuration sets none.
var Default = Limits{Ratio: 200, Bytes: 8 << 30, Entries: 10_000}

// Exceeded says whether so many unpacked bytes are too many for so many packed
// ones.
func (l Limits) Exceeded(unpacked, packed int64) bool {
	return unpacked > l.Bytes || unpacked > Grace && unpacked/l.Ratio > packed
}

// Member is a file taken out of an archive.
type Member struct {
	// Name within the archive, parted by slashes: a nested archive's name comes first.
	Name string
	// Path of the unpacked file.
	Path string
}

// refusal says in the message catalog why an archive is refused.
type refusal struct {
	key  string
	args []any
}

func refuse(key string, args ...any) error { return &refusal{"archive." + key, args} }

func (r *refusal) Error() string { return messages.Both(r.key, r.args...) }

// Refused says whether the archive itself is at fault.
func Refused(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}

// Kind is what a file is by its content.
type Kind int

// Kinds of a file. Workbooks are Plain although they are zips, and so is
// gzipped text, which its reader unpacks as a stream.
const (
	Plain Kind = iota
	Zip
	Gzip
)

// Sniff tells by content what the file is; name is what it is called.
func Sniff(file, name string) (kind Kind, err error) {
	f, err := os.Open(file)
	if err != nil {
		return Plain, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Plain, err
	}
	switch head := string(head[:n]); {
	case head == "PK\x03\x04" || head == "PK\x05\x06":
		return sniffZip(f, name)
	case strings.HasPrefix(head, "\x1f\x8b"):
		return sniffGzip(f)
	}
	return Plain, nil
}

// office are the names of workbooks and documents that are zips inside.
var office = []string{".xlsx", ".xlsm", ".docx", ".pptx"}

func sniffZip(f *os.File, name string) (Kind, error) {
	info, err := f.Stat()
	if err != nil {
		return Plain, err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		// Truncated: its name must tell who is to refuse it.
		for _, ext := range office {
			if strings.EqualFold(path.Ext(name), ext) {
				return Plain, nil
			}
		}
		return Zip, nil
	}
	for _, e := range z.File {
		if e.Name == "[Content_Types].xml" {
			return Plain, nil
		}
	}
	return Zip, nil
}

func sniffGzip(f *os.File) (Kind, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Plain, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return Plain, nil //nolint:nilerr // the reader of extracts says what is wrong with it
	}
	head := make([]byte, 4)
	n, _ := io.ReadFull(z, head)
	head = head[:n]
	for _, magic := range []string{"PK\x03\x04", "PK\x05\x06", "\x1f\x8b", "PAR1"} {
		if strings.HasPrefix(string(head), magic) {
			return Gzip, nil
		}
	}
	return Plain, nil
}

// Unpack writes the members of the archive into dir, which must exist, as files
// of mode 0600 whose names say nothing. name is what the archive is called. The
// caller removes dir, after an error too.
func Unpack(ctx context.Context, file, name, dir string, lim Limits) ([]Member, error) {
	u := &unpacker{ctx: ctx, dir: dir, lim: lim, names: map[string]bool{}}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	u.packed = info.Size()
	kind, err := Sniff(file, name)
	if err != nil {
		return nil, err
	}
	if kind == Plain {
		return nil, refuse("plain", name)
	}
	if err := u.unpack(file, path.Base(name), "", kind, 1); err != nil {
		return nil, err
	}
	return u.members, nil
}

// nested is how many archives may lie in one another.
const nested = 2

type unpacker struct {
	ctx     context.Context
	dir     string
	lim     Limits
	packed  int64 // of the outermost archive
	out     int64
	entries int
	files   int
	names   map[string]bool
	members []Member
}

func (u *unpacker) unpack(file, name, prefix string, kind Kind, depth int) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if kind == Gzip {
		z, err := gzip.NewReader(f)
		if err != nil {
			return refuse("broken", name, err.Error())
		}
		inner := name
		if ext := path.Ext(name); strings.EqualFold(ext, ".gz") {
			inner = strings.TrimSuffix(name, ext)
		}
		return u.member(z, inner, prefix, info.Size(), depth)
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return refuse("broken", name, err.Error())
	}
	for _, e := range z.File {
		if err := u.entry(e, name, prefix, depth); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) entry(e *zip.File, archive, prefix string, depth int) (err error) {
	if u.entries++; u.entries > u.lim.Entries {
		return refuse("entries", archive, u.lim.Entries)
	}
	name := memberName(e)
	base := path.Base(name)
	if strings.HasSuffix(e.Name, "/") || e.Mode().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(name, "__MACOSX/") || base == "Thumbs.db" {
		return nil
	}
	switch {
	case e.Flags&1 != 0:
		return refuse("encrypted", name)
	case e.Method != zip.Store && e.Method != zip.Deflate:
		return refuse("method", name, e.Method)
	case e.UncompressedSize64 > uint64(u.lim.Bytes):
		return refuse("bomb", name, u.lim.Bytes, u.lim.Ratio)
	}
	r, err := e.Open()
	if err != nil {
		return refuse("damaged", name, err.Error())
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return u.member(r, name, prefix, int64(e.CompressedSize64), depth)
}

// member writes what r gives to a file, and unpacks that in turn if it is an archive.
func (u *unpacker) member(r io.Reader, name, prefix string, packed int64, depth int) error {
	u.files++
	file := filepath.Join(u.dir, fmt.Sprintf("%06d", u.files))
	if err := u.write(file, r, name, packed); err != nil {
		return err
	}
	kind, err := Sniff(file, name)
	if err != nil {
		return err
	}
	if kind != Plain {
		if depth >= nested {
			return refuse("deep", path.Join(prefix, name))
		}
		if err := u.unpack(file, path.Base(name), path.Join(prefix, name), kind, depth+1); err != nil {
			return err
		}
		return os.Remove(file)
	}
	full := path.Join(prefix, name)
	for n := 2; u.names[full]; n++ { // two entries of one name are two extracts
		full = path.Join(prefix, fmt.Sprint(n), name)
	}
	u.names[full] = true
	u.members = append(u.members, Member{full, file})
	return nil
}

func (u *unpacker) write(file string, r io.Reader, name string, packed int64) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buf := make([]byte, 256<<10)
	var mine int64
	for {
		if u.ctx.Err() != nil {
			return u.ctx.Err()
		}
		n, rerr := r.Read(buf)
		mine, u.out = mine+int64(n), u.out+int64(n)
		if u.lim.Exceeded(mine, packed) || u.lim.Exceeded(u.out, u.packed) {
			return refuse("bomb", name, u.lim.Bytes, u.lim.Ratio)
		}
		if _, err := f.Write(buf[:n]); err != nil {
			return err
		}
		if errors.Is(rerr, io.EOF) {
			return nil
		}
		if rerr != nil {
			return refuse("damaged", name, rerr.Error())
		}
	}
}
