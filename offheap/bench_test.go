package offheap_test

import (
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
)

// BenchmarkSource is an Acquire and a Release of 4 MiB, without and with a write to
// each page in between.
func BenchmarkSource(b *testing.B) {
	needMmap(b)
	for _, s := range []struct {
		name   string
		source bumper.Source
	}{
		{"goheap", bumper.GoHeap()},
		{"mmap", offheap.Mmap()},
		{"mmap-huge", offheap.Mmap(offheap.HugePages())},
		{"heap", offheap.NewHeap("", nil)},
	} {
		for _, touch := range []bool{false, true} {
			b.Run(fmt.Sprintf("source=%s/touch=%v", s.name, touch), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					mem, err := s.source.Acquire(4 << 20)
					if err != nil {
						b.Fatal(err)
					}
					for i := 0; touch && i < len(mem); i += 4096 {
						mem[i] = 1
					}
					s.source.Release(mem)
				}
			})
		}
	}
}

// BenchmarkDiscard is a Discard of 4 MiB and a write to each page after it, to compare
// with the Acquire and Release of BenchmarkSource.
func BenchmarkDiscard(b *testing.B) {
	needMmap(b)
	for _, s := range []struct {
		name   string
		source bumper.Discarder
	}{
		{"mmap", offheap.Mmap()},
		{"mmap-huge", offheap.Mmap(offheap.HugePages())},
	} {
		for _, touch := range []bool{false, true} {
			b.Run(fmt.Sprintf("source=%s/touch=%v", s.name, touch), func(b *testing.B) {
				mem, err := s.source.Acquire(4 << 20)
				if err != nil {
					b.Fatal(err)
				}
				defer s.source.Release(mem)
				for b.Loop() {
					for i := 0; touch && i < len(mem); i += 4096 {
						mem[i] = 1
					}
					s.source.Discard(mem)
				}
			})
		}
	}
}

// BenchmarkRecords is what a heap costs beyond its source: an Alloc and a Free on a
// source that hands the same memory out again.
func BenchmarkRecords(b *testing.B) {
	heap := offheap.NewHeap("", &reuser{map[int][][]byte{}})
	b.ReportAllocs()
	for b.Loop() {
		mem, err := heap.Alloc(4096)
		if err != nil {
			b.Fatal(err)
		}
		if err := heap.Free(mem); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWorkspace is a Make and a Free of 8 KiB.
func BenchmarkWorkspace(b *testing.B) {
	needMmap(b)
	heap := offheap.NewHeap("", nil)
	b.ReportAllocs()
	for b.Loop() {
		w, err := offheap.Make[float64](heap, 1000)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Free(); err != nil {
			b.Fatal(err)
		}
	}
}
