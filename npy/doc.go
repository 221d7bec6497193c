// Package npy reads and writes NumPy's files: .npy, which holds one array, and .npz, an archive
// of several.
//
//	a, err := npy.Read[float32](ctx, file) // what numpy.save has written
//	err = npy.Write(file, a)               // for numpy.load
//
// Arrays have their memory from ctx. Those that NumPy wrote in Fortran order are read without
// rearranging them: the result is a transposed view, as it was there. Views are written without
// a copy in memory.
//
// All element types of package allocarray can be read and written, in little-endian order, which
// NumPy uses on nearly all machines: int8 as |i1, float64 as <f8, Float16 as <f2, and int and uint as
// <i8 and <u8. NumPy's booleans, |b1, are read and written as masks of uint8: see [WriteBool]. All else is an
// error that names what was found: big-endian files, complex numbers, structures, objects.
// Nothing in a file is ever executed or unpickled.
//
// # Malformed files
//
// Every malformed file is an error. A header that promises a terabyte is not believed: where the
// reader can seek, an array takes no more memory than there are bytes left; where it cannot, memory
// is taken as the bytes arrive, at most four times as much as have arrived, and 64 KiB at first.
// Exhausted memory is an error that matches scope.ErrExhausted. Archives may be compressed a
// thousandfold, so bound them by the limit of the buffer in ctx.
package npy
