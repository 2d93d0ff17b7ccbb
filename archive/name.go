package archive

import (
	"archive/zip"
	"encoding/binary"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// memberName is an entry's name as text, parted by slashes. One that would
// lead out of the archive's folder is reduced to its last part.
func memberName(e *zip.File) string {
	name := strings.ReplaceAll(decodeName(e), `\`, "/")
	if len(name) > 1 && name[1] == ':' { // a drive of Windows
		name = path.Base(name)
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '_'
		}
		return r
	}, name)
	if clean := path.Clean(name); filepath.IsLocal(clean) && !strings.Contains(name, "..") {
		return clean
	}
	base := path.Base(path.Clean("/" + name))
	if base == "/" || base == "." {
		return "_"
	}
	return base
}

// decodeName reads a name as UTF-8 where the entry says so, in its flag or in
// Info-ZIP's extra field. Without either, Windows in Chinese wrote GBK, and some
// programs UTF-8 all the same: what is Chinese when read as UTF-8 is that.
func decodeName(e *zip.File) string {
	if !e.NonUTF8 {
		return e.Name
	}
	if name := unicodePath(e.Extra); name != "" {
		return name
	}
	if utf8.ValidString(e.Name) && chinese(e.Name) {
		return e.Name
	}
	name, err := simplifiedchinese.GB18030.NewDecoder().String(e.Name)
	if err != nil {
		return strings.ToValidUTF8(e.Name, "_")
	}
	return name
}

func chinese(s string) bool {
	for _, r := range s {
		punctuation := r >= 0x2000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
		if r >= utf8.RuneSelf && !punctuation && !unicode.Is(unicode.Han, r) {
			return false
		}
	}
	return true
}

// unicodePath gives the name in the Info-ZIP Unicode Path extra field (0x7075),
// "" if there is none.
func unicodePath(extra []byte) string {
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if size > len(extra) {
			return ""
		}
		if id == 0x7075 && size > 5 && extra[0] == 1 && utf8.Valid(extra[5:size]) {
			return string(extra[5:size])
		}
		extra = extra[size:]
	}
	return ""
}
