// Package nn provides layers for neural network inference over allocarray.
//
// A model is a [Chain] of layers, checked when it is built, whose weights are
// read from a safetensors file:
//
//	model, err := nn.NewChain([]int{784},
//		nn.NewDense("fc1", 784, 128), nn.ReLU{},
//		nn.NewDense("fc2", 128, 10), nn.Softmax{},
//	)
//	err = nn.LoadFile("digits.safetensors", model)
//	y := model.Forward(ctx, x) // x is batch×784, y is batch×10
//
// To set weights in code, write the elements of Parameters and call
// ParametersChanged.
//
// Every intermediate result takes its memory from ctx, so the caller decides whether
// a batch makes garbage. Within scope.NoEscape on a bump buffer it makes none.
//
// # Conventions
//
// A [Tensor] holds float32. Its first axis is the batch, of any length; shapes
// given to and returned by OutputShape are those of one sample, without it. The
// weights of a layer live on the Go heap and never in a buffer that can be reset.
// Names and layouts of parameters are PyTorch's.
//
// # Images
//
// A batch of images is batch×height×width×channels (NHWC), not PyTorch's
// batch×channels×height×width. The channels of a pixel then lie side by side, so
// that a convolution reads whole lines of the image in place and is a single matrix
// product, and pooling and normalisation run along channels. Decoded pictures have
// this order too.
//
// Weights keep PyTorch's order, out×in×height×width, in the file; a [Conv2D]
// reorders them once, when they are loaded. A model that PyTorch trained needs two
// things more. An input in PyTorch's order passes [ToNHWC] first. And before a
// [Flatten], [ToNCHW] restores the order of features that the following [Dense] was
// trained with:
//
//	nn.NewConv2D("conv3", 16, 10, nn.Square(3)), nn.ReLU{},
//	nn.ToNCHW{}, nn.Flatten{}, nn.NewDense("fc", 90, 10),
//
// Both return views. They cost nothing but the copy that the next layer makes if it
// needs contiguous input.
//
// # Branches and sequences
//
// [Residual], [Sum], [Product] and [Concat] give one input to several layers and join what
// they return; a branch of several layers is a [Sequence]. An [LSTM] or a [GRU] takes
// batch×steps×features. docs/layers.md lists all layers with PyTorch's names for them.
//
// # Layers computed together
//
// A [Chain] computes a Conv2D and the [BatchNorm] after it in one step: the factors
// of the BatchNorm become part of the weights. It computes a Dense, Conv2D or
// BatchNorm and the [ReLU] after it in one step, too. And it takes a few lines of an
// image through a Conv2D, its ReLU, a second BatchNorm with its ReLU and a pooling
// layer before it goes on, so that what lies between stays in the cache. Folded weights are
// rounded once more than the layers one by one; nothing else changes a bit. Code that writes
// weights should call ParametersChanged of the chain. That of the single layer is
// enough for correct results, but the chain then computes a Conv2D and its
// BatchNorm one by one until its own ParametersChanged joins them again.
//
// # Memory
//
// Besides its result a layer may take memory from ctx for tables, for a part of an image,
// and for a copy of its input if that is not contiguous; its documentation says so.
// The end of the scope releases that memory with the results of all layers.
//
// # Errors
//
// Building and loading return errors that name the layer, the file, the tensor and
// the reason. Forward panics if its input does not have the shape that the model
// was built for: check input from outside with [Chain.CheckInput].
//
// # Concurrency
//
// Forward only reads the layer. Any number of goroutines may use a model at the same
// time, as long as none loads or changes its weights.
package nn
