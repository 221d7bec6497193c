package bumper

// Options of the buffers. Each constructor takes only those that apply to it.
type (
	// An AllocOption configures an [AllocBuffer].
	AllocOption interface{ applyAlloc(*AllocBuffer) }
	// A SlabOption configures a [SlabBuffer].
	SlabOption interface{ applySlab(*SlabBuffer) }
	// An AutoscalingOption configures an [AutoscalingBuffer].
	AutoscalingOption interface{ applyAutoscaling(*AutoscalingBuffer) }
	// A GrowingOption configures a buffer that grows.
	GrowingOption interface {
		SlabOption
		AutoscalingOption
	}
	// An Option configures any buffer.
	Option interface {
		AllocOption
		GrowingOption
	}
)

// From makes the buffer take its storage from src instead of the Go heap. It panics
// if src is nil.
func From(src Source) Option {
	if src == nil {
		panic(misuse("From with a nil Source"))
	}
	return fromOption{src}
}

type fromOption struct{ src Source }

func (o fromOption) applyAlloc(b *AllocBuffer)             { b.store.source = o.src }
func (o fromOption) applySlab(b *SlabBuffer)               { b.store.source = o.src }
func (o fromOption) applyAutoscaling(b *AutoscalingBuffer) { b.store.source = o.src }

// Prompt makes the buffer give empty storage back to its source at the end of each
// scope, instead of keeping it for the next: for memory outside the Go heap that
// others are waiting for. A scope then costs what its source costs.
func Prompt() Option { return promptOption{} }

type promptOption struct{}

func (promptOption) applyAlloc(b *AllocBuffer)             { b.store.prompt = true }
func (promptOption) applySlab(b *SlabBuffer)               { b.store.prompt = true }
func (promptOption) applyAutoscaling(b *AutoscalingBuffer) { b.store.prompt = true }

// Limit caps what the buffer takes from its source at n bytes. An allocation that needs
// more returns an error that matches scope.ErrExhausted. If n is less than a slab, slabs
// are smaller. Limit panics if n is not positive.
func Limit(n int) GrowingOption { return limitOption(positive("Limit", n)) }

type limitOption int

func (o limitOption) applySlab(b *SlabBuffer)               { b.store.limit = int(o) }
func (o limitOption) applyAutoscaling(b *AutoscalingBuffer) { b.store.limit = int(o) }

// SlabSize sets the size of a slab in bytes; the default is [DefaultSlabSize]. It
// panics if n is not positive.
func SlabSize(n int) SlabOption { return slabSizeOption(positive("SlabSize", n)) }

type slabSizeOption int

func (o slabSizeOption) applySlab(b *SlabBuffer) { b.slabSize = int(o) }

// Initial sets the size in bytes of the first storage, below which the buffer does not
// shrink; the default is [DefaultInitial]. It panics if n is not positive.
func Initial(n int) AutoscalingOption { return initialOption(positive("Initial", n)) }

type initialOption int

func (o initialOption) applyAutoscaling(b *AutoscalingBuffer) { b.initial = int(o) }

func positive(what string, n int) int {
	if n <= 0 {
		panic(misuse("%s of %d bytes is not positive", what, n))
	}
	return n
}
