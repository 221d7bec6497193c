package replay_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A calcOp is one operation of a program of arrays: as data, so that it can be varied.
type calcOp struct {
	kind         calcKind
	x, y, n      int // operands, counted from the youngest array on, and a number
	move         bool
	body, orelse []calcOp
	parts        [][]calcOp // of goroutines
}

type calcKind int

const (
	calcNew calcKind = iota
	calcUnary
	calcBinary
	calcView
	calcMatMul
	calcReduce
	calcCompound
	calcWrite
	calcRelease
	calcScope
	calcFails // a scope that panics
	calcBranch
	calcParallel
)

// calcWeights are how often each kind is drawn.
var calcWeights = map[calcKind]int{
	calcNew: 5, calcUnary: 5, calcBinary: 6, calcView: 5, calcMatMul: 1, calcReduce: 2, calcCompound: 1, calcWrite: 2,
	calcRelease: 8, calcScope: 3, calcFails: 1, calcBranch: 2, calcParallel: 1,
}

func calcProgram(rng *rand.Rand, n, depth int) (ops []calcOp) {
	for range n {
		ops = append(ops, calcOperation(rng, n, depth))
	}
	return ops
}

func calcOperation(rng *rand.Rand, n, depth int) calcOp {
	o := calcOp{x: rng.IntN(8), y: rng.IntN(8), n: rng.IntN(1000), move: rng.IntN(3) == 0}
	last := calcParallel
	if depth == 0 {
		last = calcRelease
	}
	sum := 0
	for k := calcNew; k <= last; k++ {
		sum += calcWeights[k]
	}
	for at := rng.IntN(sum); at >= calcWeights[o.kind]; o.kind++ {
		at -= calcWeights[o.kind]
	}
	switch o.kind {
	case calcScope, calcFails:
		o.body = calcProgram(rng, 1+n/2, depth-1)
	case calcBranch:
		o.body, o.orelse = calcProgram(rng, 1+n/3, depth-1), calcProgram(rng, 1+n/3, depth-1)
	case calcParallel:
		for range 2 + rng.IntN(2) {
			o.parts = append(o.parts, calcProgram(rng, 1+n/3, depth-1))
		}
	}
	return o
}

// varyCalc returns a program that differs in about one op of n.
func varyCalc(rng *rand.Rand, ops []calcOp, n int) (varied []calcOp) {
	for _, o := range ops {
		if o.body != nil {
			o.body, o.orelse = varyCalc(rng, o.body, n), varyCalc(rng, o.orelse, n)
		}
		o.parts = append([][]calcOp(nil), o.parts...)
		for i := range o.parts {
			o.parts[i] = varyCalc(rng, o.parts[i], n)
		}
		switch {
		case rng.IntN(n) > 0:
			varied = append(varied, o)
		case rng.IntN(3) == 0: // left out
		case rng.IntN(2) == 0:
			varied = append(varied, calcOperation(rng, 4, 1), o)
		default:
			o.x, o.n, o.move = o.x+1, o.n+rng.IntN(1000), !o.move
			varied = append(varied, o)
		}
	}
	return varied
}

// A variable is an array of a running program.
type variable struct {
	allocarray.AllocArray[float32]
	ctx     context.Context // that it was made with
	base    *variable       // of a view
	dead    bool            // released or moved
	foreign bool            // of another goroutine, which reads it meanwhile
}

func (v *variable) usable() bool { return !v.dead && (v.base == nil || !v.base.dead) }

// own reports whether the program may release or overwrite the array itself.
func (v *variable) own() bool { return v.usable() && v.base == nil && !v.foreign }

// A calculator runs programs.
type calculator struct {
	ctx    context.Context
	shared bool // goroutines may use the allocator
	vars   []*variable
	digest uint64
}

// pick returns the i-th usable array, counted from the youngest.
func (c *calculator) pick(i int, ok func(*variable) bool) *variable {
	var all []*variable
	for k := len(c.vars) - 1; k >= 0; k-- {
		if ok(c.vars[k]) {
			all = append(all, c.vars[k])
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[i%len(all)]
}

// operand returns what is passed to an operation for v: v itself, or v moved.
func (c *calculator) operand(v *variable, move bool) allocarray.AllocArray[float32] {
	if move && v.own() {
		moved := v.Move()
		v.dead = true
		return moved
	}
	return v.AllocArray
}

func (c *calculator) add(a allocarray.AllocArray[float32], base *variable) {
	v := &variable{AllocArray: a, ctx: c.ctx}
	if v.base = base; base != nil {
		v.foreign = base.foreign
		if base.base != nil {
			v.base = base.base
		}
	}
	c.see(v)
	c.vars = append(c.vars, v)
}

// check looks at all arrays that are live.
func (c *calculator) check() {
	for _, v := range c.vars {
		if v.usable() && !v.foreign {
			c.see(v)
		}
	}
}

func (c *calculator) play(ops []calcOp) {
	for _, o := range ops {
		c.step(o)
	}
	c.check()
}

func (c *calculator) step(o calcOp) {
	switch o.kind {
	case calcNew:
		c.fresh(o)
		return
	case calcScope, calcFails:
		c.inScope(o)
		return
	case calcBranch:
		if c.digest&1 == 0 {
			c.play(o.body)
		} else {
			c.play(o.orelse)
		}
		return
	case calcParallel:
		c.parallel(o.parts)
		return
	case calcWrite, calcRelease:
		if v := c.pick(o.x, (*variable).own); v != nil {
			c.end(o, v)
		}
		return
	}
	v := c.pick(o.x, (*variable).usable)
	if v == nil {
		c.fresh(o)
		return
	}
	c.compute(o, v)
}

func (c *calculator) fresh(o calcOp) {
	a := allocarray.New[float32](c.ctx, 1+o.n%17, 1+o.n%23)
	a.Fill(float32(o.n) / 8)
	a.Set(float32(o.y), o.n%a.Dim(0), o.y%a.Dim(1))
	c.add(a, nil)
}

// end overwrites or releases an array.
func (c *calculator) end(o calcOp, v *variable) {
	if o.kind == calcWrite {
		allocarray.AddScalarInto(v.AllocArray, v.AllocArray, float32(o.n))
		return
	}
	if v.Live() {
		v.Fill(math.Float32frombits(0xffdbdbdb))
	}
	v.Release(v.ctx)
	v.dead = true
}

// compute makes an array of others.
func (c *calculator) compute(o calcOp, v *variable) {
	switch o.kind {
	case calcUnary:
		a := c.operand(v, o.move)
		switch o.n % 3 {
		case 0:
			c.add(allocarray.ReLU(c.ctx, a), nil)
		case 1:
			c.add(allocarray.AddScalar(c.ctx, a, float32(o.n)), nil)
		default:
			c.add(allocarray.MulScalar(c.ctx, a, 0.37), nil)
		}
	case calcBinary:
		other := c.pick(o.y, func(w *variable) bool {
			return w.usable() && w.Dim(0) == v.Dim(0) && w.Dim(1) == v.Dim(1)
		})
		var a, b allocarray.AllocArray[float32]
		if alike := other == v || other.base == v || v.base == other || v.base != nil && v.base == other.base; alike || o.n%2 == 0 {
			a, b = c.operand(v, o.move && !alike), other.AllocArray
		} else {
			a, b = v.AllocArray, c.operand(other, o.move)
		}
		if o.n%3 == 0 {
			c.add(allocarray.Sub(c.ctx, a, b), nil)
		} else {
			c.add(allocarray.Add(c.ctx, a, b), nil)
		}
	case calcView:
		switch o.n % 3 {
		case 0:
			c.add(v.Transpose(), v)
		case 1:
			c.add(v.Slice(0, 0, (1+v.Dim(0))/2), v)
		default:
			c.add(v.Slice(1, v.Dim(1)/2, v.Dim(1)), v)
		}
	case calcMatMul:
		c.add(allocarray.MatMul(c.ctx, v.AllocArray, v.Transpose()), nil)
	case calcReduce:
		a := allocarray.SumAxis(c.ctx, c.operand(v, o.move), o.n%2)
		c.add(a.Reshape(1, a.Len()), nil)
	case calcCompound:
		c.add(allocarray.Softmax(c.ctx, c.operand(v, o.move)), nil)
	}
}

// inScope runs the body of an op in a scope of its own. What it made last escapes as a copy.
func (c *calculator) inScope(o calcOp) {
	outer, mark := c.ctx, len(c.vars)
	var out *allocarray.AllocArray[float32]
	err := recovered(func() error {
		ctx := outer
		if o.n%2 == 1 {
			ctx = replay.WithName(outer, fmt.Sprint(o.n%5))
		}
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			c.ctx = ctx
			c.play(o.body)
			if o.kind == calcFails {
				panic(errFails)
			}
			if len(c.vars) > mark && c.vars[len(c.vars)-1].usable() {
				a := c.vars[len(c.vars)-1].Heap()
				out = &a
			}
			return nil
		})
	})
	if err != nil && !errors.Is(err, errFails) || (err != nil) != (o.kind == calcFails) {
		panic(err)
	}
	c.ctx, c.vars = outer, c.vars[:mark]
	if out != nil {
		c.add(*out, nil)
	}
}

// recovered returns the error of fn, or that with which it panicked.
func recovered(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			var is bool
			if err, is = v.(error); !is {
				err = fmt.Errorf("panic: %v", v)
			}
		}
	}()
	return fn()
}

// parallel runs parts at the same time, or one after the other where goroutines must not
// share the allocator.
func (c *calculator) parallel(parts [][]calcOp) {
	children := make([]*calculator, len(parts))
	var group *locked.Group
	if c.shared {
		group = locked.NewGroup(c.ctx)
	}
	for i, part := range parts {
		child := &calculator{shared: c.shared, digest: uint64(i)}
		for _, v := range c.vars {
			if v.usable() {
				child.vars = append(child.vars, &variable{AllocArray: v.AllocArray, ctx: v.ctx, foreign: true})
			}
		}
		children[i] = child
		run := func(ctx context.Context) error {
			child.ctx = ctx
			child.play(part)
			return nil
		}
		if group != nil {
			group.Go(run)
		} else if err := scope.NoEscape(c.ctx, run); err != nil {
			panic(err)
		}
	}
	if group != nil {
		if err := group.Wait(); err != nil {
			panic(err)
		}
	}
	for _, child := range children {
		c.mix(child.digest)
	}
}
