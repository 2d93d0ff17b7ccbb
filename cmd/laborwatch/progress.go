package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"laborwatch/app"
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
	p := &progress{e: e, on: e.terminal(), started: map[string]time.Time{}}
	if p.on {
		e.stdout = &above{e.stdout, p}
	}
	return p
}

// above clears the line before anything is printed where it stands.
type above struct {
	io.Writer
	p *progress
}

func (a *above) Write(b []byte) (int, error) {
	a.p.clear()
	return a.Writer.Write(b)
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
		line += fmt.Sprintf(" [%s%s] %s", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), amounts(stage, done, total))
		if took := now.Sub(p.started[stage]); done > 0 && done < total && took > time.Second {
			left := time.Duration(float64(took) / float64(done) * float64(total-done))
			line += " ETA " + left.Round(time.Second).String()
		}
	}
	if detail != "" {
		line += " " + detail
	}
	fmt.Fprintf(p.e.stderr, "\r\x1b[K%s", p.fit(line))
}

// fit cuts a line to the terminal's width: one that wraps cannot be drawn over.
func (p *progress) fit(line string) string {
	f, ok := p.e.stderr.(*os.File)
	if !ok {
		return line
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 20 {
		return line
	}
	return runewidth.Truncate(line, width-1, "…")
}

// inBytes are the stages whose progress is counted in bytes.
var inBytes = map[string]bool{app.StageIngest: true, app.StageFetch: true}

func amounts(stage string, done, total int64) string {
	if !inBytes[stage] {
		return fmt.Sprintf("%d/%d", done, total)
	}
	const mib = 1 << 20
	if total < 10*mib {
		return fmt.Sprintf("%d/%d KiB", done>>10, (total+1023)>>10)
	}
	return fmt.Sprintf("%d/%d MiB", done/mib, (total+mib-1)/mib)
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
