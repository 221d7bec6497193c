// Package idx reads and writes sets of labelled images in the IDX format of
// the MNIST database, gzipped or not.
//
// A set is two files. Numbers are big endian, pixels go row by row, 0 is the
// background:
//
//	images   0x00000803, count, rows, columns (uint32 each), count·rows·columns bytes
//	labels   0x00000801, count (uint32 each), count bytes from 0 to 9
//
// Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of
// handwritten digits", section "File formats".
//
// The counts of a header are claims. They are compared with a limit, and then only bound
// how much is read: memory grows with the bytes that arrive, so a file of a few bytes that
// announces a million images costs a few bytes. What gzip unpacks is bounded by the bytes
// that it was unpacked from.
package idx
