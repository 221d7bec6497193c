package scopeprof

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// Write writes the profile in pprof's compressed format. The error is that of w.
func (p *Profile) Write(w io.Writer) error {
	if err := p.snapshot().Write(w); err != nil {
		return fmt.Errorf("scopeprof: %w", err)
	}
	return nil
}

// Handler serves the profile that Write writes, for a path beside those of net/http/pprof.
// The profile shows function names to everyone who can reach the path.
func (p *Profile) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var all bytes.Buffer // so that an error can still become a status
		if err := p.Write(&all); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="scopes"`)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(all.Bytes()) // the client has gone
	})
}

// snapshot returns the profile as it is now.
func (p *Profile) snapshot() *profile.Profile {
	space := &profile.ValueType{Type: "inuse_space", Unit: "bytes"}
	b := builder{
		Profile: profile.Profile{
			SampleType: []*profile.ValueType{
				{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"},
				{Type: "inuse_objects", Unit: "count"}, space,
			},
			DefaultSampleType: space.Type,
			PeriodType:        &profile.ValueType{Type: "space", Unit: "bytes"},
			Period:            int64(p.rate),
			TimeNanos:         time.Now().UnixNano(),
		},
		locations: map[place]*profile.Location{}, functions: map[function]*profile.Function{},
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	inUse := map[stack]site{}
	for _, block := range p.live {
		s := inUse[block.site]
		inUse[block.site] = site{s.objects + block.objects, s.bytes + block.bytes}
	}
	for at, s := range p.sites {
		used := inUse[at]
		b.Sample = append(b.Sample, &profile.Sample{
			Value:    []int64{whole(s.objects), whole(s.bytes), whole(used.objects), whole(used.bytes)},
			Location: b.stack(at),
		})
	}
	return &b.Profile
}

func whole(x float64) int64 { return int64(math.Round(x)) }

// A builder gives places and functions their numbers.
type builder struct {
	profile.Profile
	locations map[place]*profile.Location
	functions map[function]*profile.Function
}

type place struct {
	function function
	line     int
}

type function struct{ name, file string }

// stack returns a location for each call, with its name, so that the profile can be read
// without the binary. It begins with what asked an allocator of this module for memory.
func (b *builder) stack(at stack) (list []*profile.Location) {
	n := 0
	for n < depth && at[n] != 0 {
		n++
	}
	inside := true
	frames := runtime.CallersFrames(at[:n])
	for more := n > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if inside = inside && allocates(f.Function); !inside {
			list = append(list, b.location(f))
		}
	}
	return list
}

// allocates reports whether a function belongs to the allocators between the user's call and
// the profile.
func allocates(function string) bool {
	rest, ok := strings.CutPrefix(function, "github.com/allocarrays/allocarrays-go/")
	if !ok {
		return false
	}
	for _, name := range []string{"scope.", "meter.", "scope/scopeprof.(*profiled)"} {
		if strings.HasPrefix(rest, name) {
			return true
		}
	}
	return false
}

func (b *builder) location(f runtime.Frame) *profile.Location {
	key := place{function{f.Function, f.File}, f.Line}
	l := b.locations[key]
	if l == nil {
		l = &profile.Location{
			ID:   uint64(len(b.locations) + 1),
			Line: []profile.Line{{Function: b.function(key.function), Line: int64(f.Line)}},
		}
		b.locations[key] = l
		b.Location = append(b.Location, l)
	}
	return l
}

func (b *builder) function(key function) *profile.Function {
	f := b.functions[key]
	if f == nil {
		f = &profile.Function{ID: uint64(len(b.functions) + 1), Name: key.name, SystemName: key.name, Filename: key.file}
		b.functions[key] = f
		b.Function = append(b.Function, f)
	}
	return f
}
