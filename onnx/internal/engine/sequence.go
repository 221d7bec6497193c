package engine

import (
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators on sequences. A sequence is a slice of tensors that is never changed; their elements are in the scope
// of the run. What stands for them on the Go heap is charged to that scope.

// itemBytes is what a tensor of a sequence is charged for besides its elements: what stands for it on the Go heap.
const itemBytes = 192

// giveSequence sets the output of a node.
func (r *run) giveSequence(n *graph.Node, items []tensor.Tensor) {
	r.give(n, 0, tensor.Tensor{Type: tensor.Sequence, Shape: []int{len(items)}, Items: items})
}

// items returns place for the n tensors of a sequence, charged.
func (r *run) items(n int) ([]tensor.Tensor, error) {
	if n > math.MaxInt/itemBytes {
		n = math.MaxInt / itemBytes
	}
	if err := charge(r.ctx, n*itemBytes); err != nil {
		return nil, err
	}
	return make([]tensor.Tensor, 0, n), nil
}

// sequence returns input i, a sequence.
func (r *run) sequence(n *graph.Node, i int) ([]tensor.Tensor, error) {
	t := r.optional(n, i)
	if t == nil || t.Type != tensor.Sequence {
		return nil, nodeError(n, fmt.Errorf("input %d is no sequence", i))
	}
	return t.Items, nil
}

// plain returns input i, which is no sequence.
func (r *run) plain(n *graph.Node, i int) (*tensor.Tensor, error) {
	t := r.optional(n, i)
	if t == nil || t.Type == tensor.Sequence {
		return nil, nodeError(n, fmt.Errorf("input %d is no tensor", i))
	}
	return t, nil
}

// position returns input i as a place among n, counted from the end if it is negative; the last one, or what the
// otherwise says, if it is left out.
func (r *run) position(n *graph.Node, i, count, otherwise int) (int, error) {
	t := r.optional(n, i)
	if t == nil {
		t = tensor.Ints(int64(otherwise))
	}
	at, err := scalar(t)
	if err != nil {
		return 0, nodeError(n, fmt.Errorf("input %d %w", i, err))
	}
	if at < 0 {
		at += count
	}
	if at < 0 || at >= count {
		return 0, nodeError(n, fmt.Errorf("position %d of %d", at, count))
	}
	return at, nil
}

func (r *run) sequenceEmpty(n *graph.Node) error {
	r.giveSequence(n, nil)
	return nil
}

func (r *run) sequenceConstruct(n *graph.Node) error {
	items, err := r.items(len(n.In))
	if err != nil {
		return err
	}
	for i := range n.In {
		t, err := r.plain(n, i)
		if err != nil {
			return err
		}
		item, err := r.scopeCopy(t)
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	r.giveSequence(n, items)
	return nil
}

func (r *run) sequenceInsert(n *graph.Node) error {
	items, err := r.sequence(n, 0)
	if err != nil {
		return err
	}
	t, err := r.plain(n, 1)
	if err != nil {
		return err
	}
	if len(items) > 0 && items[0].Type != t.Type {
		return nodeError(n, fmt.Errorf("%v in a sequence of %v", t, items[0].Type))
	}
	at := len(items)
	if r.optional(n, 2) != nil {
		v, err := scalar(r.optional(n, 2))
		if v < 0 {
			v += len(items)
		}
		if err != nil || v < 0 || v > len(items) {
			return nodeError(n, fmt.Errorf("position %d of %d", v, len(items)))
		}
		at = v
	}
	item, err := r.scopeCopy(t)
	if err != nil {
		return err
	}
	list, err := r.items(len(items) + 1)
	if err != nil {
		return err
	}
	r.giveSequence(n, append(append(append(list, items[:at]...), item), items[at:]...))
	return nil
}

func (r *run) sequenceErase(n *graph.Node) error {
	items, err := r.sequence(n, 0)
	if err != nil {
		return err
	}
	at, err := r.position(n, 1, len(items), -1)
	if err != nil {
		return err
	}
	list, err := r.items(len(items) - 1)
	if err != nil {
		return err
	}
	r.giveSequence(n, append(append(list, items[:at]...), items[at+1:]...))
	return nil
}

func (r *run) sequenceAt(n *graph.Node) error {
	items, err := r.sequence(n, 0)
	if err != nil {
		return err
	}
	at, err := r.position(n, 1, len(items), -1)
	if err != nil {
		return err
	}
	r.give(n, 0, items[at])
	return nil
}

func (r *run) sequenceLength(n *graph.Node) error {
	items, err := r.sequence(n, 0)
	if err != nil {
		return err
	}
	r.give(n, 0, *tensor.From([]int64{int64(len(items))}))
	return nil
}

// attribute returns an attribute that is an integer.
func attribute(n *graph.Node, name string, otherwise int) int {
	if a := n.Attrs[name]; a != nil {
		return int(a.I)
	}
	return otherwise
}

// axis checks an axis of a tensor of some rank.
func axis(n *graph.Node, v, rank int) (int, error) {
	if v < -rank || v >= rank {
		return 0, nodeError(n, fmt.Errorf("axis %d of rank %d", v, rank))
	}
	if v < 0 {
		v += rank
	}
	return v, nil
}

func (r *run) splitToSequence(n *graph.Node) error {
	t, err := r.plain(n, 0)
	if err != nil {
		return err
	}
	along, err := axis(n, attribute(n, "axis", 0), t.Rank())
	if err != nil {
		return err
	}
	if t.Type.Bits() < 8 {
		return nodeError(n, fmt.Errorf("input 0 is %v", t))
	}
	extent := t.Shape[along]
	split, size := r.optional(n, 1), 1
	var sizes []int
	if split != nil {
		if sizes, err = split.Integers(); err != nil {
			return nodeError(n, fmt.Errorf("input 1 %w", err))
		}
		if split.Rank() == 0 {
			if size = sizes[0]; size <= 0 {
				return nodeError(n, fmt.Errorf("pieces of %d", size))
			}
		}
	}
	equal := split == nil || split.Rank() == 0 // pieces of one size, but for the last
	count := len(sizes)
	if equal {
		count = (extent-1)/size + 1
		if extent == 0 {
			count = 0
		}
	}
	items, err := r.items(count) // charges sizes, too
	if err != nil {
		return err
	}
	if equal {
		sizes = make([]int, count)
		for i := range sizes {
			sizes[i] = min(size, extent-i*size)
		}
	}
	sum := 0
	for _, s := range sizes {
		if s < 0 || s > extent-sum {
			return nodeError(n, fmt.Errorf("pieces of %v along axis %d of %v", sizes, along, t))
		}
		sum += s
	}
	if sum != extent {
		return nodeError(n, fmt.Errorf("pieces of %v along axis %d of %v", sizes, along, t))
	}
	outer, inner := tensor.Count(t.Shape[:along]), t.Type.Bytes(tensor.Count(t.Shape[along+1:]))
	from := 0
	for _, size := range sizes {
		item := tensor.Tensor{Type: t.Type, Shape: slices.Clone(t.Shape)}
		item.Shape[along] = size
		if item.Data, _, err = alloc(r.ctx, outer*size*inner); err != nil {
			return err
		}
		for o := range outer {
			copy(item.Data[o*size*inner:(o+1)*size*inner], t.Data[(o*extent+from)*inner:])
		}
		if split == nil && attribute(n, "keepdims", 1) == 0 {
			item.Shape = slices.Delete(item.Shape, along, along+1)
		}
		items = append(items, item)
		from += size
	}
	r.giveSequence(n, items)
	return nil
}

func (r *run) concatFromSequence(n *graph.Node) error {
	items, err := r.sequence(n, 0)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return nodeError(n, fmt.Errorf("an empty sequence"))
	}
	first, stacks := &items[0], attribute(n, "new_axis", 0)
	if stacks != 0 && stacks != 1 {
		return nodeError(n, fmt.Errorf("attribute \"new_axis\" is %d", stacks))
	}
	along, err := axis(n, attribute(n, "axis", 0), first.Rank()+stacks)
	if err != nil {
		return err
	}
	t := tensor.Tensor{Type: first.Type, Shape: slices.Clone(first.Shape)}
	if stacks != 0 {
		t.Shape = slices.Insert(t.Shape, along, 1)
	}
	extent := 0
	for i := range items {
		ok := items[i].Type == t.Type && items[i].Rank() == first.Rank() && t.Type.Bits() >= 8
		for j := 0; ok && j < first.Rank(); j++ {
			ok = items[i].Shape[j] == first.Shape[j] || j == along && stacks == 0
		}
		if !ok {
			return nodeError(n, fmt.Errorf("%v and %v along axis %d", first, &items[i], along))
		}
		if stacks != 0 {
			extent++
		} else {
			extent += items[i].Shape[along]
		}
	}
	t.Shape[along] = extent
	if _, ok := tensor.CheckedCount(t.Shape, t.Type.Bits()); !ok {
		return nodeError(n, fmt.Errorf("output of impossible shape %v", t.Shape))
	}
	outer, inner := tensor.Count(t.Shape[:along]), t.Type.Bytes(tensor.Count(t.Shape[along+1:]))
	if t.Data, _, err = alloc(r.ctx, outer*extent*inner); err != nil {
		return err
	}
	at := 0
	for i := range items {
		piece := inner
		if stacks == 0 {
			piece *= items[i].Shape[along]
		}
		for o := range outer {
			copy(t.Data[o*extent*inner+at:][:piece], items[i].Data[o*piece:])
		}
		at += piece
	}
	r.give(n, 0, t)
	return nil
}
