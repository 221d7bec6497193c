package backend_test

import "github.com/allocarrays/allocarrays-go/onnx/internal/backend"

// nodeTotals are the outcomes of the node tests.
var nodeTotals = map[string]int{backend.Pass: 1416, backend.Unsupported: 252}

// nodeUnsupported are the operators of those that are not supported, some of them only in part, such as Dropout in training, which
// is random.
const nodeUnsupported = `
	AffineGrid Bernoulli BitCast BlackmanWindow CausalConvWithState CenterCropPad Col2Im DFT DeformConv
	Det Dropout GridSample HammingWindow HannWindow ImageDecoder LinearAttention MaxUnpool
	MelWeightMatrix NegativeLogLikelihoodLoss NonMaxSuppression OptionalHasElement QLinearMatMul
	RoiAlign STFT SoftmaxCrossEntropyLoss SwiGLU TensorScatter TfIdfVectorizer Unique
`
