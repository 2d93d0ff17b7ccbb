package ingest

import "strings"

const blot = "***"

// scrub blots the IDs and phone numbers out of a text.
func scrub(s string) string {
	var b strings.Builder
	kept := 0
	eachPersonal(s, func(from, to int) {
		b.WriteString(s[kept:from])
		b.WriteString(blot)
		kept = to
	})
	if kept == 0 {
		return s
	}
	return b.String() + s[kept:]
}
