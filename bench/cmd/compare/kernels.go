package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/cases"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// lower is the environment in which a machine with AVX-512 computes with AVX2: the matrix
// kernels of this module, and the elementwise ones of the package that it uses. Package
// cases restricts OpenBLAS likewise.
var lower = []string{"ALLOCARRAYS_KERNEL=avx2", "SIMD_DISABLE=avx512"}

// lowers reports whether a case is to be measured with the lower kernels too. Somebody who
// has chosen the kernels gets just these.
func lowers(c cases.Case, m record.Machine) bool {
	return c.Kernels && m.Kernel == "avx512" && os.Getenv("ALLOCARRAYS_KERNEL") == ""
}

// measureLower measures a case in a process with the lower kernels, as kernels are chosen
// when a process starts. When ctx ends it returns what that process has measured.
func measureLower(ctx context.Context, c cases.Case, rounds int) (record.Results, error) {
	var r record.Results
	self, err := os.Executable()
	if err != nil {
		return r, fmt.Errorf("compare: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "-json", "-case", c.Name, "-rounds", strconv.Itoa(rounds))
	cmd.Env, cmd.Stderr = append(os.Environ(), lower...), os.Stderr
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, 10*time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	if err = cmd.Run(); err == nil || ctx.Err() != nil {
		err = json.Unmarshal(out.Bytes(), &r)
	}
	if err != nil && ctx.Err() == nil { // an interrupted process may have had nothing to say
		return r, fmt.Errorf("compare: %s with lower kernels: %w", c.Name, err)
	}
	for i := range r.Cases {
		r.Cases[i] = renamed(r.Cases[i])
	}
	return r, nil
}

const lowerText = `The same with AVX2 on the same machine, by ALLOCARRAYS_KERNEL=avx2 and
SIMD_DISABLE=avx512, beside OpenBLAS with OPENBLAS_CORETYPE=Haswell. onnxruntime has no such
switch and takes the vectors that it finds.`

// renamed tells a case with the lower kernels from the other.
func renamed(c record.Case) record.Case {
	c.Title, c.Text, c.Env = c.Title+": AVX2", lowerText, strings.Join(lower, " ")
	for i := range c.Bars {
		c.Bars[i].Name = "AVX2: " + c.Bars[i].Name
	}
	for i := range c.Charts {
		c.Charts[i].File = strings.TrimSuffix(c.Charts[i].File, ".svg") + "-avx2.svg"
		c.Charts[i].Title += ": AVX2"
	}
	return c
}

// addPeers appends the peers that are not the same with the lower kernels.
func addPeers(peers, lower []record.Peer) []record.Peer {
	known := map[record.Peer]bool{}
	for _, p := range peers {
		known[p] = true
	}
	for _, p := range lower {
		if !known[p] {
			known[p] = true
			p.Name += ", beside AVX2"
			peers = append(peers, p)
		}
	}
	return peers
}
