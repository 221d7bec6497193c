package conv

import (
	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/spare"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Stage is a convolution of a batch of images, and what is computed with it. First [Stage.Cut] says how much memory it
// needs, then [Stage.Run] computes it.
type Stage struct {
	Conv  Conv
	Batch int
	ReLU  bool     // behind the convolution
	After Epilogue // behind that, or nil
	Arg   any      // what After gets
	Pool  Pool     // behind all, if its window has a size

	X, Dst []float32 // the images and the result, without gaps. They must not overlap
	Rooms  pieces.Rooms[float32]

	helpers scope.Helpers
	workers int
	shared  bool // the workers compute bands together; see sharesFilters

	groups int // pieces of whole images; 0 if images are cut
	parts  int // pieces of each image, if they are cut
	lines  int // of the convolution at a time, if images are cut
	pooled int // elements of a room that hold what is pooled
}

// An Epilogue goes on with what was just computed: whole lines of the output of the convolution, without pooling.
type Epilogue = pieces.Epilogue

// A band is some lines of one image, or all lines of several.
type band struct{ n, images, from, to int }

// MultiplyAdds is how many it takes by the definition: who looks for helpers can see whether it is worth it.
func (s *Stage) MultiplyAdds() float64 { return s.Conv.multiplyAdds(s.Batch) }

// Cut divides the computation among the workers of h, which may be nil, if it is large enough, and returns how many it
// takes and how many elements of memory each of them needs. Without a Pool, more workers need no more each.
func (s *Stage) Cut(h scope.Helpers) (workers, room int) {
	c := &s.Conv
	s.helpers, s.workers = h, pieces.Workers(h, s.MultiplyAdds())
	s.shared = s.workers > 1 && c.sharesFilters()
	if s.Batch == 0 {
		return s.workers, 0
	}
	cutters := s.workers
	if s.shared {
		cutters = 1
	}
	s.cut(cutters)
	if s.pooled = 0; s.groups > 0 {
		group := pieces.Ceil(s.Batch, s.groups)
		if room = c.room(group, c.height); s.isPooled() {
			s.pooled = group * c.result().len()
		}
	} else {
		if room = c.room(1, s.lines); s.isPooled() {
			s.pooled = (s.lines + s.overlap() + 1) * c.result().line()
		}
	}
	s.pooled = lines(s.pooled)
	return s.workers, s.pooled + lines(room)
}

// lines returns n elements, rounded up to whole lines of a cache.
func lines(n int) int { return (n + 15) &^ 15 }

func (s *Stage) isPooled() bool { return s.Pool.Window.Size != [2]int{} }

// overlap is how many lines a band of what is pooled can have in common with the next one.
func (s *Stage) overlap() int {
	w := &s.Pool.Window
	return w.Dilation[0]*(w.Size[0]-1) + 1
}

// cut chooses the pieces for so many workers.
func (s *Stage) cut(workers int) {
	c := &s.Conv
	if s.lines = c.atATime(); s.lines >= c.height {
		s.groups = pieces.Ceil(s.Batch, min(s.Batch, max(1, s.lines/c.height)))
		if workers == 1 || s.Batch >= workers {
			s.groups = min(s.Batch, pieces.Ceil(s.groups, workers)*workers)
			return
		}
		s.lines = c.height
	}
	s.groups, s.parts = 0, 1
	if workers == 1 || s.Batch >= 4*workers {
		return
	}
	all := s.Batch * pieces.Ceil(c.height, s.lines)
	if s.isPooled() { // parts may compute lines twice that windows share
		all = workers
	}
	s.parts = min(pieces.Ceil(pieces.Ceil(all, workers)*workers, s.Batch), s.units())
}

// units is how many parts an image could have: the lines of the result, of a convolution without
// pooling two and two.
func (s *Stage) units() int {
	if s.isPooled() {
		return s.Pool.Height
	}
	return pieces.Ceil(s.Conv.height, 2)
}

func (s *Stage) pieces() int {
	if s.groups > 0 {
		return s.groups
	}
	return s.Batch * s.parts
}

var spareStages spare.List[Stage]

// Run computes Dst, after Cut, with X and Rooms for as many workers as that said.
func (s *Stage) Run() {
	if s.Batch == 0 {
		return
	}
	if s.workers == 1 || s.shared {
		for i := range s.pieces() {
			s.RunPiece(0, i)
		}
		return
	}
	t := spareStages.Take()
	*t = *s
	s.helpers.RunPieces(t.pieces(), t)
	spareStages.Put(t)
}

// RunPiece computes a piece. It is for [scope.Helpers].
func (s *Stage) RunPiece(worker, i int) {
	if s.groups > 0 {
		from, to := pieces.Share(i, s.groups, s.Batch)
		s.images(worker, from, to)
		return
	}
	n := i / s.parts
	from, to := pieces.Share(i%s.parts, s.parts, s.units())
	if s.isPooled() {
		s.pooling(worker, n, from, to)
	} else {
		s.plain(worker, n, 2*from, min(2*to, s.Conv.height))
	}
}

// compute sets dst to a band of what comes before the pooling.
func (s *Stage) compute(worker int, dst []float32, b band) {
	room := s.Rooms.Of(worker)
	switch f := s.Conv.f; {
	case f.planes != nil:
		s.tiled(dst, room[s.pooled:], b)
	case f.depthwise != nil:
		s.channelwise(dst, b)
	default:
		s.product(dst, room[s.pooled:], b)
	}
	if s.After != nil {
		s.After(s.Arg, worker, dst, (b.n*s.Conv.height+b.from)*s.Conv.result().line())
	}
}

// images computes whole images together.
func (s *Stage) images(worker, from, to int) {
	p := s.Conv.result()
	all := band{from, to - from, 0, p.height}
	if !s.isPooled() {
		s.compute(worker, s.Dst[from*p.len():to*p.len()], all)
		return
	}
	room, result := s.Rooms.Of(worker), s.Pool.Height*s.Pool.Width*p.channels
	s.compute(worker, room[:(to-from)*p.len()], all)
	s.Pool.Run(s.Dst[from*result:to*result], room, to-from, p.height, p.width, p.channels)
}

// plain computes lines of image n that are not pooled.
func (s *Stage) plain(worker, n, from, to int) {
	p := s.Conv.result()
	image := s.Dst[n*p.len() : (n+1)*p.len()]
	for ; from < to; from += s.lines {
		end := min(from+s.lines, to)
		s.compute(worker, image[from*p.line():end*p.line()], band{n, 1, from, end})
	}
}

// pooling computes lines of image n of the result of the pooling. Lines that two windows share are kept from one band for the
// next.
func (s *Stage) pooling(worker, n, from, to int) {
	p, room := s.Conv.result(), s.Rooms.Of(worker)[:s.pooled]
	line, result := p.line(), s.Pool.Width*p.channels
	out := s.Dst[n*s.Pool.Height*result:][:s.Pool.Height*result]
	top, _ := s.Pool.under(from, p.height)
	top &^= 1
	done := top // room holds lines from top to done
	for r := from; r < to; {
		end := min(done+s.lines, p.height)
		s.compute(worker, room[(done-top)*line:(end-top)*line], band{n, 1, done, end})
		done = end
		last := r
		for last < to {
			if _, bottom := s.Pool.under(last, p.height); bottom > done {
				break
			}
			last++
		}
		s.Pool.lines(out[r*result:last*result], room, p, top, r, last)
		if r = last; r < to {
			keep, _ := s.Pool.under(r, p.height)
			if keep = min(keep, done); keep > top {
				copy(room, room[(keep-top)*line:(done-top)*line])
				top = keep
			}
		}
	}
}
