package allocarray

// steps is a set of distances: all sums of strides, each taken a number of times
// between its least and its most. Strides descend and differ.
type steps struct {
	n           int
	stride      [2 * MaxRank]int
	least, most [2 * MaxRank]int
}

// meetWork bounds the search of [steps.reach]. Views of one array by slices, steps
// and permutations need about ten; only reshaped ones with interleaved strides,
// for which the problem is as hard as bounded subset sum, can need many.
const meetWork = 1000

// add adds a stride to the set; none if it is 0 or taken 0 times.
func (s *steps) add(stride, least, most int) {
	if stride == 0 || least == most {
		return
	}
	at := 0
	for at < s.n && s.stride[at] > stride {
		at++
	}
	if at == s.n || s.stride[at] != stride {
		s.insert(at, stride)
	}
	s.least[at] += least
	s.most[at] += most
}

func (s *steps) insert(at, stride int) {
	copy(s.stride[at+1:], s.stride[at:s.n])
	copy(s.least[at+1:], s.least[at:s.n])
	copy(s.most[at+1:], s.most[at:s.n])
	s.stride[at], s.least[at], s.most[at] = stride, 0, 0
	s.n++
}

// reach reports whether d is a sum of the strides from the i-th on, or may be one
// when work runs out. The strides after the i-th usually reach about as far as one
// step of it, which leaves two or three numbers of steps to try.
func (s *steps) reach(d, i int, work *int) bool {
	if *work--; *work < 0 || i == s.n {
		return *work < 0 || d == 0
	}
	low, high := s.rest(i + 1)
	stride := s.stride[i]
	for k := max(s.least[i], (d-high)/stride-1); k <= min(s.most[i], (d-low)/stride+1); k++ {
		if left := d - k*stride; left >= low && left <= high && s.reach(left, i+1, work) {
			return true
		}
	}
	return false
}

// rest returns the least and the greatest sum of the strides from the i-th on.
func (s *steps) rest(i int) (low, high int) {
	for ; i < s.n; i++ {
		low += s.least[i] * s.stride[i]
		high += s.most[i] * s.stride[i]
	}
	return low, high
}
