package engine

import (
	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/plan"
)

// A Report says what a program does with inputs of certain shapes.
type Report struct {
	Nodes []ReportNode // of the graph in file order, without what has been computed already

	MACs       int64
	Sum        int64 // bytes of all intermediates of the graph
	LowerBound int64 // of the most of them that are needed at the same time
	Planned    int64 // what a run takes, with work memory and without outputs
	Steps      int   // nodes after they have been joined
	Late       int   // those whose shapes are known only when they run

	Problem plan.Problem // what has been packed
	Plan    plan.Plan
	Labels  []string // of its blocks
}

// A ReportNode is a node with its outputs.
type ReportNode struct {
	Name, Op string
	In, Out  []*tensor.Tensor // nil for those that are left out, or not known before the run
	MACs     int64
}

// Report plans the program for inputs twice: as the file says, and as it runs.
func (p *Program) Report(in []*tensor.Tensor) (*Report, error) {
	signature := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		signature[i] = &tensor.Tensor{Type: t.Type, Shape: t.Shape}
		if small(t) {
			signature[i].Data = t.Data
		}
	}
	plain := &Program{model: p.model, options: p.options, in: p.in, out: p.out, readers: p.readers}
	plain.options.Keep = true
	file, err := plain.newPlan(signature)
	if err != nil {
		return nil, err
	}
	fast, err := p.newPlan(signature)
	if err != nil {
		return nil, err
	}
	r := &Report{Planned: fast.packed.Peak, Steps: len(fast.steps), Late: fast.Late, Problem: fast.problem, Plan: fast.packed}
	bare := file.problem
	bare.InPlace, bare.Blocks = nil, nil
	isWork := map[int]bool{}
	for _, s := range file.steps {
		r.Nodes = append(r.Nodes, file.reportNode(&s))
		r.MACs += r.Nodes[len(r.Nodes)-1].MACs
		if s.work >= 0 {
			isWork[s.work] = true
		}
	}
	for v := range file.slots {
		if s := &file.slots[v]; s.place == arena && s.Type != tensor.String && !isWork[v] {
			bare.Blocks = append(bare.Blocks, file.problem.Blocks[s.index])
			r.Sum += file.problem.Blocks[s.index].Size
		}
	}
	if r.LowerBound, err = plan.LowerBound(bare); err != nil {
		return nil, err
	}
	r.Labels = make([]string, len(fast.problem.Blocks))
	for _, s := range fast.steps {
		for _, v := range s.out {
			if v >= 0 && fast.slots[v].place == arena && fast.slots[v].Type != tensor.String {
				r.Labels[fast.slots[v].index] = s.node.Op + " " + s.node.Name
			}
		}
		if s.work >= 0 {
			r.Labels[fast.slots[s.work].index] = "work of " + s.node.Op + " " + s.node.Name
		}
	}
	return r, nil
}

func (p *Plan) reportNode(s *step) ReportNode {
	n := ReportNode{Name: s.node.Name, Op: s.node.Op}
	list := func(values []int) (t []*tensor.Tensor) {
		for _, v := range values {
			if v < 0 || p.slots[v].place == nowhere {
				t = append(t, nil)
			} else {
				t = append(t, &p.slots[v].Tensor)
			}
		}
		return t
	}
	n.In, n.Out = list(s.in), list(s.out)
	n.MACs = macs(s.node, n.In, n.Out)
	return n
}

// macs returns the multiply-adds of a node whose shapes are known.
func macs(n *graph.Node, in, out []*tensor.Tensor) int64 {
	if len(in) < 2 || len(out) == 0 || in[0] == nil || in[1] == nil || out[0] == nil {
		return 0
	}
	x, y, z := in[0], in[1], out[0]
	switch n.Op {
	case "Conv":
		return int64(z.Len()) * int64(tensor.Count(y.Shape[1:]))
	case "ConvTranspose":
		return int64(x.Len()) * int64(tensor.Count(y.Shape[1:]))
	case "MatMul":
		if x.Rank() > 0 {
			return int64(z.Len()) * int64(x.Shape[x.Rank()-1])
		}
	case "Gemm":
		if z.Rank() == 2 && z.Shape[0] > 0 {
			return int64(x.Len()) * int64(z.Shape[1])
		}
	case "LSTM", "GRU", "RNN":
		if len(in) > 2 && in[2] != nil && x.Rank() == 3 {
			return int64(x.Shape[0]) * int64(x.Shape[1]) * int64(y.Len()+in[2].Len())
		}
	}
	return 0
}

// Parameters returns the number of elements of the constants that nodes read.
func (p *Program) Parameters() (n int64) {
	seen := map[*graph.Value]bool{}
	var visit func(nodes []*graph.Node)
	visit = func(nodes []*graph.Node) {
		for _, node := range nodes {
			for _, v := range node.In {
				if v != nil && v.Const != nil && !seen[v] {
					seen[v] = true
					n += int64(v.Const.Len())
				}
			}
			for _, body := range node.Bodies {
				visit(body.Nodes)
			}
		}
	}
	visit(p.model.Nodes)
	return n
}

// Supported reports whether there is an operator.
func Supported(domain, op string, opset int) bool {
	return ops.Lookup(domain, op, opset) != nil || domain == "" && controls[op] != nil
}
