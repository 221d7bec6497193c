// Package conv computes convolutions of images with the channels last, and pooling, on slices of float32: for the
// layers of package nn and the nodes of package onnx. Who calls it has the shapes, the memory and the errors.
//
// [Filters] are weights in the order in which they are read. A [Conv] is their use on images of one size: it says how
// large the result is. A [Stage] is one computation, of a batch, with what is behind the convolution: bias and
// rectification, an [Epilogue] on the elements that were just computed, and a [Pool].
//
//	f := conv.NewFilters(window, in, out, groups, weights, bias, nil)
//	c, ok := conv.New(f, height, width, before, after)
//	c.SetTable(make([]int32, c.Table()))
//	s := conv.Stage{Conv: c, Batch: batch, ReLU: true}
//	workers, room := s.Cut(helpers) // nil for one core
//	s.Rooms = pieces.NewRooms(make([]float32, workers*room), room)
//	s.X, s.Dst = x, y
//	s.Run()
//
// Nothing but NewFilters allocates, but for a task when more workers are used at once than ever before. Filters are
// immutable, so that goroutines may use them at the same time; a Stage serves one computation.
//
// # Bands
//
// A stage takes some lines of the output through all it has before it goes on to the next, so that what lies
// between stays in the cache. Such a band is about 64 KiB of the result, but so many rows of the product, if
// there are, that the filters are read often enough from the cache: several small images together. Pieces for
// helpers are runs of bands, or of images.
//
// # Algorithms
//
// A product whose rows are gathered as they are read (see package gemm), for a pointwise window without gathering; Winograd's
// F(2×2, 3×3) for windows of 3×3 between enough channels; or a filter of its own for each channel. Which of them depends on the
// filters alone. So a pixel has the same bits in every batch, in every band, with any number of workers and
// on every processor that has micro-kernels.
//
// Winograd takes 16 products for four pixels, where the definition takes 36, and is within 2e-6 of it,
// relative to the largest output. Where its filters are larger than a second-level cache, workers compute a band together, each
// some channels of it, so that a core reads only its part of the filters.
package conv
