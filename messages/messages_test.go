package messages

import (
	"regexp"
	"strings"
	"testing"
)

func TestCatalogIsWhole(t *testing.T) {
	if err := Check(); err != nil {
		t.Fatal(err)
	}
	if len(Keys()) == 0 {
		t.Fatal("the catalog is empty")
	}
}

// The two languages of a text must take the same arguments, or one of them
// would print %!v(MISSING) to a reader.
func TestVerbsAgree(t *testing.T) {
	verb := regexp.MustCompile(`%(\[\d+\])?[-+# 0]*\d*(\.\d+)?[a-zA-Z]`)
	count := func(s string) int { return len(verb.FindAllString(strings.ReplaceAll(s, "%%", ""), -1)) }
	m, err := catalog()
	if err != nil {
		t.Fatal(err)
	}
	for k, x := range m {
		if count(x.ZH) != count(x.EN) {
			t.Errorf("%s: %q and %q take different arguments", k, x.ZH, x.EN)
		}
	}
}

func TestUnknownKeyShowsItself(t *testing.T) {
	if got := T(ZH, "no.such.key"); got != "no.such.key" {
		t.Errorf("got %q", got)
	}
}
