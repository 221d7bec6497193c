package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/plan"
)

// A net is a network layer by layer: each step reads tensors and makes one.
type net struct {
	p plan.Problem
}

// add makes a tensor of float32 from others, which live until then at least.
func (n *net) add(side, channels int64, from ...int) int {
	step := int64(len(n.p.Blocks))
	for _, i := range from {
		n.p.Blocks[i].To = step + 1
	}
	n.p.Blocks = append(n.p.Blocks, plan.Block{Size: (4*side*side*channels + 63) / 64 * 64, From: step, To: step + 1})
	return len(n.p.Blocks) - 1
}

// mobileNetV1 has 30 tensors (Howard et al., arXiv 1704.04861, table 1).
func mobileNetV1() plan.Problem {
	var n net
	x := n.add(112, 32)
	side := int64(112)
	for _, layer := range []struct{ stride, in, out int64 }{
		{1, 32, 64}, {2, 64, 128}, {1, 128, 128}, {2, 128, 256}, {1, 256, 256}, {2, 256, 512},
		{1, 512, 512}, {1, 512, 512}, {1, 512, 512}, {1, 512, 512}, {1, 512, 512}, {2, 512, 1024}, {1, 1024, 1024},
	} {
		side /= layer.stride
		x = n.add(side, layer.in, x)  // depthwise
		x = n.add(side, layer.out, x) // pointwise
	}
	x = n.add(1, 1024, x)
	x = n.add(1, 1001, x)
	n.add(1, 1001, x) // softmax
	return n.p
}

// mobileNetV2 has 65 tensors (Sandler et al., arXiv 1801.04381, table 2).
func mobileNetV2() plan.Problem {
	var n net
	x := n.add(112, 32)
	side, in := int64(112), int64(32)
	for _, stage := range []struct{ expand, out, repeat, stride int64 }{
		{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
	} {
		for k := range stage.repeat {
			y, stride := x, int64(1)
			if k == 0 {
				stride = stage.stride
			}
			if stage.expand > 1 {
				y = n.add(side, in*stage.expand, y)
			}
			side /= stride
			y = n.add(side, in*stage.expand, y) // depthwise
			y = n.add(side, stage.out, y)
			if stride == 1 && in == stage.out {
				y = n.add(side, stage.out, x, y) // residual
			}
			x, in = y, stage.out
		}
	}
	x = n.add(side, 1280, x)
	x = n.add(1, 1280, x)
	x = n.add(1, 1001, x)
	n.add(1, 1001, x) // softmax
	return n.p
}

// inceptionV3 follows Szegedy et al. (arXiv 1512.00567) as it is published with weights: an
// image of 299×299, convolutions without padding in the stem, and blocks whose branches are
// put together.
func inceptionV3() plan.Problem {
	var n net
	chain := func(x int, side int64, channels ...int64) int {
		for _, c := range channels {
			x = n.add(side, c, x)
		}
		return x
	}
	x := n.add(149, 32)
	x = n.add(147, 32, x)
	x = n.add(147, 64, x)
	x = n.add(73, 64, x) // pool
	x = n.add(73, 80, x)
	x = n.add(71, 192, x)
	x = n.add(35, 192, x) // pool
	in := int64(192)
	for _, pool := range []int64{32, 64, 64} { // blocks of 35×35
		a, b := chain(x, 35, 64), chain(x, 35, 48, 64)
		c, d := chain(x, 35, 64, 96, 96), chain(x, 35, in, pool)
		in = 224 + pool
		x = n.add(35, in, a, b, c, d)
	}
	a := n.add(17, 384, x)
	b := n.add(17, 96, chain(x, 35, 64, 96))
	x = n.add(17, 768, a, b, n.add(17, in, x))
	for _, c := range []int64{128, 160, 160, 192} { // blocks of 17×17
		a, b := chain(x, 17, 192), chain(x, 17, c, c, 192)
		x = n.add(17, 768, a, b, chain(x, 17, c, c, c, c, 192), chain(x, 17, 768, 192))
	}
	a = n.add(8, 320, chain(x, 17, 192))
	b = n.add(8, 192, chain(x, 17, 192, 192, 192))
	x = n.add(8, 1280, a, b, n.add(8, 768, x))
	for in := int64(1280); in <= 2048; in += 768 { // blocks of 8×8
		a, b, c := chain(x, 8, 320), chain(x, 8, 384), chain(x, 8, 448, 384)
		b = n.add(8, 768, chain(b, 8, 384), chain(b, 8, 384))
		c = n.add(8, 768, chain(c, 8, 384), chain(c, 8, 384))
		x = n.add(8, 2048, a, b, c, chain(x, 8, in, 192))
	}
	x = n.add(1, 2048, x)
	x = n.add(1, 1001, x)
	n.add(1, 1001, x) // softmax
	return n.p
}

// The largest step of Inception v3 is a convolution of its stem, from 147×147×32 to
// 147×147×64. Nothing of the branches adds to it.
func TestInception(t *testing.T) {
	p := inceptionV3()
	got, err := plan.Pack(p)
	require.NoError(t, err)
	assert.True(t, got.Proved())
	assert.EqualValues(t, (4*147*147*32+63)/64*64+(4*147*147*64+63)/64*64, got.Peak)
	assert.InDelta(t, 7.914, float64(got.Peak)/(1<<20), 0.0006)
}

// Networks for phones are packed to the bound. The figures are those of Pisarchyk and Lee
// (arXiv 2001.03288), in MiB.
func TestNetworks(t *testing.T) {
	for _, tt := range []struct {
		name        string
		p           plan.Problem
		tensors     int
		naive, want float64
	}{
		{"MobileNet v1", mobileNetV1(), 30, 19.248, 4.594},
		{"MobileNet v2", mobileNetV2(), 65, 26.313, 5.742},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var sum int64
			for _, b := range tt.p.Blocks {
				sum += b.Size
			}
			assert.Len(t, tt.p.Blocks, tt.tensors)
			got, err := plan.Pack(tt.p)
			require.NoError(t, err)
			assert.InDelta(t, tt.naive, float64(sum)/(1<<20), 0.0006)
			assert.InDelta(t, tt.want, float64(got.Peak)/(1<<20), 0.0006)
			assert.True(t, got.Proved())
		})
	}
}
