// Package mlp is the model of the examples, a 784-128-10 perceptron that reads
// digits, and the one function that runs it.
//
// The package is what a numeric library looks like under this module: it asks the
// context for memory and knows no allocator. examples/train makes its weights,
// examples/inference runs it on three different kinds of memory.
package mlp
