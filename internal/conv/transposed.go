package conv

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/spare"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Transposed is a transposed convolution of a batch of images of one size. It is used as a [Stage] is.
type Transposed struct {
	f     *TransposedFilters
	Batch int
	ReLU  bool     // behind the convolution
	After Epilogue // behind that, or nil
	Arg   any      // what After gets

	X, Dst []float32 // the images and the result, without gaps. They must not overlap
	Rooms  pieces.Rooms[float32]

	in, out     plane
	left, right int     // columns of zeros that it takes on either side of an image
	table       []int32 // where the segments of patches begin, for each phase of the lines and of the columns

	helpers      scope.Helpers
	workers      int
	lines, bands int // lines of a band, and bands of an image
}

// NewTransposed returns the transposed convolution of images of height×width to some lines and columns; false if they are too
// large.
func NewTransposed(f *TransposedFilters, height, width int, to [2]int) (t Transposed, ok bool) {
	t = Transposed{f: f, in: plane{height, width, f.in}, out: plane{to[0], to[1], f.out}}
	if first, last := f.reach(1, 0, to[1]); !f.joined && first <= last {
		t.left, t.right = max(0, -first), max(0, last-width+1)
	}
	t.lines = min(to[0], max(1, bandBytes/(4*max(1, t.out.line()))))
	return t, float64(t.under(t.lines))*float64(t.left+width+t.right)*float64(f.in) <= math.MaxInt32
}

// line is how many elements a line of an image has, with zeros on both sides.
func (t *Transposed) line() int { return (t.left + t.in.width + t.right) * t.in.channels }

// under is how many lines of an image so many of the output depend on, at most.
func (t *Transposed) under(lines int) int {
	w := &t.f.window
	return (lines-1+(w.Size[0]-1)*w.Dilation[0])/w.Stride[0] + 2
}

// segments is how many segments a line of a patch has in a phase of the columns: its pixels are contiguous unless they,
// or the channels of a group, are apart.
func (t *Transposed) segments(p *phase) int {
	if t.f.groups == 1 && p.step <= 1 {
		return min(1, p.count)
	}
	return p.count
}

// most is how many segments a patch has, at most.
func (t *Transposed) most() int {
	rows, cols := 0, 0
	for i := range t.f.phases[0] {
		rows = max(rows, t.f.phases[0][i].count)
	}
	for i := range t.f.phases[1] {
		cols = max(cols, t.segments(&t.f.phases[1][i]))
	}
	return rows * cols
}

// Table returns how many elements of a table the convolution needs, perhaps none.
func (t *Transposed) Table() int {
	if t.f.joined {
		return 0
	}
	return len(t.f.phases[0]) * len(t.f.phases[1]) * t.most()
}

// SetTable fills a table, of as many elements as Table says, and keeps it. Copies of t may share it.
func (t *Transposed) SetTable(table []int32) {
	if t.table = table; len(table) == 0 {
		return
	}
	most := t.most()
	for i := range t.f.phases[0] {
		for j := range t.f.phases[1] {
			p, q := &t.f.phases[0][i], &t.f.phases[1][j]
			n, segs := t.segments(q), table[(i*len(t.f.phases[1])+j)*most:]
			for s := range p.count * n {
				segs[s] = int32(s/n*p.step*t.line() + s%n*q.step*t.in.channels)
			}
		}
	}
}

// MultiplyAdds is how many it takes by the definition.
func (t *Transposed) MultiplyAdds() float64 {
	return float64(t.Batch) * float64(t.in.height*t.in.width) * float64(t.f.weights)
}

// Cut is [Stage.Cut]. More workers need no more memory each.
func (t *Transposed) Cut(h scope.Helpers) (workers, room int) {
	t.helpers, t.workers = h, pieces.Workers(h, t.MultiplyAdds())
	if t.Batch == 0 || t.out.len() == 0 {
		return t.workers, 0
	}
	if t.workers > 1 {
		t.lines = min(t.lines, pieces.Ceil(t.out.height, pieces.Ceil(2*t.workers, t.Batch)))
	}
	t.bands = pieces.Ceil(t.out.height, t.lines)
	if !t.f.joined {
		room = t.under(t.lines) * t.line()
	}
	return t.workers, lines(room)
}

var spareTransposed spare.List[Transposed]

// Run computes Dst, after Cut, with X and Rooms for as many workers as that said.
func (t *Transposed) Run() {
	if t.Batch == 0 || t.out.len() == 0 {
		return
	}
	if t.workers == 1 {
		for i := range t.Batch * t.bands {
			t.RunPiece(0, i)
		}
		return
	}
	own := spareTransposed.Take()
	*own = *t
	t.helpers.RunPieces(t.Batch*t.bands, own)
	spareTransposed.Put(own)
}

// RunPiece computes a band. It is for [scope.Helpers].
func (t *Transposed) RunPiece(worker, i int) {
	n, from := i/t.bands, i%t.bands*t.lines
	to := min(from+t.lines, t.out.height)
	image, at := t.X[n*t.in.len():(n+1)*t.in.len()], (n*t.out.height+from)*t.out.line()
	dst := t.Dst[at:][:(to-from)*t.out.line()]
	if t.f.joined {
		t.blocks(dst, image, from, to)
	} else {
		t.band(dst, image, t.Rooms.Of(worker), from, to)
	}
	if t.After != nil {
		t.After(t.Arg, worker, dst, at)
	}
}

// blocks computes lines of an image where windows do not overlap: a line is one product.
func (t *Transposed) blocks(dst, image []float32, from, to int) {
	stride, out := t.f.window.Stride, t.out.channels
	whole := min(t.in.width, t.out.width/stride[1]) // pixels of which all columns are part of the output
	for r := from; r < to; r++ {
		line := dst[:t.out.line()]
		dst = dst[len(line):]
		i := r + t.f.before[0]
		y, packed := i/stride[0], t.f.packed[i%stride[0]]
		if y >= t.in.height {
			t.onlyBias(line, out)
			continue
		}
		x := image[y*t.in.line():][:t.in.line()]
		if whole > 0 {
			packed.Mul(line, stride[1]*out, x, t.in.channels, whole, t.f.bias, t.activation())
		}
		line = line[whole*stride[1]*out:]
		if len(line) > 0 && whole < t.in.width {
			bias := t.f.bias
			if bias != nil {
				bias = bias[:len(line)]
			}
			packed.MulColumns(line, len(line), x[whole*t.in.channels:], t.in.channels, 1, 0, len(line), bias, t.activation())
			continue
		}
		t.onlyBias(line, out)
	}
}

// onlyBias sets pixels, from one to the next of which it is so many elements, to what is left where no pixel of the image reaches them.
func (t *Transposed) onlyBias(dst []float32, next int) {
	for ; len(dst) > 0; dst = dst[min(next, len(dst)):] {
		pixel := dst[:t.out.channels]
		clear(pixel)
		copy(pixel, t.f.bias)
		if t.ReLU {
			kernel.ReLU(pixel, pixel)
		}
	}
}

func (t *Transposed) activation() gemm.Activation {
	if t.ReLU {
		return gemm.ReLU
	}
	return gemm.None
}

// band computes lines of an image from a copy of those that they depend on, with zeros around it.
func (t *Transposed) band(dst, image, room []float32, from, to int) {
	top, last := t.f.reach(0, from, to)
	length, inside, left := t.line(), t.in.line(), t.left*t.in.channels
	for r := top; r <= last; r++ {
		line := room[(r-top)*length:][:length]
		if r < 0 || r >= t.in.height {
			clear(line)
			continue
		}
		clear(line[:left])
		copy(line[left:], image[r*inside:(r+1)*inside])
		clear(line[left+inside:])
	}
	for r := from; r < to; r++ {
		t.one(dst[:t.out.line()], room, r, top)
		dst = dst[t.out.line():]
	}
}

// one computes line r from lines of an image from top on.
func (t *Transposed) one(dst, lines []float32, r, top int) {
	f, out, channels := t.f, t.out.channels, t.in.channels
	stride, each, columns := f.window.Stride[1], out/f.groups, len(f.phases[1])
	number, y := f.under(0, r)
	rows, most := f.phases[0][number].count, 0
	if rows > 0 {
		most = len(t.table) / len(f.phases[0]) / columns
	}
	for first := range min(stride, t.out.width) {
		across, x := f.under(1, first)
		p := &f.phases[1][across]
		if rows == 0 || p.count == 0 {
			t.onlyBias(dst[first*out:], stride*out)
			continue
		}
		g := gemm.Grid{Images: 1, Height: 1, Width: pieces.Ceil(t.out.width-first, stride), Pixel: channels}
		segs := t.table[(number*columns+across)*most:][:rows*t.segments(p)]
		a := lines[(y-top)*t.line()+(x+t.left)*channels:]
		for n, packed := range f.packed[(number*columns+across)*f.groups:][:f.groups] {
			var bias []float32
			if f.bias != nil {
				bias = f.bias[n*each:][:each]
			}
			packed.MulGrid(dst[first*out+n*each:], stride*out, a[n*channels/f.groups:], g, segs, bias, t.activation())
		}
	}
}
