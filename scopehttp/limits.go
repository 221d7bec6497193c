package scopehttp

import (
	"context"
	"net/http"
	"time"

	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// makeMeter makes the meter that charges requests, if there are limits.
func (m *middleware) makeMeter() {
	switch {
	case m.within != nil:
		m.meter = meter.New(m.buffer, meter.Within(m.within))
	case m.limit > 0 || m.tenant != nil:
		m.meter = meter.New(m.buffer)
	}
}

// limits gives q its limits and the allocator that charges them.
func (q *request) limits(r *http.Request) {
	m := q.middleware
	q.allocator = m.buffer
	if m.meter == nil {
		return
	}
	parent := m.within
	if m.tenant != nil {
		if q.tenant = m.tenant(r); q.tenant != nil {
			parent = q.tenant
		}
	}
	q.own = meter.NewLimit(parent, "request", m.limit) // counts, if the limit is 0
	q.allocator = m.meter.Within(q.own)
}

// level returns whose limit refused.
func (q *request) level(err error) level {
	for l := meter.RefusedBy(err); l != nil; l = l.Parent() {
		switch l {
		case q.own:
			return own
		case q.tenant:
			return tenant
		}
	}
	return process
}

// reserve waits for what the request will need. The error matches scope.ErrExhausted if it
// is not to be had.
func (q *request) reserve(ctx context.Context, r *http.Request) error {
	m := q.middleware
	if m.reserve == nil {
		return nil
	}
	n := m.reserve(r)
	if n == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.wait)
	defer cancel()
	begin := time.Now()
	err := scope.Reserve(ctx, n)
	m.counters.waits.add(time.Since(begin))
	return err
}
