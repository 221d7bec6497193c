package memory

// ReleaseWatched is what [Stamp.Release] does with a block that guard mode watches when it has found
// that s lives.
func ReleaseWatched(mem []byte, s Stamp) bool { return s.epoch.record.(*watched).Release(mem, s) }

// RenewEnded is what [Stamp.Renew] does when it has found that s lives.
func (s Stamp) RenewEnded(pc uintptr) (Stamp, bool) { return s.renew(pc) }
