package simulate

import (
	"fmt"
	"testing"
	"time"
)

func TestTryout(t *testing.T) {
	start := time.Now()
	s, err := Run(t.Context(), Options{Out: "/tmp/simcity"})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%v\n%+v\n", time.Since(start), s)
}
