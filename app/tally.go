package app

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"laborwatch/messages"
	"laborwatch/source"
)

// tally is what became of one file of a call of load.
type tally struct {
	// known says that it is an archive that was not opened: its bytes were loaded.
	known, packed bool
	// parts counts the extracts in it that a contract reads, bad those refused.
	parts, bad int
	// why are the reasons of what was refused.
	why []string
	// strays are the members that no contract knows.
	strays []string
}

// outcome says whether the file is refused, and of an archive what it held. An
// archive is refused when a contract refused a member, or none knows any of
// them; a stray member beside others refuses nothing.
func (t tally) outcome() source.Outcome {
	o := source.Outcome{Refused: strings.Join(t.why, "; "), Known: t.known}
	if !t.packed || t.bad+len(t.strays) == 0 {
		return o
	}
	strays := strings.Join(t.strays, ", ")
	if t.parts == 0 {
		o.Refused = messages.Both("sources.archive.strange", strays)
		return o
	}
	o.Note = messages.Both("sources.archive.held", t.parts-t.bad, t.bad, len(t.strays))
	if len(t.strays) > 0 {
		o.Note += ": " + strays
	}
	return o
}

// longNumber is what may be somebody's ID or telephone number in a name.
var longNumber = regexp.MustCompile(`[0-9]{11,}[Xx]?`)

// stray notes a member that no contract knows, by its name without what may be
// personal.
func (t *tally) stray(name string) {
	t.strays = append(t.strays, longNumber.ReplaceAllString(name, "***"))
}

// documents end the names of what is put beside data to explain them: neither
// an archive's name nor a source's feed makes an extract of them.
var documents = []string{".doc", ".docx", ".jpeg", ".jpg", ".md", ".ofd", ".pdf", ".png", ".ppt", ".pptx", ".rtf", ".wps"}

func document(base string) bool { return slices.Contains(documents, strings.ToLower(path.Ext(base))) }
