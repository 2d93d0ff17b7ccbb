package web_test

import (
	"strings"
	"testing"
)

// A feed that comes when something happened is never behind; a monthly one is.
func TestFeedsBehind(t *testing.T) {
	s := newSite(t)
	s.state.Feeds = append(s.state.Feeds, feed("population_totals", 9, 300, 0), feed("rural_labor", 7, 300, 0))
	body := s.get(t, "/?lang=en").Body.String()
	if !strings.Contains(body, "Population control totals") {
		t.Error("the feed is not shown")
	}
	if strings.Contains(body, "9 months behind") || !strings.Contains(body, "7 months behind") {
		t.Error("want the monthly feed behind, and the other not")
	}
}
