package trial

// A Rule is one promise of a contract. A check that finds it broken names it.
type Rule struct {
	Name string
	Text string // the promise, quoted when it is broken
}

// The rules of scope.Allocator.
var (
	Size       = &Rule{"size", "Alloc returns exactly size bytes."}
	Alignment  = &Rule{"alignment", "The address of a block is a multiple of align. Blocks of 64 bytes and more are 64-byte aligned whatever align says."}
	PowerOfTwo = &Rule{"power of two", "align is a power of two (0 means 1). Alloc panics on anything else, as memory.Alignment does, and stays usable."}
	Disjoint   = &Rule{"disjoint", "Live blocks never overlap."}
	Untouched  = &Rule{"untouched", "An allocator never writes to a live block."}
	Empty      = &Rule{"empty", "Size 0 gives an empty block and no error."}
	Overflow   = &Rule{"overflow", "No size may overflow a sum: what no memory can hold is refused."}
	Exhausted  = &Rule{"exhausted", "When the memory is not available, Alloc returns an error that matches ErrExhausted, with the right numbers if it is an ExhaustedError, and no block."}
	Unchanged  = &Rule{"unchanged", "When Alloc returns an error, nothing has changed."}
	Room       = &Rule{"room", "An allocator refuses only what it does not have: a fresh one has at least scopetest.Room bytes."}
	Lifetime   = &Rule{"lifetime", "The stamp of a block is live as long as the scope in which the block was born, and dead afterwards. The zero Stamp says that the block is never reused."}
	Endings    = &Rule{"endings", "NoEscape ends its scope on return, error, panic and runtime.Goexit alike, and hands on what fn ended with."}
	Reuse      = &Rule{"reuse", "Released memory is handed out again."}
	Panics     = &Rule{"panics", "An allocator panics on misuse only."}
)

// The rules of memory.Checkpointer and memory.Unwinder.
var (
	Checkpoints = &Rule{"checkpoints", "A checkpoint is live until its level is restored, and dead afterwards. Restore of the innermost level returns no error."}
	Order       = &Rule{"order", "Levels end in the reverse order of their beginning: Restore of a checkpoint above which another level is open is an error and changes nothing."}
	Foreign     = &Rule{"foreign", "Restore of a checkpoint of another allocator is an error and changes nothing."}
	Ended       = &Rule{"ended", "Restore of a checkpoint that was restored before is an error and changes nothing."}
	Forgotten   = &Rule{"forgotten", "A scope in which fn left a checkpoint open is an error of NoEscape, beside fn's own."}
	Unwinding   = &Rule{"unwinding", "Unwind ends a level together with the levels above it; other checkpoints are an error and change nothing."}
)

// The rules of bumper.Buffer.
var (
	Resets  = &Rule{"reset", "Reset releases everything. With an open checkpoint it is ErrOpenScope and changes nothing."}
	Holding = &Rule{"hold", "While the buffer is held, Reset, Restore and Unwind are ErrHeld and change nothing."}
	Numbers = &Rule{"numbers", "Stats counts what is used, held and allowed; a refused call changes none of it."}
	Places  = &Rule{"places", "A dead stamp tells where its scope ended."}
	Steady  = &Rule{"steady", "A loop reaches a steady size."}
)

// Regions is the rule of handshake.Region and of what opens one.
var Regions = &Rule{"regions", "A region allocates while it is open, and its life ends once, with Release. What comes late is of the heap, and counted."}

// Extends is the rule of memory.Extender.
var Extends = &Rule{"extend", "Extend lengthens the block handed out last, in the innermost scope, in place; its content, its stamp and all other blocks stay as they are. Otherwise it refuses and changes nothing."}

// Opens is the rule of scope.Open, over any allocator.
var Opens = &Rule{"open", "What is allocated in the context of a Scope lives until its End or its parent's. What comes late is of the heap, and counted. End out of order is an error and changes nothing."}

// The rules of bumper.Source.
var (
	SourceSize      = &Rule{"size", "Acquire returns at least size bytes."}
	SourceAlignment = &Rule{"alignment", "What Acquire returns begins at a multiple of 64."}
	SourceDisjoint  = &Rule{"disjoint", "Pieces that are not released do not overlap."}
	SourceUntouched = &Rule{"untouched", "Memory of a source can be read and written until it is released, and nothing else writes to it."}
	SourceRefusal   = &Rule{"refusal", "When the memory is not available, Acquire returns an error and no memory, and nothing has changed."}
	SourceRoom      = &Rule{"room", "A source refuses only what it does not have: it can supply at least scopetest.Room bytes."}
	SourceReuse     = &Rule{"reuse", "What was released can be acquired again."}
	SourcePanics    = &Rule{"panics", "Neither Acquire of a positive size panics, nor Release of what it returned."}
)

// The rules of what stands on a bumper.Source.
var (
	OnlySource = &Rule{"only source", "An allocator takes its memory from its source, never in silence from elsewhere, and asks for a positive size."}
	Cause      = &Rule{"cause", "When the source refuses, Alloc returns an error that matches ErrExhausted and the source's own error; it refuses for no other reason."}
	Recovery   = &Rule{"recovery", "When the source supplies again, so does the allocator."}
	Exact      = &Rule{"exact release", "What is released is what was acquired, exactly and once; Close, if there is one, releases all of it."}
	Mistrust   = &Rule{"mistrust", "An allocator checks what its source returns: memory that is too short or not 64-byte aligned is refused."}
	Poise      = &Rule{"poise", "A source that panics leaves the allocator usable."}
)

// The rules of memory.Wrapper.
var (
	Chain    = &Rule{"chain", "A wrapper is a memory.Wrapper: Unwrap leads to the allocator it wraps."}
	PassesOn = &Rule{"passes on", "A wrapper passes size and align on unchanged, and hands back what the wrapped allocator grants, unchanged."}
	Errors   = &Rule{"errors", "A wrapper's error matches that of the wrapped allocator."}
	Rewraps  = &Rule{"rewrap", "Rewrap returns the same kind of wrapper around another allocator, and leaves the first as it is."}
	InForce  = &Rule{"in force", "A wrapper stays in force in regions: what Rewrap returns shares its records, so that a limit which is reached there is reached here."}
)

// Concurrent is the rule of an allocator that says it is safe for concurrent use.
var Concurrent = &Rule{"concurrent", "An allocator that is safe for concurrent use keeps its contract when several goroutines use it at the same time."}
