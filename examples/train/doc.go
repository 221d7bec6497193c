// Command train makes the weights of examples/inference: it trains a 784-128-10
// perceptron on MNIST and writes a safetensors file.
//
//	go run ./examples/train -data DIR -out examples/inference/model.safetensors
//
// Training is mini-batch Adam with a learning rate that falls along a cosine. Images are
// turned, scaled, slanted and shifted a little, differently in every epoch but the last
// ones. Nothing but this module computes.
//
// Every step runs in a scope of one bump buffer, so that steps after the first allocate
// nothing on the Go heap. The summary counts what the whole training allocated: a few
// words for the progress bar in every epoch.
//
// The same flags and files give the same bytes on the same machine, however many
// processors it has. A processor with other SIMD instructions may round differently,
// so its weights can differ in the last bits and, over thousands of steps, further.
//
// Ctrl-C stops after the current batch. The file is written only when all is done: an
// interrupted training leaves the old one.
package main
