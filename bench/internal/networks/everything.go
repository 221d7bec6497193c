package networks

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of ModelProto, GraphProto, NodeProto and ValueInfoProto that matter here.
const (
	modelGraph   = 7
	graphNode    = 1
	graphOutput  = 12
	nodeOutput   = 2
	nodeOperator = 4
	valueName    = 1
)

// An Output is what a node of the main graph makes.
type Output struct{ Name, Operator string }

// Everything returns the model with some outputs of nodes as outputs of the graph, after those it has. Protocol
// Buffers merge a message that comes twice, so that a second graph at the end is enough.
func Everything(file []byte, outputs []Output) []byte {
	var graph []byte
	for _, o := range outputs {
		value := protowire.AppendString(protowire.AppendTag(nil, valueName, protowire.BytesType), o.Name)
		graph = protowire.AppendBytes(protowire.AppendTag(graph, graphOutput, protowire.BytesType), value)
	}
	return protowire.AppendBytes(protowire.AppendTag(slices.Clone(file), modelGraph, protowire.BytesType), graph)
}

// Outputs returns what the nodes of a model make, in their order, without the outputs of the graph.
func Outputs(file []byte) ([]Output, error) {
	var all []Output
	var have []string
	err := fields(file, modelGraph, func(graph []byte) error {
		if err := fields(graph, graphOutput, func(value []byte) error {
			return fields(value, valueName, func(name []byte) error {
				have = append(have, string(name))
				return nil
			})
		}); err != nil {
			return err
		}
		return fields(graph, graphNode, func(node []byte) error {
			var operator string
			if err := fields(node, nodeOperator, func(b []byte) error { operator = string(b); return nil }); err != nil {
				return err
			}
			i := -1
			return fields(node, nodeOutput, func(name []byte) error {
				i++
				mask := operator == "Dropout" && i > 0 // of training: the old forms do not say what is in it otherwise
				if len(name) > 0 && operator != "Constant" && !mask {
					all = append(all, Output{string(name), operator})
				}
				return nil
			})
		})
	})
	return slices.DeleteFunc(all, func(o Output) bool { return slices.Contains(have, o.Name) }), err
}

// fields calls f with each field of that number, of bytes, of a message.
func fields(b []byte, number protowire.Number, f func([]byte) error) error {
	for len(b) > 0 {
		n, kind, k := protowire.ConsumeTag(b)
		if k < 0 {
			return fmt.Errorf("networks: damaged file: %w", protowire.ParseError(k))
		}
		b = b[k:]
		if k = protowire.ConsumeFieldValue(n, kind, b); k < 0 {
			return fmt.Errorf("networks: damaged file: %w", protowire.ParseError(k))
		}
		if n == number && kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(b)
			if err := f(v); err != nil {
				return err
			}
		}
		b = b[k:]
	}
	return nil
}
