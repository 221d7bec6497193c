package server

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
)

// Usage is what a process has used since [Begin].
type Usage struct {
	GC, User float64 // CPU seconds, as runtime/metrics estimates them; GC without idle time
	Cycles   uint64  // garbage collections
	Peak     uint64  // resident memory at its largest, in bytes; 0 if not known
}

var usageMetrics = []string{"/cpu/classes/gc/total:cpu-seconds", "/cpu/classes/gc/mark/idle:cpu-seconds", "/cpu/classes/user:cpu-seconds"}

// Begin returns the state from which [Usage.Since] counts, and begins the search for
// the peak of resident memory anew.
func Begin() Usage {
	runtime.GC() // the estimates are brought up to date by collections only
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	return now()
}

// Since returns what was used since then. The collection that it needs to learn that
// is not counted, at the price of another one after it: without a collection of the
// program's own, GC is zero.
func (then Usage) Since() Usage {
	peak := now().Peak // before the collection
	runtime.GC()
	u := now()
	runtime.GC()
	own := now().GC - u.GC
	cycles := u.Cycles - then.Cycles - 1
	gc := max(0, u.GC-then.GC-own)
	if cycles == 0 {
		gc = 0
	}
	return Usage{gc, u.User - then.User, cycles, peak}
}

func now() Usage {
	samples := make([]metrics.Sample, len(usageMetrics))
	for i, name := range usageMetrics {
		samples[i].Name = name
	}
	metrics.Read(samples)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	gc := samples[0].Value.Float64() - samples[1].Value.Float64()
	return Usage{gc, samples[2].Value.Float64(), uint64(m.NumGC), peakResident()}
}

// peakResident reads VmHWM, which Linux has.
func peakResident() uint64 {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			var kib uint64
			if _, err := fmt.Sscanf(rest, "%d kB", &kib); err == nil {
				return kib << 10
			}
		}
	}
	return 0
}
