package locked

import (
	"math/bits"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A chunk of the shared buffer is the storage that a region takes and gives back.
// Chunks have sizes that are powers of two, as far as the buffer has room for
// that, and are kept apart by size, so that what one region gave back suits
// another.
const (
	sizeClasses = bits.UintSize

	// searchUp is how many classes above the fitting one an idle chunk is
	// taken from before a new one is carved: at most a fourfold waste.
	searchUp = 2
)

// chunkList holds chunks by the power of two that their length reaches.
type chunkList [sizeClasses][]memory.Block

// classOf is the class in which a chunk of n bytes is kept.
func classOf(n int) int { return bits.Len(uint(n)) - 1 }

func (l *chunkList) put(c memory.Block) {
	class := classOf(len(c.Bytes()))
	l[class] = append(l[class], c)
}

// take removes a chunk of at least n bytes from the classes up to the last.
// Chunks that died in a reset of the buffer are dropped on the way.
func (l *chunkList) take(n, last int) (memory.Block, bool) {
	for class := classOf(n); class <= min(last, sizeClasses-1); class++ {
		for i := len(l[class]) - 1; i >= 0; i-- {
			c := l[class][i]
			if c.Stamp.Live() && len(c.Bytes()) < n {
				continue
			}
			l.remove(class, i)
			if c.Stamp.Live() {
				return c, true
			}
		}
	}
	return memory.Block{}, false
}

func (l *chunkList) remove(class, i int) {
	list := l[class]
	last := len(list) - 1
	list[i], list[last] = list[last], memory.Block{}
	l[class] = list[:last]
}

// bytes is the size of all chunks that are still good.
func (l *chunkList) bytes() (sum int) {
	for _, list := range l {
		for _, c := range list {
			if c.Stamp.Live() {
				sum += len(c.Bytes())
			}
		}
	}
	return sum
}
