package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

func init() {
	register("Attention", attentionOf, 23, 24)
}

// A headed tensor has elements of heads: where those of a batch, a head and a step are.
type headed struct{ batch, head, step int }

// An attention is scaled dot-product attention of several heads, of which several may share keys and values. The
// keys and values of the past come before those of the call.
type attention struct {
	batch, heads, kvHeads int
	queries, keys, past   int // steps; the keys without those of the past
	size, vSize           int // of a head
	q, k, v, y            headed
	scale, softcap        float64
	causal                bool
	mode                  int // what output 3 has
	mask                  []int
	maskKeys              int // how many keys the mask is about, the others are masked
	boolMask              bool
	present               [2]int // places in the working memory for keys and values, if the outputs are left out
}

func attentionOf(c *Call) {
	q, k, v := c.Input(0), c.Input(1), c.Input(2)
	if k.Type != q.Type || v.Type != q.Type || q.Rank() != k.Rank() || q.Rank() != v.Rank() || q.Rank() != 3 && q.Rank() != 4 {
		c.Fail("inputs %v, %v and %v", q, k, v)
	}
	t := &attention{batch: q.Shape[0], causal: c.Int("is_causal", 0) != 0, softcap: float64(c.Float("softcap", 0)), mode: c.Int("qk_matmul_output_mode", 0)}
	var kBatch, vBatch, vKeys, vHeads, kSize int
	if q.Rank() == 4 {
		t.heads, t.queries, t.size = q.Shape[1], q.Shape[2], q.Shape[3]
		kBatch, t.kvHeads, t.keys, kSize = k.Shape[0], k.Shape[1], k.Shape[2], k.Shape[3]
		vBatch, vHeads, vKeys, t.vSize = v.Shape[0], v.Shape[1], v.Shape[2], v.Shape[3]
		t.q, t.k = headed{t.heads * t.queries * t.size, t.queries * t.size, t.size}, headed{t.kvHeads * t.keys * t.size, t.keys * t.size, t.size}
		t.v, t.y = headed{t.kvHeads * t.keys * t.vSize, t.keys * t.vSize, t.vSize}, headed{t.heads * t.queries * t.vSize, t.queries * t.vSize, t.vSize}
		c.Declare(0, q.Type, t.batch, t.heads, t.queries, t.vSize)
	} else {
		t.heads, t.kvHeads = c.Int("q_num_heads", 0), c.Int("kv_num_heads", 0)
		if t.heads <= 0 || t.kvHeads <= 0 || q.Shape[2]%t.heads != 0 || k.Shape[2]%t.kvHeads != 0 || v.Shape[2]%t.kvHeads != 0 {
			c.Fail("%d and %d heads for %v, %v and %v", t.heads, t.kvHeads, q, k, v)
		}
		t.queries, t.size, kSize, t.vSize = q.Shape[1], q.Shape[2]/t.heads, k.Shape[2]/t.kvHeads, v.Shape[2]/t.kvHeads
		kBatch, t.keys, vBatch, vKeys, vHeads = k.Shape[0], k.Shape[1], v.Shape[0], v.Shape[1], t.kvHeads
		out := t.heads * t.vSize
		t.q, t.k = headed{t.queries * q.Shape[2], t.size, q.Shape[2]}, headed{t.keys * k.Shape[2], t.size, k.Shape[2]}
		t.v, t.y = headed{t.keys * v.Shape[2], t.vSize, v.Shape[2]}, headed{t.queries * out, t.vSize, out}
		c.Declare(0, q.Type, t.batch, t.queries, out)
	}
	if kSize != t.size || kBatch != t.batch || vBatch != t.batch || vKeys != t.keys || vHeads != t.kvHeads || t.kvHeads == 0 || t.heads%t.kvHeads != 0 {
		c.Fail("inputs %v, %v and %v with %d and %d heads", q, k, v, t.heads, t.kvHeads)
	}
	if t.mode < 0 || t.mode > 3 {
		c.Fail("attribute \"qk_matmul_output_mode\" is %d", t.mode)
	}
	if t.scale = 1 / math.Sqrt(float64(t.size)); c.HasAttr("scale") {
		t.scale = float64(c.Float("scale", 0))
	}
	if c.Has(4) != c.Has(5) {
		c.Fail("past keys without past values, or the other way round")
	}
	if c.Has(4) {
		pk, pv := c.In[4], c.In[5]
		if pk.Rank() != 4 || pk.Type != q.Type || pv.Type != q.Type {
			c.Fail("past %v and %v", pk, pv)
		}
		t.past = pk.Shape[2]
		if !equal(pk.Shape, []int{t.batch, t.kvHeads, t.past, t.size}) || !equal(pv.Shape, []int{t.batch, t.kvHeads, t.past, t.vSize}) {
			c.Fail("past %v and %v", pk, pv)
		}
	}
	all := t.past + t.keys
	c.Declare(1, q.Type, t.batch, t.kvHeads, all, t.size)
	c.Declare(2, q.Type, t.batch, t.kvHeads, all, t.vSize)
	c.Declare(3, q.Type, t.batch, t.heads, t.queries, all)
	if _, ok := tensor.CheckedCount([]int{t.batch, t.heads, t.queries + 1, all + 1, t.size + t.vSize + 1}, 64); !ok {
		c.Fail("inputs %v, %v and %v", q, k, v)
	}
	if c.Has(3) {
		t.readMask(c, all)
	}
	if c.Has(6) {
		if n := c.Input(6, tensor.Int64); !equal(n.Shape, []int{t.batch}) {
			c.Fail("input 6 is %v for a batch of %d", n, t.batch)
		}
	}
	size := t.queries * all
	if t.past > 0 {
		t.present = [2]int{size, size + t.batch*t.kvHeads*all*t.size}
		size = t.present[1] + t.batch*t.kvHeads*all*t.vSize
	}
	c.Work = q.Type.Bytes(size)
	c.Kernel = forNumbers(c, q.Type, kernels{f32: attentionKernel[float32](t), f64: attentionKernel[float64](t)})
}

// readMask checks input 3, which is repeated to batch, heads and queries.
func (t *attention) readMask(c *Call, all int) {
	m := c.In[3]
	if t.boolMask = m.Type == tensor.Bool; !t.boolMask && m.Type != c.In[0].Type {
		c.Unsupported("input 3 of type %v", m.Type)
	}
	want := []int{t.batch, t.heads, t.queries}
	if m.Rank() < 2 || m.Rank() > 4 || m.Shape[m.Rank()-1] > all {
		c.Fail("mask %v for %d keys", m, all)
	}
	lead := m.Shape[:m.Rank()-1]
	if shape := c.broadcast(lead, want); !equal(shape, want) {
		c.Fail("mask %v for a batch of %d, %d heads and %d queries", m, t.batch, t.heads, t.queries)
	}
	t.maskKeys = m.Shape[m.Rank()-1]
	t.mask = broadcastStrides(lead, want)
	for i := range t.mask {
		t.mask[i] *= t.maskKeys
	}
}

func attentionKernel[T kernel.Float](t *attention) Kernel {
	return func(a *Args) error {
		work, all := tensor.As[T](a.Work), t.past+t.keys
		keys, values := slice[T](a.In[1]), slice[T](a.In[2])
		k, v := t.k, t.v
		present := func(out, in, size int, from []T, at headed) ([]T, headed) {
			var dst []T
			switch {
			case out < len(a.Out) && a.Out[out] != nil:
				dst = slice[T](a.Out[out])
			case t.past > 0:
				dst = work[t.present[out-1]:][:t.batch*t.kvHeads*all*size]
			default:
				return from, at
			}
			for i := range t.batch * t.kvHeads {
				d := dst[i*all*size:]
				if t.past > 0 {
					copy(d[:t.past*size], slice[T](a.In[in])[i*t.past*size:])
				}
				for s := range t.keys {
					copy(d[(t.past+s)*size:][:size], from[i/t.kvHeads*at.batch+i%t.kvHeads*at.head+s*at.step:])
				}
			}
			return dst, headed{t.kvHeads * all * size, all * size, size}
		}
		keys, k = present(1, 4, t.size, keys, k)
		values, v = present(2, 5, t.vSize, values, v)
		if t.queries == 0 {
			return nil
		}
		q, y, scores := slice[T](a.In[0]), slice[T](a.Out[0]), work[:t.queries*all]
		for b := range t.batch {
			limit := all
			if n := argument(a, 6); n != nil {
				if limit = int(slice[int64](n)[b]); limit < 0 || limit > all {
					return errIndex(limit, all)
				}
			}
			for h := range t.heads {
				kv := h / (t.heads / t.kvHeads)
				if all > 0 && t.size > 0 {
					product(scores, all, q[b*t.q.batch+h*t.q.head:], t.q.step, 1, keys[b*k.batch+kv*k.head:], 1, k.step, t.queries, t.size, all)
				} else {
					clear(scores)
				}
				kernel.BinaryScalar(kernel.Mul, scores, scores, T(t.scale))
				t.keep(a, b, h, 0, len(scores), func(dst []byte) { copy(tensor.As[T](dst), scores) })
				if t.softcap > 0 {
					for i, s := range scores {
						scores[i] = T(t.softcap * math.Tanh(float64(s)/t.softcap))
					}
				}
				t.keep(a, b, h, softcapMode, len(scores), func(dst []byte) { copy(tensor.As[T](dst), scores) })
				hide(t, a, scores, b, h, limit)
				t.keep(a, b, h, maskMode, len(scores), func(dst []byte) { copy(tensor.As[T](dst), scores) })
				for i := range t.queries {
					row := scores[i*all : (i+1)*all]
					if all > 0 && math.IsInf(float64(kernel.MaxOf(row)), -1) {
						clear(row) // nothing to look at
					} else {
						kernel.SoftmaxRow(row, row)
					}
				}
				t.keep(a, b, h, 3, len(scores), func(dst []byte) { copy(tensor.As[T](dst), scores) })
				out := y[b*t.y.batch+h*t.y.head:]
				if all == 0 {
					for i := range t.queries {
						clear(out[i*t.y.step:][:t.vSize])
					}
					continue
				}
				product(out, t.y.step, scores, all, 1, values[b*v.batch+kv*v.head:], v.step, 1, t.queries, all, t.vSize)
			}
		}
		return nil
	}
}

// The values of the attribute qk_matmul_output_mode.
const (
	softcapMode = 1
	maskMode    = 2
)

// keep copies scores to output 3, if that is wanted in this mode.
func (t *attention) keep(a *Args, b, h, mode, n int, fill func(dst []byte)) {
	if t.mode != mode || len(a.Out) < 4 || a.Out[3] == nil || n == 0 {
		return
	}
	size := len(a.Out[3].Data) / (t.batch * t.heads)
	fill(a.Out[3].Data[(b*t.heads+h)*size:][:size])
}

// hide adds the mask to the scores of a head, and takes those out that a query must not see.
func hide[T kernel.Float](t *attention, a *Args, scores []T, b, h, limit int) {
	all := t.past + t.keys
	never := T(math.Inf(-1))
	ahead := t.past // how many keys are before the first query
	if len(a.In) > 6 && a.In[6] != nil {
		ahead = limit - t.queries
	}
	for i := range t.queries {
		row := scores[i*all : (i+1)*all]
		if t.mask != nil {
			at := b*t.mask[0] + h*t.mask[1] + i*t.mask[2]
			if t.boolMask {
				for j, seen := range a.In[3].Data[at : at+t.maskKeys] {
					if seen == 0 {
						row[j] = never
					}
				}
			} else {
				kernel.Binary(kernel.Add, row[:t.maskKeys], row[:t.maskKeys], slice[T](a.In[3])[at:at+t.maskKeys])
			}
			kernel.Fill(row[t.maskKeys:], never)
		}
		kernel.Fill(row[limit:], never)
		if t.causal {
			kernel.Fill(row[min(max(i+ahead+1, 0), all):], never)
		}
	}
}
