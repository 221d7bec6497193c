package scopetest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestConcurrent tests an allocator that says it is safe for concurrent use: the blocks
// that several goroutines get at the same time never overlap and keep their content,
// and what the scopes of one goroutine release is nothing of another's. Run it under
// the race detector as well. Each call of new returns a fresh allocator with [Room].
//
// It complements [TestAllocator]. A [memory.Checkpointer] cannot be tested so: its
// levels end in one order for all.
func TestConcurrent(t testing.TB, new func() scope.Allocator) {
	t.Helper()
	var f findings
	rounds := 50
	if testing.Short() || testenv.Slow() {
		rounds = 10
	}
	for _, c := range []crowd{{2, 1, none}, {2, 10, none}, {4, 40, none}, {2, 2, noEscape}, {4, 20, noEscape}, {4, 20, open}} {
		for range rounds {
			f.check(c.program(), func() { c.run(new()) })
		}
	}
	f.report(t, trial.Concurrent)
}

// A crowd is goroutines that do the same at the same time.
type crowd struct {
	goroutines, blocks int
	scope              string // each has one of its own, if this is not none
}

// How scopes are opened.
const (
	none     = ""
	noEscape = "NoEscape"
	open     = "Open"
)

const crowdSize = 100

func (c crowd) program() string {
	body := fmt.Sprintf("\t\tfor range %d {\n\t\t\tb, err := scope.AllocatorFrom(ctx).Alloc(%d, 8)\n\t\t\tfill(b.Bytes(), newPattern())\n\t\t}\n", c.blocks, crowdSize)
	switch c.scope {
	case noEscape:
		body = "\t\terr := scope.NoEscape(ctx, func(ctx context.Context) error {\n" + body + "\t\t})\n"
	case open:
		body = "\t\tctx, s := scope.Open(ctx)\n\t\tdefer s.End()\n" + body
	}
	return fmt.Sprintf("ctx := scope.WithAllocator(context.Background(), new())\nfor range %d {\n\tgo func() {\n%s\t}()\n}", c.goroutines, body)
}

// run lets the goroutines begin together, and judges when all have ended their work
// but none its scope.
func (c crowd) run(a scope.Allocator) {
	ctx := scope.WithAllocator(context.Background(), a)
	ledgers, errs := make([]trial.Ledger, c.goroutines), make([]error, c.goroutines)
	var start, worked, judged, ended sync.WaitGroup
	start.Add(1)
	worked.Add(c.goroutines)
	judged.Add(1)
	for g := range c.goroutines {
		ended.Go(func() {
			start.Wait()
			work := func(ctx context.Context) error {
				errs[g] = trial.Find(func() { c.work(ctx, &ledgers[g]) })
				worked.Done()
				judged.Wait()
				return nil
			}
			var err error
			switch c.scope {
			case none:
				_ = work(ctx)
			case noEscape:
				err = scope.NoEscape(ctx, work)
			case open:
				ctx, s := scope.Open(ctx)
				_ = work(ctx)
				err = s.End()
			}
			if errs[g] == nil && err != nil {
				errs[g] = fmt.Errorf("%s: %w", c.scope, err)
			}
		})
	}
	start.Done()
	worked.Wait()
	var all trial.Ledger
	overlap := trial.Find(func() { all.Join(ledgers) })
	judged.Done()
	ended.Wait()
	for _, err := range append(errs, overlap) {
		if v, ok := err.(*trial.Violation); ok {
			trial.Require(false, trial.Concurrent, "with %d goroutines, %s: %s", c.goroutines, v.Rule.Name, v.Message)
		}
		trial.Require(err == nil, trial.Concurrent, "%v", err)
	}
}

// work allocates and fills, and opens a scope now and then if the crowd has some.
func (c crowd) work(ctx context.Context, l *trial.Ledger) {
	for i := range c.blocks {
		_, err := l.Alloc(scope.AllocatorFrom(ctx).Alloc, 0, crowdSize, 8)
		trial.Require(err == nil, trial.Room, "Alloc(%d, 8): %v", crowdSize, err)
		if c.scope != none && i%4 == 1 {
			err := scope.NoEscape(ctx, func(ctx context.Context) error {
				_, err := l.Alloc(scope.AllocatorFrom(ctx).Alloc, 1, crowdSize, 8)
				return err
			})
			trial.Require(err == nil, trial.Room, "NoEscape: %v", err)
			if releases(scope.AllocatorFrom(ctx)) {
				l.End(1)
			}
		}
		if i%8 == 7 {
			runtime.Gosched()
		}
	}
	l.Verify()
}
