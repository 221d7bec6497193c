package scopeprom

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// A Collector is a prometheus.Collector of what it was made for. It reads the numbers when
// it is asked for them and keeps none. It is safe for concurrent use.
type Collector struct{ sources []*source }

var _ prometheus.Collector = (*Collector)(nil)

// An Option adds to a Collector what it makes metrics of.
type Option func(*Collector)

// New returns a Collector. It panics if two options of one kind have the same owner, or if
// an owner is empty.
//
// One registry takes several Collectors whose owners differ.
func New(opts ...Option) *Collector {
	c := &Collector{}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Describe is part of prometheus.Collector.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, s := range c.sources {
		for _, d := range s.descs {
			descs <- d
		}
	}
}

// Collect is part of prometheus.Collector.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	for _, s := range c.sources {
		s.collect(metrics)
	}
}

// A source is what one option has added.
type source struct {
	kind, owner string
	descs       []*prometheus.Desc
	collect     func(chan<- prometheus.Metric)
}

// add adds a source that has no metrics yet.
func (c *Collector) add(kind, owner string) *source {
	if owner == "" {
		panic(fmt.Sprintf("scopeprom: %s with an empty owner", kind))
	}
	return c.addOnce(kind, owner)
}

func (c *Collector) addOnce(kind, owner string) *source {
	for _, s := range c.sources {
		if s.kind == kind && s.owner == owner {
			panic(fmt.Sprintf("scopeprom: %s %q was given twice", kind, owner))
		}
	}
	s := &source{kind: kind, owner: owner}
	c.sources = append(c.sources, s)
	return s
}

// desc describes a metric of the source, whose owner is a constant label.
func (s *source) desc(name, help string, labels ...string) *prometheus.Desc {
	constant := prometheus.Labels{}
	if s.owner != "" {
		constant["owner"] = s.owner
	}
	d := prometheus.NewDesc("allocarrays_"+name, help, labels, constant)
	s.descs = append(s.descs, d)
	return d
}

func gauge(d *prometheus.Desc, value int) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value))
}

func counter(d *prometheus.Desc, value uint64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}
