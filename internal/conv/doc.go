// Package conv computes convolutions of images with the channels last, for a size of image that is known
// before: all tables are made once, and a run needs nothing but work memory of a size that is known, too.
//
// A [Conv] goes over the output in bands, of some lines, so that whoever calls it can go on with a band
// while that is in the cache:
//
//	for i := range c.Bands(batch) {
//		from, to := c.Run(i, batch, dst, x, work, false)
//		kernel.UnaryFloat(kernel.Sigmoid, dst[from:to], dst[from:to])
//	}
//
// The algorithms are those of package nn: a product whose rows are gathered as they are read, Winograd's
// F(2×2, 3×3), or a filter for each channel. Which of them depends on the filters alone, so that a pixel has
// the same bits in every batch.
package conv
