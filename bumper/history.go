package bumper

// history remembers the sizes in bytes of a buffer's last uses.
type history struct {
	uses [5]int
	n    int // how many were ever added
}

func (h *history) add(use int) {
	h.uses[h.n%len(h.uses)] = use
	h.n++
}

func (h *history) largest() int {
	most := 0
	for _, use := range h.uses {
		most = max(most, use)
	}
	return most
}

// scaled leaves a tenth of room above a size, without overflow.
func scaled(n int) int { return n + n/10 + 64 }
