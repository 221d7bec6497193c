package offheap

// strike takes the block that begins at addr out of the books and returns what
// they said of it. If id is not 0 it must be that one block, and not another which
// has got its address since. The block is struck BEFORE its memory goes back
// upstream: from then on another goroutine may be given the same address, and enter
// it.
func (k *books) strike(addr uintptr, id uint64, at *trace) (block, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if b := k.find(addr, id); b != nil {
		return k.remove(b, at), nil
	}
	k.stats.BadFrees++
	return block{}, k.badFree(addr, id, at)
}

// strikeLeak is strike for the safety net. That the block is gone is [ErrClosed]
// once the heap is closed, which has reported it.
func (k *books) strikeLeak(addr uintptr, id uint64, at *trace) (block, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if b := k.find(addr, id); b != nil {
		k.stats.Leaks++
		return k.remove(b, at), nil
	}
	if k.closed {
		return block{}, ErrClosed
	}
	k.stats.BadFrees++
	return block{}, k.badFree(addr, id, at)
}

// refused counts a free that was refused without a look into the books.
func (k *books) refused() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stats.BadFrees++
}

func (k *books) find(addr uintptr, id uint64) *block {
	if b := k.live[addr]; b != nil && (id == 0 || b.id == id) {
		return b
	}
	return nil
}

// remove takes b out of the books.
func (k *books) remove(b *block, at *trace) block {
	b.freed = *at
	k.stats.Frees++
	k.stats.Blocks--
	k.stats.Size -= b.size
	delete(k.live, b.addr)
	struck := *b
	b.mem = nil // the memory may be the garbage collector's, and is not ours to hold
	if old := k.past.push(b); old != nil && len(k.spare) < maxSpare {
		k.spare = append(k.spare, old)
	}
	return struck
}

// badFree finds out what it was that cannot be freed. A look through all blocks is
// affordable here: it is a mistake, and happens once.
func (k *books) badFree(addr uintptr, id uint64, at *trace) error {
	if id != 0 {
		if b := k.past.find(func(b *block) bool { return b.id == id }); b != nil {
			return b.misfree(ErrDoubleFree, addr, at)
		}
		return &FreeError{Kind: ErrDoubleFree, Addr: addr, Again: at.stack()}
	}
	for _, b := range k.live {
		if b.contains(addr) {
			return b.misfree(ErrInterior, addr, at)
		}
	}
	if b := k.past.find(func(b *block) bool { return b.addr == addr }); b != nil {
		return b.misfree(ErrDoubleFree, addr, at)
	}
	if b := k.past.find(func(b *block) bool { return b.contains(addr) }); b != nil {
		return b.misfree(ErrInterior, addr, at)
	}
	return &FreeError{Kind: ErrUnknown, Addr: addr, Again: at.stack()}
}
