package cube

import (
	"testing"

	"laborwatch/messages"
)

func TestEmbeddedCatalog(t *testing.T) {
	c, err := LoadCatalog("")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range c.All() {
		t.Log(i.Code, i.Name.ZH, i.Unit, i.Metric)
	}
	t.Log(c.Label(messages.ZH, Industry, "C"))
}
