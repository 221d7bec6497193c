package meter

// Reserved returns what is charged to l, with what limits below have reserved.
func Reserved(l *Limit) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}

// Slack returns what l has reserved beyond what is used.
func Slack(l *Limit) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.parent == nil {
		return 0
	}
	return l.reserved - l.used
}

// HasChildren reports whether l knows limits below it.
func HasChildren(l *Limit) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.children != nil
}

// Charge charges l directly.
func Charge(l *Limit, least, most, spare int) (int, error) {
	granted, refusal := l.charge(least, most, spare)
	if refusal != nil {
		return 0, refusal
	}
	return granted, nil
}

// Kept returns how many scopes the blocks are of that l was charged for one by one.
func Kept(l *Limit) int {
	l.blocks.mu.Lock()
	defer l.blocks.mu.Unlock()
	return len(l.blocks.bytes)
}
