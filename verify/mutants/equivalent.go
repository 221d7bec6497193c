package main

// equivalent are the mutants that change nothing that a test could see, with the reason.
// An entry is the name of a mutant, without line numbers, so that it stands as long as the
// code that it is about.
var equivalent = []struct {
	reason string
	names  []string
}{
	{"the slow way comes to the same result, later", []string{
		`scope/make.go Alloc condition: !isFloat[T]() || uint(n) > fewEnough || pages.On() becomes (!isFloat[T]() || uint(n) > fewEnough || pages.On()) || true`,
		`scope/make.go Alloc constant: 0 becomes (0 + 1)`,
		`scope/make.go Alloc condition: b != nil becomes (b != nil) && false`,
		`scope/make.go allocAny condition: hi == 0 && n >= 0 && !pages.On() becomes (hi == 0 && n >= 0 && !pages.On()) && false`,
		`scope/memory/epoch.go Epoch.guards condition: e.guarded.Load() == nil becomes (e.guarded.Load() == nil) || true`,
		`scope/internal/pages/finding.go Guards.Explain side: g.arena.mem == nil || address < base … base >= uintptr(len(g.arena.mem)) becomes (address-base >= uintptr(len(g.arena.mem)))`,
		`scope/internal/pages/finding.go Guards.Explain side: g.arena.mem == nil || address < base becomes (g.arena.mem == nil)`,
		`scope/internal/pages/overruns.go pending.add condition: len(broken) == 0 becomes (len(broken) == 0) && false`,
		`scope/internal/pages/overruns.go TakeOverruns condition: !overruns.some.Load() becomes (!overruns.some.Load()) && false`,
		`scope/internal/pages/overruns.go TakeOverruns atomic: overruns.some.Store(false) removed`,
		`internal/handshake/sharing.go Sharing.Hold wait: runtime.Gosched() removed`,
		`bumper/customslab.go customSlabs.idleFrom condition: n == len(c.inUse) becomes (n == len(c.inUse)) && false`,
		`bumper/fit.go fitFast constant: 0 becomes (0 + 1)`,
		`bumper/slab.go SlabBuffer.Alloc condition: !ok becomes (!ok) || true`,
		`scope/builder.go Builder.another condition: pages.On() becomes (pages.On()) || true`,
		`scope/builder.go Builder.grow constant: 2 becomes (2 + 1) (2)`,
		`scope/context.go nearest case: case *openLevel: return c removed`,
		`scope/leak.go abandoned condition: l.state.Load() != ended becomes (l.state.Load() != ended) || true`,
		`scope/life.go life.endLevel remove: l.finish(ended) removed`,
		`scope/life.go life.levels comparison: len(all) > 1 becomes len(all) >= 1`,
		`scope/life.go life.finish comparison: before >= ended becomes before > ended`,
		`scope/life.go life.endLevel constant: 8 becomes (8 + 1)`,
		`scope/open.go watchedCheckpoint condition: pages.On() becomes (pages.On()) || true`,
		`scope/openregion.go life.Alloc side: l.state.Load() != taken && !l.takeRegion() becomes (!l.takeRegion())`,
		`internal/handshake/abandoned.go Abandoned.Run condition: a.waiting.Load() becomes (a.waiting.Load()) || true`,
		`internal/handshake/abandoned.go Abandoned.run comparison: len(a.ends) > 0 becomes len(a.ends) >= 0`,
		`scope/open.go life.openOn remove: l.opener = parent.life becomes _ = parent.life`,
		`scope/reserve.go newClaim side: l.state.Load() != taken && !l.takeRegion() becomes (!l.takeRegion())`,
		`internal/handshake/queue.go Wait condition: futile != nil becomes (futile != nil) && false`,
		`bumper/shared.go slabStorage.Acquire side: err != nil && size < s.b.slabSize becomes (err != nil)`,
		`bumper/shared.go autoscalingStorage.Acquire comparison: want > size becomes want >= size`,
		`offheap/records.go records.blank constant: 0 becomes (0 + 1)`,
		`locked/arena.go arena.remove arithmetic: a.retiring-- becomes a.retiring++`,
		`locked/arena.go arena.retire remove: a.retiring-- removed`,
		`locked/region.go region.unlock side: end > r.off && r.bump.Open(r.mem[:end], end-r.off) becomes (r.bump.Open(r.mem[:end], end-r.off))`,
		`scope/allocbump.go take condition: ok && size > 0 becomes (ok && size > 0) && false`,
		`scope/allocbump.go take constant: 0 becomes (0 + 1)`,
		`scope/allocbump.go bump case: case *regionContext: return take(c.region, c.generation, size, align) removed`,
		`scope/allocbump.go bump case: case *openRegion: if l := c.life; l. … ion, l.generation, size, align) } removed`,
		`scope/allocbump.go isFloat condition: ok becomes (ok) && false`,
		`scope/make.go Alloc condition: ok becomes (ok) && false (2)`,
		`scope/make.go Alloc condition: ok becomes (ok) && false (3)`,
		`scope/make.go allocAny comparison: n >= 0 becomes n > 0`,
		`scope/make.go walkOnce remove: pointerFree.Store(t, struct{}{}) removed`,
		`scope/make.go walkOnce case: case *int8, *int16, *int32, *int64,  … lex64, *complex128, *bool: return removed`,
		`scope/make.go walkOnce condition: ok becomes (ok) && false`,
		`internal/handshake/bumpregion.go BumpRegion.Forget condition: b.last.Load() != nil becomes (b.last.Load() != nil) || true`,
		`internal/handshake/queue.go Refuser.Freed side: r.waiting.Load() > 0 && r.called.CompareAndSwap(false, true) becomes (r.waiting.Load() > 0)`,
		`internal/handshake/queue.go Refuser.Freed side: r.waiting.Load() > 0 && r.called.CompareAndSwap(false, true) becomes (r.called.CompareAndSwap(false, true))`,
		`internal/handshake/queue.go Refuser.Freed comparison: r.waiting.Load() > 0 becomes r.waiting.Load() >= 0`,
		`meter/levels.go Meter.watched condition: m.limit == nil && m.core.log == nil && m.core.trace == nil becomes (m.limit == nil && m.core.log == nil && m.core.trace == nil) && false`,
		`allocarray/convert.go convertRun condition: ds == 1 && as == 1 becomes (ds == 1 && as == 1) && false`,
		`allocarray/float.go powRun condition: ds == 1 && as == 1 && bs == 0 becomes (ds == 1 && as == 1 && bs == 0) && false`,
		`allocarray/overlap.go requireInPlace side: !rangesMeet(dst, src) || dst.data == … out && sizeOf[T]() == sizeOf[U]() becomes (!rangesMeet(dst, src))`,
		`allocarray/reduceaxis.go extremeRuns condition: a.runsAlong(axis) becomes (a.runsAlong(axis)) && false`,
		`allocarray/shared.go layout.withoutAxis condition: m != nil becomes (m != nil) && false`,
		`allocarray/unary.go unaryWalk condition: ds == 1 becomes (ds == 1) && false`,
		`scope/life.go life.end case: case ended: return removed`,
		`scope/life.go life.end condition: reason == ended becomes (reason == ended) || true`,
		`locked/helpers.go crew.RunPieces comparison: uint64(n) <= math.MaxUint32 becomes uint64(n) < math.MaxUint32`,
		`locked/helpers.go crew.takeJob constant: 0 becomes (0 + 1)`,
		`allocarray/compare.go compare condition: m != 0 becomes (m != 0) || true`,
		`bumper/autoscaling.go AutoscalingBuffer.allocSlow once: ; break inserted`,
		`locked/region.go fitFast arithmetic: align&mask becomes align|mask`,
		`scope/builder.go Builder.another condition: pages.On() becomes (pages.On()) || true (2)`,
		`scope/release.go releaserIn condition: !c.wraps becomes (!c.wraps) && false`,
		`scope/release.go ReleaseMoved side: r != nil && stamp.Release(r, mem) becomes (stamp.Release(r, mem))`,
		`scope/internal/pages/list.go List.Release condition: len(l.blocks) == 0 becomes (len(l.blocks) == 0) && false`,
		`locked/job.go job.end wait: runtime.Gosched() removed`,
		`allocarray/take.go Gather condition: m != 0 becomes (m != 0) || true`,
		`locked/job.go job.set atomic: j.left.Store(int32(helpers)) removed`,
		`scope/memory/blocks.go Blocks.EndAll remove: i++ removed`,
		`internal/handshake/track.go Track.Take side: s.First < s.End && !t.free(s) becomes (!t.free(s))`,
		`scope/allocbump.go bump condition: t != nil becomes (t != nil) && false`,
		`scope/context.go WithAllocator comparison: s.Sharing.Track != nil becomes s.Sharing.Track == nil`,
		`scope/context.go WithAllocator remove: c.track = s.Sharing.Track becomes _ = s.Sharing.Track`,
		`scope/release.go release condition: ok becomes (ok) && false`,
		`scope/release.go release condition: t != nil && t.Holds(stamp, start, size) becomes (t != nil && t.Holds(stamp, start, size)) && false`,
	}},
	{"nobody looks at the values beside a false", []string{
		`scope/guard/guard.go parse constant: 0 becomes (0 + 1) (2)`,
		`scope/guard/guard.go parse constant: 0 becomes (0 + 1) (3)`,
		`scope/guard/guard.go parse constant: 0 becomes (0 + 1) (5)`,
		`bumper/slab.go worstCase constant: 0 becomes (0 + 1)`,
		`bumper/slab.go worstCase constant: 0 becomes (0 + 1) (2)`,
		`scope/openregion.go life.OpenRegion constant: 0 becomes (0 + 1)`,
		`meter/opener.go opener.OpenRegion constant: 0 becomes (0 + 1)`,
		`locked/job.go share.take constant: 0 becomes (0 + 1)`,
	}},
	{"the two do not see one another", []string{
		`scope/guard/guard.go init swap: Set(m) SetRate(rate) becomes SetRate(rate); Set(m)`,
		`scope/internal/pages/finding.go Guards.Explain swap: f.What = fmt.Sprintf("byte %d of a b … ffset >= 0 && offset < len(b.mem) becomes f.Inside = offset >= 0 && offset < l … ", offset, len(b.mem), b.stack())`,
		`scope/life.go endWhenFree swap: l.finish(ended) sharing.Abandoned.Ad … bool { return l.tryRestore(pc) }) becomes sharing.Abandoned.Add(func() bool {  … ryRestore(pc) }); l.finish(ended)`,
		`scope/open.go life.openLevel swap: l.alloc = alloc l.cleanup = runtime.AddCleanup(x, abandoned, l) becomes l.cleanup = runtime.AddCleanup(x, abandoned, l); l.alloc = alloc`,
		`bumper/slab.go SlabBuffer.Trim swap: b.levels.shared.Trim() b.trim() becomes b.trim(); b.levels.shared.Trim()`,
		`bumper/allocbuffer.go NewAllocBuffer swap: b.levels.Init(b) b.levels.shared.Storage = allocStorage{b} becomes b.levels.shared.Storage = allocStorage{b}; b.levels.Init(b)`,
		`locked/arena.go arena.extend swap: a.absorb(s, next) a.use(s, n) becomes a.use(s, n); a.absorb(s, next)`,
		`locked/arena.go arena.remove swap: a.freeSpan(p.whole) a.pieces = slice … q *piece) bool { return p == q }) becomes a.pieces = slices.DeleteFunc(a.piece … rn p == q }); a.freeSpan(p.whole)`,
		`locked/buffer.go Buffer.putRegion swap: b.unlist(r) b.stats.Open-- becomes b.stats.Open--; b.unlist(r)`,
		`locked/region.go region.restart swap: r.home.giveBack(r) r.open = true becomes r.open = true; r.home.giveBack(r)`,
		`bumper/levels.go Levels.Open swap: lv.mark = mark l.at.Top = lv.epoch.Stamp() becomes l.at.Top = lv.epoch.Stamp(); lv.mark = mark`,
		`meter/plain.go plain.Close swap: p.close() p.mark.end(true) becomes p.mark.end(true); p.close()`,
		`allocarray/overlap.go steps.insert swap: copy(s.least[at+1:], s.least[at:s.n] … py(s.most[at+1:], s.most[at:s.n]) becomes copy(s.most[at+1:], s.most[at:s.n]); … (s.least[at+1:], s.least[at:s.n])`,
		`scope/noescape.go runCheckpoint swap: cp.EndsAt(pc) s.Enter(ctx, pc) becomes s.Enter(ctx, pc); cp.EndsAt(pc)`,
		`scope/internal/pages/list.go List.ReleaseOne swap: l.blocks, l.ended = slices.Delete(l. … ll.Release([]*Block{b}, pc), end) becomes overruns.add(all.Release([]*Block{b} … ), slices.Delete(l.ended, i, i+1)`,
		`allocarray/take.go takeShape swap: copy(shape.shape[k:], indices.length … ices.rank:], a.shape[k+1:a.rank]) becomes copy(shape.shape[k+indices.rank:], a … ape.shape[k:], indices.lengths())`,
		`scope/memory/guarded.go Guarded swap: e.hand(p.Bytes()) e.replaced = b.start becomes e.replaced = b.start; e.hand(p.Bytes())`,
		`scope/memory/guarded.go Epoch.watch swap: e.kind, e.record = guarded, w e.hand(mem) becomes e.hand(mem); e.kind, e.record = guarded, w`,
		`locked/job.go job.fail swap: j.stop() j.mu.Lock() becomes j.mu.Lock(); j.stop()`,
		`scope/memory/blocks.go Blocks.End swap: b.ended[e.block] = then e.EndAt(pc) becomes e.EndAt(pc); b.ended[e.block] = then`,
		`scope/memory/blocks.go Blocks.EndUnwatched swap: b.ended[s.epoch.block] = then endAt(s.epoch, pc) becomes endAt(s.epoch, pc); b.ended[s.epoch.block] = then`,
		`scope/memory/blocks.go Blocks.EndAll swap: b.ended[i] = then b.Epoch(i).EndAt(pc) becomes b.Epoch(i).EndAt(pc); b.ended[i] = then`,
	}},
	{"no address in a program needs more than 48 bits, and a place that is 0 is unknown either way", []string{
		`scope/memory/stamp.go packEnd constant: 48 becomes (48 + 1) (2)`,
		`scope/memory/stamp.go unpackEnd side: pc != 0 && word>>48 == generation&(1<<16-1) becomes (word>>48 == generation&(1<<16-1))`,
	}},
	{"scopes are scattered as well, which is all that is asked", []string{
		`scope/memory/epoch.go NewEpoch constant: 1 becomes (1 + 1)`,
		`scope/internal/pages/mode.go Chosen swap: z = (z ^ z>>30) * 0xBF58476D1CE4E5B9 …  (z ^ z>>27) * 0x94D049BB133111EB becomes z = (z ^ z>>27) * 0x94D049BB133111EB …  (z ^ z>>30) * 0xBF58476D1CE4E5B9`,
		`scope/internal/pages/mode.go Chosen arithmetic: epoch<<32 + generation becomes epoch<<32 - generation`,
		`scope/internal/pages/mode.go Chosen constant: 32 becomes (32 + 1)`,
		`scope/internal/pages/mode.go Chosen arithmetic: z>>30 becomes z<<30`,
		`scope/internal/pages/mode.go Chosen constant: 30 becomes (30 + 1)`,
		`scope/internal/pages/mode.go Chosen arithmetic: z>>27 becomes z<<27`,
		`scope/internal/pages/mode.go Chosen constant: 27 becomes (27 + 1)`,
		`scope/internal/pages/mode.go Chosen comparison: z^z>>31 <= below.Load() becomes z^z>>31 < below.Load()`,
	}},
	{"no block has an alignment, and no span the size, of 2^46 bytes and more", []string{
		`scope/heap.go heap.Alloc comparison: align > maxHeap becomes align >= maxHeap`,
		`scope/internal/pages/arena.go arena.find arithmetic: classes-1 becomes classes+1`,
		`scope/internal/pages/arena.go arena.again arithmetic: classes-1 becomes classes+1`,
	}},
	{"which of two right spans is taken, after 2^17 others: no promise says", []string{
		`scope/internal/pages/arena.go arena.again comparison: class <= min(last, classes-1) becomes class < min(last, classes-1)`,
	}},
	{"only where int has 32 bits", []string{
		`scope/internal/pages/host_unix.go host.reserve constant: 32 becomes (32 + 1)`,
		`scope/internal/pages/host_unix.go host.reserve remove: most = 28 becomes _ = 28`,
	}},
	{"the kernel takes whole pages; any byte of the page will do", []string{
		`scope/internal/pages/host_unix.go host.reserve constant: hostPageSize becomes (hostPageSize) - 1`,
		`scope/internal/pages/host_unix.go touch constant: 0 becomes (0 + 1)`,
	}},
	{"no process that Go runs in sees it: the system tells the limits, opens a page that it has just reserved, and leaves more than 128 MiB", []string{
		`scope/internal/pages/host_unix.go host.reserve remove: err = syscall.ENOMEM becomes _ = syscall.ENOMEM`,
		`scope/internal/pages/host_unix.go addressLimit condition: syscall.Getrlimit(syscall.RLIMIT_AS, &limit) != nil becomes (syscall.Getrlimit(syscall.RLIMIT_AS, &limit) != nil) && false`,
		`scope/internal/pages/host_unix.go touch return: err becomes nil`,
	}},
	{"keeps a reference to what is referred to anyway, or until it is overwritten", []string{
		`scope/internal/pages/list.go List.Release remove: clear(l.blocks) removed`,
		`bumper/customslab.go customSlabs.idleFrom constant: n becomes (n) + 1 (3)`,
	}},
	{"the list of a queue is moved up sooner or later, and comes to the same", []string{
		`scope/internal/pages/span.go queue.pop condition: 2*q.head > len(q.list) becomes (2*q.head > len(q.list)) || true`,
		`scope/internal/pages/span.go queue.pop comparison: 2*q.head > len(q.list) becomes 2*q.head >= len(q.list)`,
		`scope/internal/pages/span.go queue.pop arithmetic: 2*q.head becomes 2+q.head`,
	}},
	{"alignments are powers of two, and their masks never 64", []string{
		`bumper/fit.go fitFast comparison: mask >= 64 becomes mask > 64`,
		`offheap/workspace.go owner.Alloc constant: 64 becomes (64 + 1)`,
		`locked/region.go fitFast comparison: mask >= granule becomes mask > granule`,
		`internal/handshake/bumpregion.go BumpRegion.Block constant: 1 becomes (1 + 1) (2)`,
	}},
	{"a scope that has ended is found ended once more", []string{
		`scope/noescape.go endLater side: s != nil && cp.Live() becomes (s != nil)`,
	}},
	{"slabs are of one size, and giving memory to the collector only counts bytes", []string{
		`bumper/isolating.go SlabBuffer.moveOn remove: b.slabs[first], b.slabs[b.cur] = b.slabs[b.cur], b.slabs[first] becomes b.slabs[first], _ = b.slabs[b.cur], b.slabs[first]`,
	}},
	{"without the address sanitizer there is nothing to unpoison; and poisoning more than was used does no harm, as memory is unpoisoned when it is handed out", []string{
		`bumper/slab.go SlabBuffer.allocSlow remove: poison.Unpoison(b.levels.at.Mem[start:end]) removed`,
		`bumper/store.go poisonFrom remove: to = lastOff becomes _ = lastOff`,
		`bumper/extend.go extend swap: poison.Unpoison(mem[*off:end]) *off = end becomes *off = end; poison.Unpoison(mem[*off:end])`,
		`locked/extend.go region.ExtendIn swap: poison.Unpoison(r.mem[r.off:end]) r.off = end becomes r.off = end; poison.Unpoison(r.mem[r.off:end])`,
		`bumper/allocbuffer.go AllocBuffer.allocSlow remove: poison.Unpoison(b.levels.at.Mem[start:end]) removed`,
		`bumper/autoscaling.go AutoscalingBuffer.Alloc remove: poison.Unpoison(b.levels.at.Mem[start:b.levels.at.Off]) removed`,
	}},
	{"a scope without a level has the zero stamp, which lives for ever", []string{
		`scope/life.go life.over side: l.checkpointer != nil && !l.level.Live() becomes (!l.level.Live())`,
	}},
	{"a scope that its parent ends in the moment in which the garbage collector reports it may be reported or not", []string{
		`scope/life.go life.finish comparison: before < ended becomes before <= ended`,
	}},
	{"an empty block needs no alignment, and an empty piece lies nowhere", []string{
		`scope/openlevel.go life.inTime constant: 1 becomes (1 + 1)`,
		`offheap/system.go within comparison: offset <= uintptr(len(whole)) becomes offset < uintptr(len(whole))`,
		`scope/foreign.go strange constant: 1 becomes (1 + 1)`,
	}},
	{"a negative number is as good as another", []string{
		`bumper/customslab.go customSlabs.take constant: 1 becomes (1 + 1)`,
	}},
	{"the reset has made the front forget what an AllocBuffer lent, so nothing is left to trim", []string{
		`bumper/allocbuffer.go AllocBuffer.Close remove: b.levels.shared.Trim() removed`,
		`locked/buffer.go Buffer.Close condition: err != nil becomes (err != nil) || true`,
	}},
	{"a claim that is satisfied names no refuser", []string{
		`internal/handshake/queue.go Wait side: err == nil || refuser == nil becomes (refuser == nil)`,
	}},
	{"any of several refusers will do to name: whoever waits is tried when one of them frees memory", []string{
		`internal/handshake/queue.go waiter.enter branch: break removed`,
	}},
	{"the number is rounded down to a multiple of 64", []string{
		`meter/errors.go LimitError.exhausted constant: 0 becomes (0 + 1)`,
	}},
	{"an account that has an allocation tried again returns no error", []string{
		`meter/account.go visit.Exhausted side: !retry && err != nil becomes (err != nil)`,
	}},
	{"the numbers differ, and their order does not", []string{
		`offheap/records.go records.enter swap: r.lastID++ *b = block{mem: mem, addr … d: held, label: label, made: *at} becomes *b = block{mem: mem, addr: address(m … el: label, made: *at}; r.lastID++`,
	}},
	{"who asks between the two, in another goroutine, learns that the scope has ended and not where", []string{
		`offheap/workspace.go owner.end swap: o.stamp.EndsAt(pc) o.epoch.End() becomes o.epoch.End(); o.stamp.EndsAt(pc)`,
	}},
	{"no memory has 2^30 spans, and no span 2^48 granules", []string{
		`locked/arena.go arena.find constant: 30 becomes (30 + 1)`,
		`locked/arena.go arena.nextBin constant: 1 becomes (1 + 1)`,
		`locked/arena.go binOf constant: 1 becomes (1 + 1) (3)`,
	}},
	{"nine is as good as eight: how many spans of a bin are looked at only bounds the time", []string{
		`locked/arena.go fitting comparison: few > 0 becomes few >= 0`,
	}},
	{"from 8 to 15 both ways come to the number itself", []string{
		`locked/arena.go binOf comparison: log < 3 becomes log <= 3`,
	}},
	{"who makes the last span idle sets it again", []string{
		`locked/arena.go arena.use condition: s.piece.used > 0 becomes (s.piece.used > 0) || true`,
	}},
	{"without an account nothing is charged", []string{
		`locked/carve.go Buffer.giveBack condition: r.account != nil becomes (r.account != nil) || true`,
	}},
	{"without a limit there is no room, and so less than is needed", []string{
		`locked/carve.go Buffer.takeIsolated side: err == nil || b.limit == 0 becomes (err == nil)`,
	}},
	{"no negative length has a size that fits anywhere", []string{
		`scope/make.go allocAny side: hi == 0 && n >= 0 becomes (hi == 0)`,
	}},
	{"a closed buffer refuses, whatever room it tells", []string{
		`bumper/shared.go allocStorage.Room side: s.b.levels.at.Mem == nil && s.b.store.source != nil becomes (s.b.levels.at.Mem == nil)`,
	}},
	{"the layouts are scattered as well, which is all that is asked", []string{
		`allocarray/shared.go hash constant: 0x9e3779b97f4a7c15 becomes (0x9e3779b97f4a7c15 + 1)`,
	}},
	{"a region of an allocator without scopes does not ask what is between", []string{
		`meter/meter.go Meter.findScopes side: by != nil && by != m.inner becomes (by != m.inner)`,
	}},
	{"a number is in the list once, and a mark without a tracer has none", []string{
		`meter/replay.go player.end branch: break removed`,
		`meter/trace.go tracer.end condition: t == nil becomes (t == nil) && false`,
	}},
	{"what comes after looks once more, and there is no result before", []string{
		`allocarray/concat.go Concat swap: recheckEach("Concat", arrays) concat("Concat", &dst, k, arrays) becomes concat("Concat", &dst, k, arrays); recheckEach("Concat", arrays)`,
		`allocarray/reduceaxis.go reduceAxis remove: a.recheck(op) removed`,
		`allocarray/quantile.go quantileAxis swap: a.recheck(op) quantileRuns(op, &dst, a, k, q) becomes quantileRuns(op, &dst, a, k, q); a.recheck(op)`,
		`allocarray/sort.go Argsort swap: a.recheck("Argsort") argsortRuns("Argsort", &dst, &a, k) becomes argsortRuns("Argsort", &dst, &a, k); a.recheck("Argsort")`,
		`allocarray/spread.go spreadAxis remove: a.recheck(op) removed`,
	}},
	{"the stride of an axis of length 1 does not matter", []string{
		`allocarray/view.go axes.insertAxis constant: 1 becomes (1 + 1) (4)`,
		`allocarray/view.go AllocArray.slice condition: x.shape[i] > 1 becomes (x.shape[i] > 1) || true`,
	}},
	{"a member that has been released may leave before it says so", []string{
		`scope/leak.go life.abandon swap: close(l.released) l.parent.remove(l) becomes l.parent.remove(l); close(l.released)`,
	}},
	{"the general way is as right, and slower; how a product with one column rounds depends on the layout", []string{
		`allocarray/matmul.go matMulPlain condition: dst.columnsContiguous() && !(dst.rowsContiguous() && a.rowsContiguous()) becomes (dst.columnsContiguous() && !(dst.ro …  && a.rowsContiguous())) && false`,
	}},
	{"the lock of the queue is held: who is woken waits for it", []string{
		`internal/handshake/queue.go waiter.enter swap: queue.list = append(queue.list, w) w.waitFor(refuser) becomes w.waitFor(refuser); queue.list = append(queue.list, w)`,
	}},
	{"one stock more than is used", []string{
		`locked/job.go newJob constant: 1 becomes (1 + 1)`,
	}},
	{"a region that is closed is closed once more, and the one outside has no buffer of its own", []string{
		`locked/region.go region.Close side: r.Living(g) && r.open becomes (r.Living(g))`,
		`locked/region.go region.restart constant: 0 becomes (0 + 1) (2)`,
	}},
	{"a place of 0 is unknown, and no place is 1", []string{
		`scope/memory/endat.go Epoch.EndAt condition: pc != 0 becomes (pc != 0) || true`,
		`scope/memory/stamp.go Stamp.EndsAs condition: pc != 0 becomes (pc != 0) || true`,
		`scope/memory/guarded.go Epoch.endWithScope constant: 0 becomes (0 + 1)`,
	}},
	{"any later generation is as good", []string{
		`scope/memory/guarded.go Epoch.endWithScope constant: 1 becomes (1 + 1)`,
		`scope/memory/releaser.go Stamp.renew constant: 1 becomes (1 + 1)`,
		`scope/memory/endat.go Epoch.EndAt constant: 2 becomes (2 + 1) (2)`,
	}},
	{"only the type of the element counts, and what is empty is not all of a block", []string{
		`scope/release.go bytesOf constant: 0 becomes (0 + 1)`,
		`scope/release.go Reusable side: len(elems) > 0 && stamp.Live() becomes (stamp.Live())`,
	}},
	{"a wrapper makes no blocks of its own", []string{
		`scope/context.go WithAllocator condition: !c.wraps becomes (!c.wraps) || true`,
	}},
	{"no allocator refuses an empty block", []string{
		`scope/builder.go Builder.another condition: err != nil becomes (err != nil) && false (2)`,
	}},
	{"the lengths of the spans that a region's own buffer takes are multiples of 64, and so is what it is charged", []string{
		`locked/own.go stock.Release constant: 0 becomes (0 + 1)`,
	}},
	{"after the last element, which was looked at on both sides of the user's function, only another goroutine can end a scope, within nanoseconds", []string{
		`allocarray/map.go map2Runs remove: recheckAll(op, dst, a, b) removed`,
	}},
	{"either operand will do to name, where another goroutine has ended both", []string{
		`allocarray/scatter.go ScatterAddInto swap: indices.recheck(op) src.recheck(op) becomes src.recheck(op); indices.recheck(op)`,
	}},
	{"no element is added", []string{
		`allocarray/pad.go PadEdge constant: 0 becomes (0 + 1)`,
	}},
	{"to discharge nothing changes nothing", []string{
		`meter/blocks.go blocks.release condition: n > 0 becomes (n > 0) || true`,
	}},
	{"only the stamps of blocks that can be released are looked for", []string{
		`meter/levels.go levels.count condition: n > 0 && b.Stamp.Releasable() becomes (n > 0 && b.Stamp.Releasable()) || true`,
	}},
	{"when a block has ended that was forgotten, nobody asks", []string{
		`scope/memory/blocks.go Blocks.Forget constant: 1 becomes (1 + 1)`,
	}},
	{"a buffer that has no track sets none", []string{
		`scope/context.go WithAllocator side: s.Sharing != nil && s.Sharing.Track != nil becomes (s.Sharing != nil)`,
	}},
	{"a block that has not begun has ended some time before", []string{
		`scope/memory/blocks.go Blocks.For constant: 1 becomes (1 + 1) (3)`,
	}},
	{"a region that has not begun holds nothing that could go back", []string{
		`locked/own.go region.equip condition: !made becomes (!made) || true`,
	}},
}

// reasons has why a mutant changes nothing, by its name.
var reasons = func() map[string]string {
	m := map[string]string{}
	for _, e := range equivalent {
		for _, name := range e.names {
			m[name] = e.reason
		}
	}
	return m
}()
