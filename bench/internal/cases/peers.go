package cases

import (
	"errors"
	"os"
	"runtime/debug"

	"github.com/allocarrays/allocarrays-go/bench/internal/fetch"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// oneCore is the environment of children that are compared on one core.
var oneCore = []string{"GOMAXPROCS=1", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"}

// freegc is the build of the Go heap that frees some memory without the collector
// (golang/go#74299).
var freegc = []string{"GOEXPERIMENT=runtimefreegc,sizespecializedmalloc"}

// The peers that are this module and the Go heap, in a process of their own.
const (
	ownPeer  = "heap, own process"
	freePeer = "heap, runtimefreegc"
)

// Specs describes the peers that need a process of their own.
func Specs(cache string) []peer.Spec {
	return []peer.Spec{
		{
			Name: "onnxruntime", Package: "./cmd/peer-onnx", Env: oneCore,
			BuildEnv: []string{"CGO_ENABLED=1"}, Remedy: "cgo and a C compiler are needed",
			Args: func() ([]string, error) {
				path, err := fetch.Onnxruntime(cache)
				return []string{path}, err
			},
		},
		{
			Name: "OpenBLAS", Package: "./cmd/peer-openblas", Tags: "openblas", Env: append(openblasKernels(), oneCore...),
			BuildEnv: []string{"CGO_ENABLED=1"}, Remedy: "cgo, pkg-config and OpenBLAS with its headers are needed (Debian: libopenblas-dev)",
		},
		{
			Name: "gorgonia", Package: "./cmd/peer-gorgonia",
			Env: append([]string{gorgoniaPermit + "=" + goRelease()}, oneCore...),
		},
		{Name: "gomlx (Go)", Package: "./cmd/peer-gomlx", Env: oneCore},
		{Name: ownPeer, Package: "./cmd/peer-own"},
		{Name: freePeer, Package: "./cmd/peer-own", Program: "peer-own-freegc", BuildEnv: freegc},
		{Name: "arenas", Package: "./cmd/peer-arena", BuildEnv: []string{"GOEXPERIMENT=arenas"}},
	}
}

// openblasKernels is the environment in which OpenBLAS has the vectors that our kernels
// are restricted to.
func openblasKernels() []string {
	if os.Getenv("ALLOCARRAYS_KERNEL") == "avx2" {
		return []string{"OPENBLAS_CORETYPE=Haswell"}
	}
	return nil
}

// gorgoniaPermit makes gorgonia's dependency start on a Go release that it does not
// know; its value is the release, as in go1.26.
const gorgoniaPermit = "ASSUME_NO_MOVING_GC_UNSAFE_RISK_IT_WITH"

// InProcess describes the peers that run in the comparison's own process.
func InProcess() []record.Peer {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		panic(errors.New("cases: built without modules"))
	}
	versions := map[string]string{}
	for _, m := range info.Deps {
		versions[m.Path] = m.Version
	}
	var peers []record.Peer
	for _, path := range []string{"gonum.org/v1/gonum", "github.com/ortuman/nuke"} {
		peers = append(peers, record.Peer{Name: path, Info: versions[path] + ", in the same process"})
	}
	return append(peers, record.Peer{Name: "sync.Pool", Info: "of the Go release above, in the same process"})
}
