package offheapprof

import (
	"runtime"
	"slices"
	"time"

	"github.com/google/pprof/profile"

	"github.com/allocarrays/allocarrays-go/offheap"
)

// A builder makes a profile of blocks.
type builder struct {
	profile   *profile.Profile
	samples   map[site]*profile.Sample
	locations map[place]*profile.Location
	functions map[function]*profile.Function
}

// site is what blocks have in common that are one sample.
type site struct {
	stack [32]uintptr
	label string
}

type place struct {
	function function
	line     int
}

type function struct{ name, file string }

func newBuilder() *builder {
	space := &profile.ValueType{Type: "inuse_space", Unit: "bytes"}
	return &builder{
		profile: &profile.Profile{
			SampleType:        []*profile.ValueType{{Type: "inuse_objects", Unit: "count"}, space},
			DefaultSampleType: space.Type,
			PeriodType:        &profile.ValueType{Type: "space", Unit: "bytes"},
			Period:            1, // every byte is counted
			TimeNanos:         time.Now().UnixNano(),
		},
		samples:   map[site]*profile.Sample{},
		locations: map[place]*profile.Location{},
		functions: map[function]*profile.Function{},
	}
}

func (b *builder) add(block offheap.BlockInfo) {
	key := site{label: block.Label}
	copy(key.stack[:], block.Stack)
	s := b.samples[key]
	if s == nil {
		s = &profile.Sample{Value: make([]int64, 2), Location: b.stack(block.Frames())}
		if block.Label != "" {
			s.Label = map[string][]string{"label": {block.Label}}
		}
		b.samples[key] = s
		b.profile.Sample = append(b.profile.Sample, s)
	}
	s.Value[0]++
	s.Value[1] += int64(block.Size)
}

// stack returns a location for each frame, with its name, so that the profile can be read
// without the binary.
func (b *builder) stack(frames []runtime.Frame) (list []*profile.Location) {
	for _, f := range frames {
		list = append(list, b.location(f))
	}
	return list
}

func (b *builder) location(frame runtime.Frame) *profile.Location {
	key := place{function{frame.Function, frame.File}, frame.Line}
	l := b.locations[key]
	if l == nil {
		l = &profile.Location{
			ID:   uint64(len(b.locations) + 1),
			Line: []profile.Line{{Function: b.function(key.function), Line: int64(frame.Line)}},
		}
		b.locations[key] = l
		b.profile.Location = append(b.profile.Location, l)
	}
	return l
}

func (b *builder) function(key function) *profile.Function {
	f := b.functions[key]
	if f == nil {
		f = &profile.Function{ID: uint64(len(b.functions) + 1), Name: key.name, SystemName: key.name, Filename: key.file}
		b.functions[key] = f
		b.profile.Function = append(b.profile.Function, f)
	}
	return f
}

// live returns the blocks of all heaps, the largest first. A block that several heaps
// list, because they are labels of one heap or one is upstream of another, is counted once.
func live(heaps []*offheap.Heap) (list []offheap.BlockInfo) {
	seen := map[uintptr]bool{}
	for _, h := range heaps {
		for _, block := range h.Live() {
			if !seen[block.Addr] {
				seen[block.Addr] = true
				list = append(list, block)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b offheap.BlockInfo) int { return b.Size - a.Size })
	return list
}
