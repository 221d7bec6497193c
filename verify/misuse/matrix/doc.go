// Package matrix runs the programs of package corpus in every mode of memory and of
// guard, each mode in processes of its own, and writes what came of them as tables.
package matrix
