package backend_test

import "github.com/allocarrays/allocarrays-go/onnx/internal/backend"

// nodeTotals are the outcomes of the node tests.
var nodeTotals = map[string]int{backend.Pass: 1304, backend.Unsupported: 364}

// nodeUnsupported are the operators of those that are not supported, some of them only in part, such as Dropout in training, which
// is random.
const nodeUnsupported = `
	AffineGrid Attention Bernoulli BitCast BlackmanWindow CausalConvWithState Celu CenterCropPad Col2Im
	ConvInteger DFT DeformConv DequantizeLinear Det Dropout DynamicQuantizeLinear GridSample
	HammingWindow HannWindow ImageDecoder LinearAttention MatMulInteger Max MaxUnpool MelWeightMatrix
	Min NegativeLogLikelihoodLoss NonMaxSuppression OptionalHasElement QLinearConv QLinearMatMul
	QuantizeLinear Range RoiAlign STFT SoftmaxCrossEntropyLoss SwiGLU TensorScatter TfIdfVectorizer
	Unique
`
