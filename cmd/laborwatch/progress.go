package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// progress is one line on a terminal that is drawn over in place; elsewhere it
// prints nothing, because a log is no place for a moving bar.
type progress struct {
	e       *env
	on      bool
	mu      sync.Mutex
	drawn   time.Time
	started map[string]time.Time
}

func (e *env) progress() *progress {
	return &progress{e: e, on: e.terminal(), started: map[string]time.Time{}}
}

const barWidth = 24

// show draws how far a stage is; total 0 means that it is not known.
func (p *progress) show(stage, detail string, done, total int64) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.started[stage].IsZero() {
		p.started[stage] = now
	}
	if now.Sub(p.drawn) < 100*time.Millisecond && done != total {
		return
	}
	p.drawn = now
	line := stage
	if total > 0 {
		full := int(barWidth * min(done, total) / total)
		line += fmt.Sprintf(" [%s%s] %d/%d", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), done, total)
		if took := now.Sub(p.started[stage]); done > 0 && done < total && took > time.Second {
			left := time.Duration(float64(took) / float64(done) * float64(total-done))
			line += " ETA " + left.Round(time.Second).String()
		}
	}
	if detail != "" {
		line += " " + detail
	}
	fmt.Fprintf(p.e.stderr, "\r\x1b[K%s", line)
}

// clear removes the line.
func (p *progress) clear() {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprint(p.e.stderr, "\r\x1b[K")
}
