package gemm

// maxRows is the height of the tallest micro-kernel of any instruction set.
const maxRows = 12

// A tile is the argument of one micro-kernel call: h rows of A times p
// neighbouring panels of B, over one block of K. The generator in ../asm reads
// this declaration to learn the field offsets, so the two cannot drift apart;
// this file therefore imports nothing.
//
// Row r of the tile reads its K values from rows[r] plus each of the segment
// offsets in turn. The panels are read straight through: the segments of A
// follow each other in B without gaps. Elements are float32 or float64: the
// micro-kernel knows which, the tile does not. A micro-kernel changes its tile as it goes
// from one tile to the next.
type tile struct {
	rows   [maxRows]*byte // first element of each row of A
	segs   *int32         // element offsets of the K segments, the same for every row
	segEnd int            // bytes of segs to use: 4 × the number of segments, at least 4
	segLen int            // bytes in one segment: those of an element at least
	b      *byte          // first panel, at the first K of this block
	bStep  int            // bytes from one panel to the next
	c      *byte          // upper left element of the result
	ldc    int            // bytes from one row of the result to the next
	bias   *byte          // first column's bias, or nil; ignored when accumulating
	cols   int            // columns of the last panel if it is a partial one, else 0
	mask   *int32         // 32-bit lanes of a partial last panel: -1 where there is a column, else 0
	add    bool           // start from C instead of from the bias
	relu   bool           // end with max(0, x)

	again   int // how many tiles follow below this one, with the same panels
	rowStep int // bytes from a row of A to that of the next tile
	cStep   int // the same in the result
}
