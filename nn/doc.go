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
// Every intermediate result asks ctx for its memory, so that the caller decides
// whether a batch costs the garbage collector anything: within scope.NoEscape on a
// bump buffer it does not.
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
// product, and pooling and normalisation run along channels. Pictures, too, come
// in this order.
//
// Weights are another matter: a [Conv2D] has them in the file as PyTorch does,
// out×in×height×width, and puts them in its own order once, when they are loaded.
// Only two things remain for a model that PyTorch trained. An input in PyTorch's
// order passes [ToNHWC] first. And in front of a [Flatten], ToNCHW restores the
// order of features that the following [Dense] was trained with:
//
//	nn.NewConv2D("conv3", 16, 10, nn.Square(3)), nn.ReLU{},
//	nn.ToNCHW{}, nn.Flatten{}, nn.NewDense("fc", 90, 10),
//
// Both are views and cost nothing but the copy that the layer behind makes, if it
// needs its input contiguous.
//
// # Layers computed together
//
// A [Chain] makes one step of a Conv2D and the [BatchNorm] behind it, whose factors
// become part of the weights, and of a Dense, Conv2D or BatchNorm and the [ReLU]
// behind it. Folded weights are rounded once more than the layers one by one; a
// ReLU changes no bit. Whoever writes weights calls ParametersChanged of the chain:
// that of the single layer is enough for correct results, but a Conv2D and a
// BatchNorm are then computed one by one until the chain has joined them again.
//
// # Memory
//
// Besides its result a layer may take memory from ctx for a copy of its input, if
// that is not contiguous or has to be padded, and for tables; its documentation
// says so. It is released with the scope, like the results of all layers.
//
// # Errors
//
// Building and loading return errors that name the layer, the file, the tensor and
// the reason. Forward panics if its input does not have the shape the model was
// built for: check what comes from outside with [Chain.CheckInput].
//
// # Concurrency
//
// Forward only reads the layer: any number of goroutines may use a model at the
// same time, as long as nobody loads weights into it.
package nn
