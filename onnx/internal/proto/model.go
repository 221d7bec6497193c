// Package proto reads ONNX's files, which are protocol buffers.
//
// The file stays in one buffer, to which the elements of its tensors refer. Everything else is
// copied out of it. Whatever the file says, reading takes memory of no more than a small multiple
// of its size and of those of the files that it names, and every fault is an error that says where it is.
package proto

import "github.com/allocarrays/allocarrays-go/onnx/internal/tensor"

// A Model is a file.
type Model struct {
	IRVersion                 int64
	Producer, ProducerVersion string
	Domain                    string
	Version                   int64
	Opsets                    []Opset
	Graph                     *Graph
	Functions                 []*Function
	Metadata                  []Entry
	Size                      int // bytes of the file, and of what External has read
}

// An Opset is the version of a set of operators.
type Opset struct {
	Domain  string
	Version int64
}

// An Entry is a pair of strings.
type Entry struct{ Key, Value string }

// A Graph is the main graph or one of an attribute.
type Graph struct {
	Name            string
	Nodes           []*Node
	Initializers    []*Tensor
	Sparse          []*Sparse
	Inputs, Outputs []*Value
	Values          []*Value
}

// A Function is an operator that the model itself defines.
type Function struct {
	Domain, Name, Overload string
	Inputs, Outputs        []string
	Attributes             []string     // those without a default
	Defaults               []*Attribute // those with one
	Nodes                  []*Node
	Opsets                 []Opset
}

// A Node is the use of an operator.
type Node struct {
	Name, Op, Domain, Overload string
	Inputs, Outputs            []string
	Attributes                 []*Attribute
}

// An Attribute is a parameter of a node.
type Attribute struct {
	Name    string
	Type    int64 // as in AttributeType; 0 in very old files
	F       float32
	I       int64
	S       []byte
	T       *Tensor
	G       *Graph
	Floats  []float32
	Ints    []int64
	Strings [][]byte
	Tensors []*Tensor
	Graphs  []*Graph
	Sparse  *Sparse
	Ref     string // the attribute of the enclosing function that this one stands for
}

// The types of attributes.
const (
	AttrFloat = 1 + iota
	AttrInt
	AttrString
	AttrTensor
	AttrGraph
	AttrFloats
	AttrInts
	AttrStrings
	AttrTensors
	AttrGraphs
	AttrSparse
)

// A Tensor is a tensor with its name. If External is not empty, its elements are in another file.
type Tensor struct {
	Name string
	tensor.Tensor
	External []Entry
}

// A Sparse is a tensor of which only some elements are given.
type Sparse struct {
	Values, Indices *Tensor
	Shape           []int
}

// The kinds of values.
const (
	KindNone = iota // not said
	KindTensor
	KindSequence
	KindOptional
	KindOther
)

// A Value says what a name stands for.
type Value struct {
	Name     string
	Kind     int
	Type     tensor.Type // of a tensor, or of those in a sequence or an optional
	HasShape bool
	Shape    []Dim
}

// A Dim is an extent: a number, a name, or, if Param is empty and Known not set, anything.
type Dim struct {
	Size  int64
	Known bool
	Param string
}
