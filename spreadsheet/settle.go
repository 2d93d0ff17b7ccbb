// Package spreadsheet makes workbooks that excelize wrote the same bytes each time.
package spreadsheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const contentTypes = "[Content_Types].xml"

// partTypes is the list of a workbook's parts.
type partTypes struct {
	XMLName  xml.Name   `xml:"http://schemas.openxmlformats.org/package/2006/content-types Types"`
	Defaults []partType `xml:"Default"`
	Override []partType `xml:"Override"`
}

type partType struct {
	Extension   string `xml:"Extension,attr,omitempty"`
	PartName    string `xml:"PartName,attr,omitempty"`
	ContentType string `xml:"ContentType,attr"`
}

// Settle rewrites a workbook so that equal content has equal bytes: the writer
// lists the parts in an order of chance. The list comes first, as readers that
// stream expect it, and every part has one fixed, valid time.
func Settle(book []byte) ([]byte, error) {
	in, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	files := slices.Clone(in.File)
	slices.SortFunc(files, func(a, b *zip.File) int {
		if first := a.Name == contentTypes; first != (b.Name == contentTypes) {
			if first {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		if err := copyPart(w, f); err != nil {
			return nil, fmt.Errorf("workbook: %s: %w", f.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	return out.Bytes(), nil
}

func copyPart(w *zip.Writer, f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if f.Name == contentTypes {
		if data, err = sortTypes(data); err != nil {
			return err
		}
	}
	part, err := w.CreateHeader(&zip.FileHeader{
		Name: f.Name, Method: zip.Deflate, Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		return err
	}
	_, err = part.Write(data)
	return err
}

func sortTypes(data []byte) ([]byte, error) {
	var t partTypes
	if err := xml.Unmarshal(data, &t); err != nil {
		return nil, err
	}
	slices.SortFunc(t.Defaults, func(a, b partType) int { return strings.Compare(a.Extension, b.Extension) })
	slices.SortFunc(t.Override, func(a, b partType) int { return strings.Compare(a.PartName, b.PartName) })
	b, err := xml.Marshal(t)
	return append([]byte(xml.Header), b...), err
}
