package flow

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// A Summary is what callers need to know about a function. It is a fact of the function,
// so that callers in other packages know it too. Its terms speak of the function's
// parameters and captured variables.
type Summary struct {
	Results  []Content  // what results are
	Objects  []Object   // what was made and is reached from results or stores
	Scopes   []Scope    // scopes opened in the function
	Stores   []Store    // what is stored in objects of the caller, or global
	Calls    []Callback // calls of functions that the caller gives
	Allocs   []Alloc    // allocations through contexts of the caller
	Releases []Release  // what the function ends
	Goes     []Go       // what goroutines use that the function does not wait for
	Waits    []*Term    // what the function waits for
	Reads    []*Term    // what of the caller's is read
	Unknown  []Unknown  // what is given to functions that are not known
	Flat     []int      // type parameters that must contain no pointers
	Loops    []Loop     // loops that leave memory behind, if their contexts have buffers
	Shared   []Loop     // contexts that several goroutines allocate through
	Fast     []int      // parameters whose ServeHTTP is called in a scope

	res int // 1 + callbackResults, once that is known
}

// AFact makes a Summary a fact.
func (*Summary) AFact() {}

func (*Summary) String() string { return "summary" }

// A Term is an atom without its function.
type Term struct {
	Kind kind
	At   int // index into Objects or Scopes; of a kSym, of its root
	J    int
	Root byte
	Path string
	Name string
	Base *Term
	Tag  string

	fn *ssa.Function
}

// A Content says what a part of a result or of an object holds.
type Content struct {
	Index int // of a result
	Path  string
	Terms []*Term
}

// An Object is something made in the function.
type Object struct {
	Tag      string
	Contents []Content

	fn *ssa.Function
}

// A Scope is a scope that is opened in the function.
type Scope struct {
	Parents []*Term
	Ended   bool // when the function returns
	Worker  bool

	pos token.Pos
}

// A Store is a store into an object that the function has not made.
type Store struct {
	Dst   *Term
	Path  string
	Terms []*Term
	Sink  string // what keeps it, for messages; "" for a variable
	Must  bool   // whatever path the function takes

	pos token.Pos
}

// A Callback is a call of a function that the caller has given.
type Callback struct {
	Fn     *Term
	Args   []Content // Index is that of the argument
	Async  bool      // in a goroutine, or later
	Await  []*Term   // what the function that runs it is waited for with, if Async
	Serve  bool      // a method ServeHTTP
	Scoped bool      // in a scope

	pos token.Pos
}

// An Alloc is an allocation.
type Alloc struct {
	Ctx  []*Term
	Uses string // how the context is used
	Kept bool   // its memory is a result, or kept

	pos token.Pos
}

// A Release is the end of something.
type Release struct {
	What []*Term
	Kind string

	pos token.Pos
}

// A Go is a goroutine, or something else that runs later.
type Go struct {
	Uses []*Term
	Ctxs []*Term // contexts through which it allocates
	How  string

	pos token.Pos
}

// An Unknown is a call whose callee is not known.
type Unknown struct {
	Args []*Term
	What string

	pos token.Pos
}

// A Loop is a loop that allocates.
type Loop struct {
	Ctx   []*Term
	Bytes int64

	pos token.Pos
}
