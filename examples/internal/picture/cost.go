package picture

import (
	"encoding/binary"
	"fmt"
)

// maxCost is the most bytes that a decoder may allocate.
const maxCost = 320 << 20

// A cost is what a picture takes, as its header has it.
type cost struct {
	decoder int64 // bytes that the standard library's decoder allocates, at most
	file    int64 // bytes that a file with so many pixels has, at least
}

// checkCost refuses a picture of at most maxPixels whose decoder would allocate too
// much, or whose file cannot hold it. The header has been found valid.
func checkCost(data []byte, format string, width, height int) error {
	w, h := int64(width), int64(height)
	var c cost
	switch format {
	case "png":
		c = pngCost(data, w, h)
	case "jpeg":
		c = jpegCost(data, w, h)
	default: // gif: a byte for each pixel, twice if it is interlaced
		c = cost{decoder: 2 * w * h, file: w * h / lzwRatio}
	}
	if c.file > int64(len(data)) {
		return fmt.Errorf("a %s file of %d bytes cannot hold %dx%d pixels", format, len(data), width, height)
	}
	if c.decoder > maxCost {
		return fmt.Errorf("%s picture of %dx%d pixels takes %d MiB to decode, over the limit of %d", format, width, height, c.decoder>>20, maxCost>>20)
	}
	return nil
}

// How many bytes a byte of a compressed file stands for at most.
const (
	flateRatio = 1032 // 258 bytes in 2 bits (RFC 1951, 3.2.5)
	lzwRatio   = 2731 // 4096 bytes in 12 bits
)

// pngCost reads depth, colour type and interlacing from the IHDR chunk, which is always
// in the same place (ISO/IEC 15948, 11.2.2).
func pngCost(data []byte, w, h int64) cost {
	depth, kind, interlaced := int64(data[24]), data[25], data[28] != 0
	channels := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
	pixel := int64(4) // with the transparency that a later chunk may add
	switch {
	case kind == 3: // a palette
		pixel = 1
	case depth == 16:
		pixel = 8
	}
	row := depth*channels*w/8 + 2
	c := cost{decoder: pixel*w*h + 2*row, file: depth * channels * w * h / 8 / flateRatio}
	if interlaced { // seven passes, each a picture of its own; together they have all pixels
		c.decoder = 2*pixel*w*h + 6*row
	}
	return c
}

// jpegCost reads the sampling factors from the frame header (ITU-T T.81, B.2.2).
func jpegCost(data []byte, w, h int64) cost {
	frame, progressive := jpegFrame(data)
	n := int64(frame[5])
	first := frame[7]
	across, down := int64(first>>4), int64(first&15)
	if n == 1 {
		across, down = 1, 1
	}
	units := (w + 8*across - 1) / (8 * across) * ((h + 8*down - 1) / (8 * down)) // minimum coded units
	c := cost{file: units / 8}                                                   // each has a block, of a bit at least
	for i := range n {
		factors := frame[7+3*i]
		blocks := units * int64(factors>>4) * int64(factors&15)
		if n == 1 {
			blocks = units
		}
		c.decoder += 64 * blocks // a byte for each sample
		if progressive {
			c.decoder += 256 * blocks // and its coefficient of 32 bits, until the last scan
		}
	}
	if n > 1 {
		c.decoder += 4 * w * h // the conversion of other colour spaces than YCbCr
	}
	return c
}

// jpegFrame returns the first frame header of a file, in which image/jpeg has found one,
// without its marker and length; and whether it is that of a progressive picture.
func jpegFrame(data []byte) (frame []byte, progressive bool) {
	for i := 2; i+4 <= len(data); {
		marker := data[i+1]
		switch {
		case data[i] != 0xff, marker == 0xff: // fill bytes, and what image/jpeg passes over
			i++
		case marker == 0, marker >= 0xd0 && marker <= 0xd7: // no segments
			i += 2
		default:
			segment := data[i+4:]
			if marker >= 0xc0 && marker <= 0xc2 && len(segment) >= 6 && len(segment) >= 6+3*int(segment[5]) {
				return segment, marker == 0xc2
			}
			i += 2 + int(binary.BigEndian.Uint16(data[i+2:]))
		}
	}
	return []byte{0, 0, 0, 0, 0, 4, 0, 0x22, 0, 0, 0x22, 0, 0, 0x22, 0, 0, 0x22, 0}, true // cannot be: the worst
}
