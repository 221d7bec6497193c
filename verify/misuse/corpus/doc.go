// Package corpus has programs that each make one mistake with memory, and report what
// came of it. Most of them run in any mode of memory.
package corpus
