package offheap

// System is the operating system that a [Pages] uses, for tests to replace.
type System interface {
	PageSize() int
	Mmap(size int) ([]byte, error)
	Munmap(mem []byte) error
	AdviseHuge(mem []byte) error
	Discard(mem []byte) error
}

// MmapOn is Mmap on another operating system.
func MmapOn(sys System, opts ...MmapOption) *Pages { return newPages(adapter{sys}, opts) }

// Host returns the real one.
func Host() System { return exported{host{}} }

type adapter struct{ System }

func (a adapter) pageSize() int                 { return a.PageSize() }
func (a adapter) mmap(size int) ([]byte, error) { return a.Mmap(size) }
func (a adapter) munmap(mem []byte) error       { return a.Munmap(mem) }
func (a adapter) adviseHuge(mem []byte) error   { return a.AdviseHuge(mem) }
func (a adapter) discard(mem []byte) error      { return a.Discard(mem) }

type exported struct{ h host }

func (e exported) PageSize() int                 { return e.h.pageSize() }
func (e exported) Mmap(size int) ([]byte, error) { return e.h.mmap(size) }
func (e exported) Munmap(mem []byte) error       { return e.h.munmap(mem) }
func (e exported) AdviseHuge(mem []byte) error   { return e.h.adviseHuge(mem) }
func (e exported) Discard(mem []byte) error      { return e.h.discard(mem) }
