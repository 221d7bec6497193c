// Package graph has a model as nodes that refer to values, instead of names.
package graph

import (
	"sync"

	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A Value is what an input, a constant or an output of a node stands for. There is one Value for
// each name and graph.
type Value struct {
	ID       int // counts the values of a model, those of graphs in attributes included
	Name     string
	Declared *proto.Value   // what the file says about it, or nil
	Const    *tensor.Tensor // its elements, if they are always the same
}

// A Node is the use of an operator.
type Node struct {
	Name, Op, Domain string
	Opset            int
	In, Out          []*Value // nil for one that is left out
	Attrs            map[string]*proto.Attribute
	Bodies           map[string]*Graph

	mu   sync.Mutex
	memo map[string]any
}

// Once returns what make returns, which is called at most once for each key: for what depends on the
// node and its constants only, such as packed weights. Goroutines may call it at the same time.
func (n *Node) Once(key string, make func() any) any {
	n.mu.Lock()
	defer n.mu.Unlock()
	v, ok := n.memo[key]
	if !ok {
		if v = make(); n.memo == nil {
			n.memo = map[string]any{}
		}
		n.memo[key] = v
	}
	return v
}

// A Graph is the main graph or the body of a node.
type Graph struct {
	Name     string
	In, Out  []*Value
	Nodes    []*Node
	Captured []*Value // values of enclosing graphs that nodes in here, or deeper, use
}

// A Model is a graph with the number of its values.
type Model struct {
	*Graph
	Values int
	Opsets map[string]int
	Size   int // bytes of the file, and of those with its weights
}

// NewValue adds a value.
func (m *Model) NewValue(name string) *Value {
	m.Values++
	return &Value{ID: m.Values - 1, Name: name}
}
