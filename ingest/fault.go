package ingest

import (
	"errors"
	"slices"
	"strings"

	"laborwatch/messages"
)

// Reasons for which a row is quarantined.
const (
	BadCheckDigit  = "bad_check_digit" // a code's length, characters or check digit
	ExcelRounded   = "excel_rounded"   // a long number that a spreadsheet cut to 15 digits
	BadDate        = "bad_date"
	BadMonth       = "bad_month"
	FarMonth       = "far_month" // a month too long before its load's, or after it
	UnknownCode    = "unknown_code"
	Missing        = "missing"
	BadNumber      = "bad_number"
	BadRegion      = "bad_region"
	BadIndustry    = "bad_industry"
	MalformedRow   = "malformed_row"   // not as many cells as the header, or broken quotes
	PersonalData   = "personal_data"   // a resident ID or a phone number where something else belongs
	OutOfScope     = "out_of_scope"    // a row of another county than the file is of
	ConflictingKey = "conflicting_key" // another row has the same key and other values
	BadEncoding    = "bad_encoding"    // bytes that are no characters of the file's encoding
)

// Reasons lists them in order.
var reasons = []string{BadCheckDigit, BadDate, BadEncoding, BadIndustry, BadMonth, BadNumber, BadRegion, ConflictingKey, ExcelRounded, FarMonth, MalformedRow, Missing, OutOfScope, PersonalData, UnknownCode}

// refusalError says why an extract is refused whole: a key of the message
// catalog with its arguments.
type refusalError struct {
	key  string
	args []any
}

func refuse(key string, args ...any) error { return &refusalError{"ingest.refused." + key, args} }

// Error gives the reason in Chinese and English.
func (e *refusalError) Error() string { return e.text(messages.ZH) + " / " + e.text(messages.EN) }

// phrases are an argument that is text itself, told in the language around it.
type phrases []*refusalError

func (e *refusalError) text(lang messages.Lang) string {
	args := slices.Clone(e.args)
	for i, a := range args {
		if title, ok := a.(Title); ok {
			args[i] = title.Text(lang)
		}
		if list, ok := a.(phrases); ok {
			parts := make([]string, len(list))
			for j, p := range list {
				parts[j] = p.text(lang)
			}
			args[i] = strings.Join(parts, "; ")
		}
	}
	return messages.T(lang, e.key, args...)
}

func isRefusal(err error) bool {
	var r *refusalError
	return errors.As(err, &r)
}

// passing refusals hang on what the ledger holds, not on the extract alone: it
// is tried anew each time.
func passing(err error) bool {
	var r *refusalError
	return errors.As(err, &r) && slices.Contains([]string{"ingest.refused.version", "ingest.refused.whole", "ingest.refused.all_bad", "ingest.refused.memory"}, r.key)
}

// overridable refusals are those of set checks: a person may know better.
func overridable(err error) bool {
	var r *refusalError
	return errors.As(err, &r) && r.key == "ingest.refused.set"
}
