package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"golang.org/x/sync/errgroup"

	"laborwatch/archive"
)

// unzipLimit bounds what the reader of workbooks unpacks; what they may unpack
// to is bounded before. Sheets beyond sheetMemory are unpacked in a folder.
const (
	unzipLimit  = 64 << 30
	sheetMemory = 128 << 20
)

// workbook is an open workbook whose soundness is looked at beside its reading.
type workbook struct {
	*excelize.File
	check *errgroup.Group
	stop  func()
}

// openBook opens a workbook for reading, tmp being where large sheets are
// unpacked. One that would unpack to more than the limits allow is refused, and
// so is one that its reader cannot take. Its reader passes over damage as over
// an end: what was read may be used only when Sound has said so.
func openBook(ctx context.Context, file, tmp string, limits archive.Limits) (_ *workbook, err error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, refuse("xlsx", err.Error())
	}
	if err := bookBounds(&z.Reader, file, limits); err != nil {
		return nil, errors.Join(err, z.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	b := &workbook{check: &errgroup.Group{}, stop: stop}
	b.check.Go(func() error { return errors.Join(checkParts(ctx, &z.Reader, limits), z.Close()) })
	b.File, err = excelizeBook(file, excelize.Options{RawCellValue: true, UnzipSizeLimit: unzipLimit, UnzipXMLSizeLimit: sheetMemory, TmpDir: tmp})
	if err != nil {
		stop()
		return nil, errors.Join(err, onlyMachine(b.check.Wait()))
	}
	return b, nil
}

// excelizeBook opens the workbook; a broken one must refuse itself, whatever it
// does to its reader.
func excelizeBook(file string, o excelize.Options) (book *excelize.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			book, err = nil, refuse("xlsx", fmt.Sprint(p))
		}
	}()
	if book, err = excelize.OpenFile(file, o); err != nil {
		return nil, refuse("xlsx", err.Error())
	}
	return book, nil
}

// Sound waits for the check, and gives the refusal of a damaged workbook.
func (b *workbook) Sound() error { return b.check.Wait() }

// Close closes the workbook; a check that is not done is given up.
func (b *workbook) Close() error {
	b.stop()
	return errors.Join(b.File.Close(), onlyMachine(b.check.Wait()))
}

// onlyMachine leaves out what is no fault of the machine.
func onlyMachine(err error) error {
	if isRefusal(err) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// bookBounds refuses a workbook that says it unpacks to too much.
func bookBounds(z *zip.Reader, file string, limits archive.Limits) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	out := int64(0)
	for _, e := range z.File {
		out += int64(e.UncompressedSize64)
		if e.UncompressedSize64 > 1<<62 || limits.Exceeded(out, info.Size()) {
			return refuse("bomb", limits.Bytes, limits.Ratio)
		}
	}
	return nil
}

// checkParts reads every part of the workbook to its end: its checksum must be
// right, and those that hold the cells must be whole XML.
func checkParts(ctx context.Context, z *zip.Reader, limits archive.Limits) error {
	for _, e := range z.File {
		if err := checkPart(ctx, e, limits); err != nil {
			return err
		}
	}
	return nil
}

func checkPart(ctx context.Context, e *zip.File, limits archive.Limits) (err error) {
	r, err := e.Open()
	if err != nil {
		return refuse("xlsx", e.Name+": "+err.Error())
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	// The length that a part claims may be a lie.
	from := &cancelable{ctx, &bounded{r: r, limits: limits, packed: max(int64(e.CompressedSize64), 1)}}
	name := strings.ToLower(e.Name)
	holds := strings.HasPrefix(name, "xl/worksheets/") && path.Ext(name) == ".xml" || strings.HasPrefix(name, "xl/sharedstrings") || name == "xl/workbook.xml"
	if holds {
		d := xml.NewDecoder(from)
		// What it holds was decoded by its producer: only its marks matter here.
		d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
		for err == nil {
			_, err = d.Token()
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err == nil {
		_, err = io.Copy(io.Discard, from)
	}
	if err == nil || isRefusal(err) || ctx.Err() != nil {
		return err
	}
	var machine *os.PathError
	if errors.As(err, &machine) {
		return err
	}
	return refuse("xlsx", e.Name+": "+err.Error())
}

// encryptedBook tells a workbook with a password from one of an old format: the
// folder of the compound file names what is encrypted.
func encryptedBook(head []byte) bool {
	var name []byte
	for _, u := range utf16.Encode([]rune("EncryptedPackage")) {
		name = append(name, byte(u), byte(u>>8))
	}
	return bytes.Contains(head, name)
}
