// Package progress draws a progress bar on a terminal, and nothing elsewhere.
//
// Drawing allocates nothing on the heap, so that a bar may move while a program
// measures how much its other parts allocate.
package progress
