package app

import (
	"path"
	"slices"
	"strings"

	"laborwatch/ingest"
	"laborwatch/messages"
)

// Endings that no contract could read, by what is to be done about them.
var unreadable = map[string][]string{
	"sheet":  {".xls", ".xlsb", ".et", ".ett", ".ods", ".numbers"},
	"packed": {".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz", ".z", ".lzh", ".cab", ".iso"},
	"paper":  {".pdf", ".ofd", ".doc", ".docx", ".wps", ".rtf", ".ppt", ".pptx", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".caj"},
	"export": {".dbf", ".mdb", ".accdb", ".sav", ".dta", ".json", ".xml", ".htm", ".html", ".sql", ".db"},
}

// Unread says in both languages what to do about a file that no contract knows:
// to save or pack it otherwise, or how names should be.
func Unread(cs ingest.Contracts, file string) string {
	base := path.Base(file)
	ext := path.Ext(base)
	names := namesLike(cs, strings.TrimSuffix(base, ext))
	for kind, endings := range unreadable {
		if slices.Contains(endings, strings.ToLower(ext)) {
			return messages.Both("ingest.unread."+kind, file, names[0])
		}
	}
	return messages.Both("ingest.unread.name", file, strings.Join(names, "、"))
}

// namesLike are up to two names that files may have: the name itself as a
// workbook, where a contract knows it so; then of the feeds whose title is in it.
func namesLike(cs ingest.Contracts, stem string) (out []string) {
	if cs.FeedOf(stem+".xlsx") != "" {
		out = append(out, stem+".xlsx")
	}
	var named, others []string
	for _, feed := range append([]string{"social_insurance", "unemployment_registration"}, cs.Feeds()...) {
		switch c := cs[feed]; {
		case c == nil || slices.Contains(named, feed) || slices.Contains(others, feed):
		case strings.Contains(stem, c.Title.ZH) || strings.Contains(stem, feed):
			named = append(named, feed)
		default:
			others = append(others, feed)
		}
	}
	for _, feed := range append(named, others...) {
		if len(out) < 2 {
			out = append(out, cs[feed].FileName([]string{".xlsx", ".csv*"}[len(out)], ""))
		}
	}
	return out
}
