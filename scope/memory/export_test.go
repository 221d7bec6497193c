package memory

// ReleaseWatched is what [Stamp.Release] does with a block that guard mode watches when it has found
// that s lives.
func ReleaseWatched(mem []byte, s Stamp) bool { return s.epoch.record.(*watched).Release(mem, s) }

// RenewEnded is what [Stamp.Renew] does when it has found that s lives.
func (s Stamp) RenewEnded(pc uintptr) (Stamp, bool) { return s.renew(pc) }

// EndSlowly ends blocks from i up to k where that is not assembly.
func EndSlowly(b *Blocks, i, k int, then uint32, pc uintptr) int {
	return endSlowly(b.epochs, b.of[i:k], b.ended[i:k], then, pc)
}

// Number returns the number of e.
func (e *Epoch) Number() uint64 { return e.number }
