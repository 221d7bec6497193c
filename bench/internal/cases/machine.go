package cases

import (
	"os"
	"regexp"
	"runtime"
	"strings"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// Machine describes this machine.
func Machine() record.Machine {
	return record.Machine{
		Go:     runtime.Version(),
		System: runtime.GOOS + "/" + runtime.GOARCH,
		CPU:    cpuName(),
		Cores:  runtime.GOMAXPROCS(0),
		Kernel: gemm.ISA(),
	}
}

// cpuName returns what Linux calls the processor, or "unknown processor".
func cpuName() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return "unknown processor"
}

// goRelease returns the release without its patch level, as in go1.26.
func goRelease() string {
	version, _, _ := strings.Cut(runtime.Version(), " ")
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
