package kernel

// A call is the argument of the vector functions that ../asm generates for AVX2 and
// AVX-512. The generator reads this declaration to learn the field offsets; this file
// therefore imports nothing. A function may return numbers in floor and other. Which fields a function uses stands at its Go caller;
// distances are in bytes.
type call struct {
	dst, src, x, y *byte
	n              int    // elements of a row, or channels of a pixel
	mask           *int32 // 32-bit lanes of the last, partial vector: -1 where there is an element, else 0
	groupMask      *int32 // the same of the last, partial group of 16 elements
	count          int    // how many results
	rows, cols     int    // of a window
	line, pixel    int    // from one row, or column, of the source to the next
	step, next     int    // from one result to the next, in the source and in dst
	wpixel, wskip  int    // from one pixel of the weights to the next, and what a row of them has besides
	plane          int    // from one plane of transformed tiles to the next
	sums           *byte  // of the columns of a matrix of bytes
	zero           int32
	most           float32
	floor, other   float32
}
