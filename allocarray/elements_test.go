package allocarray_test

import (
	"testing"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// TestElements runs the suite of operations for every element type; with -short, and
// with the race detector, which makes it five times as slow, for one of each kind.
func TestElements(t *testing.T) {
	t.Run("int8", elementSuite[int8])
	t.Run("uint64", elementSuite[uint64])
	t.Run("float32", elementSuite[float32])
	if testenv.Slow() || testing.Short() {
		return
	}
	t.Run("int16", elementSuite[int16])
	t.Run("int32", elementSuite[int32])
	t.Run("int64", elementSuite[int64])
	t.Run("int", elementSuite[int])
	t.Run("uint8", elementSuite[uint8])
	t.Run("uint16", elementSuite[uint16])
	t.Run("uint32", elementSuite[uint32])
	t.Run("uint", elementSuite[uint])
	t.Run("float64", elementSuite[float64])
}

// TestFloats runs the suite of operations on floats only.
func TestFloats(t *testing.T) {
	t.Run("float32", floatSuite[float32])
	t.Run("float64", floatSuite[float64])
}

func elementSuite[T allocarray.Element](t *testing.T) {
	t.Run("binary", testBinary[T])
	t.Run("scalar", testScalar[T])
	t.Run("unary", testUnary[T])
	t.Run("compare", testCompare[T])
	t.Run("where", testWhere[T])
	t.Run("convert", testConvert[T])
	t.Run("copy", testCopy[T])
	t.Run("concat", testConcat[T])
	t.Run("reduce", testReduce[T])
	t.Run("axis", testAxis[T])
	t.Run("dot", testDot[T])
	t.Run("matmul", testMatMul[T])
	t.Run("stacks", testMatMulStacks[T])
	t.Run("alias", testAlias[T])
	t.Run("lines", testLines[T])
	t.Run("map", testMapTogether[T])
	t.Run("take", testTake[T])
	t.Run("scatter", testScatter[T])
	t.Run("pad", testPad[T])
	t.Run("flat", testFlat[T])
	t.Run("window", testWindow[T])
	t.Run("mask", testMask[T])
}

func floatSuite[T allocarray.Float](t *testing.T) {
	t.Run("functions", testFloatFunctions[T])
	t.Run("pow", testPow[T])
	t.Run("softmax", testSoftmax[T])
	t.Run("mean", testMean[T])
	t.Run("sum error", testSumError[T])
	t.Run("matmul error", testMatMulError[T])
	t.Run("spread", testSpread[T])
	t.Run("norm", testNorm[T])
	t.Run("cov", testCov[T])
	t.Run("quantile", testQuantile[T])
}
