package meter

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// account is a meter as regions charge it.
type account Meter

var _ handshake.Account = (*account)(nil)

func (a *account) Charge(least, most, spare int) (int, error) {
	if a.limit == nil {
		return most + spare, nil
	}
	granted, refusal := a.limit.charge(least, most, spare)
	if refusal != nil {
		return 0, refusal.exhausted(uintptr(least))
	}
	return granted, nil
}

func (a *account) Discharge(n int) {
	if a.limit != nil {
		a.limit.discharge(n)
	}
}

func (a *account) Exhausted(size, align uintptr, attempt int, err error) (memory.Block, bool, error) {
	return (*Meter)(a).exhausted(size, align, attempt, err)
}

func (a *account) Leave() {}

func (a *account) Under(refuser *handshake.Refuser) bool {
	for l := a.limit; l != nil; l = l.parent {
		if refuser == &l.refuser {
			return true
		}
	}
	return false
}

func (a *account) Join(inner handshake.Account, inherited bool) handshake.Account {
	return join(a, inner, inherited)
}

// visit is the account of an outermost scope that is watched for [Log].
type visit struct {
	*account
	start      time.Time
	used, peak atomic.Int64
	failed     atomic.Int64
	first      atomic.Pointer[error] // of the failures
}

func newVisit(m *Meter) *visit { return &visit{account: (*account)(m), start: time.Now()} }

func (v *visit) Charge(least, most, spare int) (int, error) {
	granted, err := v.account.Charge(least, most, spare)
	if err == nil {
		v.hold(granted)
	}
	return granted, err
}

func (v *visit) Discharge(n int) {
	v.used.Add(int64(-n))
	v.account.Discharge(n)
}

// hold counts n bytes more.
func (v *visit) hold(n int) {
	used := v.used.Add(int64(n))
	for peak := v.peak.Load(); used > peak && !v.peak.CompareAndSwap(peak, used); {
		peak = v.peak.Load()
	}
}

func (v *visit) Exhausted(size, align uintptr, attempt int, err error) (memory.Block, bool, error) {
	b, retry, err := v.account.Exhausted(size, align, attempt, err)
	if !retry && err != nil {
		v.fail(err)
	}
	return b, retry, err
}

func (v *visit) fail(err error) {
	v.failed.Add(1)
	v.first.CompareAndSwap(nil, &err)
}

// Leave logs the scope, if there is reason to.
func (v *visit) Leave() {
	c, took := v.core, time.Since(v.start)
	slow := c.slow > 0 && took >= c.slow
	large := c.large > 0 && v.peak.Load() >= int64(c.large)
	first := v.first.Load()
	if !slow && !large && first == nil {
		return
	}
	attrs := []slog.Attr{
		slog.Duration("duration", took), slog.Int64("bytes", v.peak.Load()), slog.Int64("failed", v.failed.Load()),
	}
	if v.limit != nil {
		attrs = append(attrs, slog.String("limit", v.limit.name))
	}
	if first != nil {
		attrs = append(attrs, slog.Any("error", *first))
	}
	c.log.LogAttrs(context.Background(), slog.LevelWarn, "memory scope", attrs...)
}

func (v *visit) Join(inner handshake.Account, inherited bool) handshake.Account {
	return join(v, inner, inherited)
}

// pair is the account of a meter around another.
type pair struct {
	outer, inner handshake.Account
	both         bool // outer does not charge the limits of inner anyway
	inherited    bool // inner is that of the region around
}

// join returns an account that is outer and inner.
func join(outer, inner handshake.Account, inherited bool) handshake.Account {
	return &pair{outer, inner, !covers(outer, inner), inherited}
}

// covers reports whether what outer charges includes all that inner does.
func covers(outer, inner handshake.Account) bool {
	switch inner := inner.(type) {
	case *account:
		return inner.limit == nil || outer.Under(&inner.limit.refuser)
	case *visit:
		return inner.limit == nil || outer.Under(&inner.limit.refuser)
	case quiet:
		return covers(outer, inner.Account)
	case *pair:
		return covers(outer, inner.outer) && covers(outer, inner.inner)
	}
	return false
}

// quiet is the account of a region whose failures are dealt with elsewhere.
type quiet struct{ handshake.Account }

func (quiet) Exhausted(_, _ uintptr, _ int, err error) (memory.Block, bool, error) {
	return memory.Block{}, false, err
}

func (q quiet) Join(inner handshake.Account, inherited bool) handshake.Account {
	return join(q, inner, inherited)
}

func (p *pair) Charge(least, most, spare int) (int, error) {
	granted, err := p.outer.Charge(least, most, spare)
	if err != nil || !p.both {
		return granted, err
	}
	fewer, err := p.inner.Charge(least, granted, 0)
	p.outer.Discharge(granted - fewer) // all, if inner refuses
	return fewer, err
}

func (p *pair) Discharge(n int) {
	p.outer.Discharge(n)
	if p.both {
		p.inner.Discharge(n)
	}
}

func (p *pair) Exhausted(size, align uintptr, attempt int, err error) (memory.Block, bool, error) {
	b, retry, err := p.inner.Exhausted(size, align, attempt, err)
	if retry || err == nil {
		return b, retry, err
	}
	return p.outer.Exhausted(size, align, attempt, err)
}

func (p *pair) Leave() {
	if !p.inherited {
		p.inner.Leave()
	}
	p.outer.Leave()
}

func (p *pair) Under(r *handshake.Refuser) bool { return p.outer.Under(r) || p.inner.Under(r) }

func (p *pair) Join(inner handshake.Account, inherited bool) handshake.Account {
	return join(p, inner, inherited)
}
