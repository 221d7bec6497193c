package heapmeter_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/heapmeter"
)

var (
	sink *[64]byte
	tiny [5]*byte
)

func TestReadSeesEveryObject(t *testing.T) {
	meter := heapmeter.New()
	before := meter.Read()
	for range 3 { // far fewer than fill a span
		sink = new([64]byte)
	}
	got := meter.Read().Sub(before)
	require.EqualValues(t, 3, got.Objects)
	require.EqualValues(t, 3*64, got.Bytes)
	require.Zero(t, got.Cycles)
}

func TestReadSeesTinyObjects(t *testing.T) {
	meter := heapmeter.New()
	before := meter.Read()
	for i := range tiny { // they share one slot of 16 bytes, or two
		tiny[i] = new(byte)
	}
	got := meter.Read().Sub(before)
	require.GreaterOrEqual(t, got.Objects, uint64(len(tiny)))
	require.LessOrEqual(t, got.Objects, uint64(len(tiny)+2)) // and the slots
}

func TestReadCountsCycles(t *testing.T) {
	meter := heapmeter.New()
	before := meter.Read()
	runtime.GC()
	require.EqualValues(t, 1, meter.Read().Sub(before).Cycles)
}

func TestReadAllocatesNothing(t *testing.T) {
	meter := heapmeter.New()
	require.Zero(t, testing.AllocsPerRun(10, func() { meter.Read() }))
}
