package ops

// ScatterRuns makes the kernel of a ScatterND whose indices are known: elements that are side by side in the updates and in the
// output are moved together. It returns false if there is nothing better than the general kernel.
func ScatterRuns(c *Call) (bool, error) {
	if len(c.In) < 3 || c.In[0] == nil || c.In[1] == nil || c.In[2] == nil || !c.In[1].Known || c.String("reduction", "none") != "none" {
		return false, nil
	}
	if err := c.Do(scatterND); err != nil {
		return false, err
	}
	x, at := c.In[0], c.In[1]
	size, k := x.Type.Bits()/8, at.Shape[at.Rank()-1]
	if x.Strings != nil || size == 0 {
		return false, nil
	}
	s := &scatterPieces{extents: x.Shape[:k], inner: 1, pieces: 1}
	for _, d := range at.Shape[:at.Rank()-1] {
		s.pieces *= d
	}
	for _, d := range x.Shape[k:] {
		s.inner *= d
	}
	type run struct{ from, to, n int } // in bytes
	var runs []run
	if err := eachIndex(s, at.Tensor, func(i, to int) {
		i, to = i*size, to*size
		if last := len(runs) - 1; last >= 0 && runs[last].from+runs[last].n == i && runs[last].to+runs[last].n == to {
			runs[last].n += s.inner * size
			return
		}
		runs = append(runs, run{i, to, s.inner * size})
	}); err != nil {
		return false, nil // the general kernel says what is wrong
	}
	c.InPlace(0, 0)
	c.Kernel = func(a *Args) error {
		dst, src := a.Out[0].Data, a.In[2].Data
		if old := a.In[0].Data; len(dst) > 0 && &dst[0] != &old[0] {
			copy(dst, old)
		}
		for _, r := range runs {
			copy(dst[r.to:r.to+r.n], src[r.from:])
		}
		return nil
	}
	return true, nil
}
