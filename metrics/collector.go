// Package metrics shows the cube and the state of the work to Prometheus.
//
// Everything is built when a State is set and swapped whole, so a scrape runs
// no SQL, waits for nobody, and never shows half of one run beside half of
// another. A series whose observation is gone is gone with the next State.
//
// Gauges are generated from the indicator catalog, in base units (ratios from
// 0 to 1, persons, seconds) and each at its indicator's newest month, which
// laborwatch_reference_period_timestamp_seconds tells. Labels hold codes, _T
// for a total; no label ever holds a name.
package metrics

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"laborwatch/cube"
)

// Namespace begins the name of every metric.
const Namespace = "laborwatch"

// Options of New.
type Options struct {
	// Version of the program, shown by laborwatch_build_info.
	Version string
	// Enterprises shows the figures of key employers by credit code. Leave it
	// off where credit codes must not leave the machine.
	Enterprises bool
	// MaxEnterprises bounds the employers shown, the largest by insured heads
	// first; 0 shows all that the snapshot holds.
	MaxEnterprises int
}

// Collector is a prometheus.Collector over the last State set. It is safe for
// use by several goroutines at once.
type Collector struct {
	opt     Options
	catalog *cube.Catalog
	gauges  []*gauge // one an indicator, in catalog order
	fixed   fixed
	current atomic.Pointer[[]prometheus.Metric]
}

// New prepares the metrics of a catalog's indicators. An error means that two
// of them would share a name.
func New(catalog *cube.Catalog, opt Options) (*Collector, error) {
	if catalog == nil {
		return nil, errors.New("metrics: a catalog is required")
	}
	c := &Collector{opt: opt, catalog: catalog, fixed: newFixed()}
	c.gauges = newGauges(catalog)
	// Registering once proves that names, help and labels are consistent.
	if err := prometheus.NewPedanticRegistry().Register(c); err != nil {
		return nil, fmt.Errorf("metrics: the indicator catalog gives inconsistent metrics: %w", err)
	}
	c.Set(State{})
	return c, nil
}

// Set replaces everything shown. It does all the work that a scrape would.
func (c *Collector) Set(s State) {
	b := &build{seen: map[string]bool{}}
	b.add(c.fixed.build, prometheus.GaugeValue, 1, c.opt.Version, runtime.Version())
	c.fixed.state(b, s)
	if s.Snapshot != nil {
		c.snapshot(b, s.Snapshot)
	}
	c.current.Store(&b.out)
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.fixed.descs() {
		ch <- d.desc
	}
	for _, g := range c.gauges {
		for _, d := range g.descs() {
			ch <- d.desc
		}
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	for _, m := range *c.current.Load() {
		ch <- m
	}
}

// Len is the number of series of the last State set.
func (c *Collector) Len() int { return len(*c.current.Load()) }

// Handler serves the collector, the Go runtime's and the process's metrics
// from a registry of its own.
func (c *Collector) Handler() http.Handler {
	reg := prometheus.NewRegistry()
	// New has proven that the collector registers, and the others begin with
	// names of their own.
	reg.MustRegister(c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{Registry: reg})
}

// metric is a descriptor with its name, by which repeats are known.
type metric struct {
	name string
	desc *prometheus.Desc
}

func newMetric(name, help string, labels ...string) *metric {
	full := prometheus.BuildFQName(Namespace, "", name)
	return &metric{full, prometheus.NewDesc(full, help, labels, nil)}
}

// build gathers the series of one State. A repeat would make the whole scrape
// fail, so only the first of two series with the same labels is taken.
type build struct {
	out  []prometheus.Metric
	seen map[string]bool
}

func (b *build) add(m *metric, kind prometheus.ValueType, v float64, labels ...string) {
	key := m.name + "\xff" + strings.Join(labels, "\xff")
	if b.seen[key] {
		return
	}
	p, err := prometheus.NewConstMetric(m.desc, kind, v, labels...)
	if err != nil {
		// A label that is no UTF-8: shown as a failed scrape, never swallowed.
		p = prometheus.NewInvalidMetric(m.desc, err)
	}
	b.seen[key] = true
	b.out = append(b.out, p)
}
