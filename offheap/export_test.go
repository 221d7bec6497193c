package offheap

// System is the operating system that a [Pages] uses, for tests to replace.
type System interface {
	PageSize() int
	Mmap(size int) ([]byte, error)
	Munmap(mem []byte) error
	AdviseHuge(mem []byte) error
}

// MmapOn is Mmap on another operating system.
func MmapOn(sys System, opts ...MmapOption) *Pages { return newPages(adapter{sys}, opts) }

// Kernel returns the real one.
func Kernel() System { return exported{kernel{}} }

type adapter struct{ System }

func (a adapter) pageSize() int                 { return a.PageSize() }
func (a adapter) mmap(size int) ([]byte, error) { return a.Mmap(size) }
func (a adapter) munmap(mem []byte) error       { return a.Munmap(mem) }
func (a adapter) adviseHuge(mem []byte) error   { return a.AdviseHuge(mem) }

type exported struct{ k kernel }

func (e exported) PageSize() int                 { return e.k.pageSize() }
func (e exported) Mmap(size int) ([]byte, error) { return e.k.mmap(size) }
func (e exported) Munmap(mem []byte) error       { return e.k.munmap(mem) }
func (e exported) AdviseHuge(mem []byte) error   { return e.k.adviseHuge(mem) }
