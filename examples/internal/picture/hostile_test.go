package picture_test

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/picture"
)

// allocated returns how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// pngOf returns a PNG file of any header, with pixels that are zlib of data.
func pngOf(width, height uint32, depth, kind, interlace byte, data []byte) []byte {
	header := binary.BigEndian.AppendUint32(nil, width)
	header = binary.BigEndian.AppendUint32(header, height)
	header = append(header, depth, kind, 0, 0, interlace)
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(data)
	w.Close()
	file := []byte("\x89PNG\r\n\x1a\n")
	for _, chunk := range []struct {
		name string
		data []byte
	}{{"IHDR", header}, {"IDAT", packed.Bytes()}, {"IEND", nil}} {
		file = binary.BigEndian.AppendUint32(file, uint32(len(chunk.data)))
		body := append([]byte(chunk.name), chunk.data...)
		file = binary.BigEndian.AppendUint32(append(file, body...), crc32.ChecksumIEEE(body))
	}
	return file
}

// jpegOf returns a JPEG file with a frame header, SOF0 or SOF2, of three components with
// the sampling factors given, one Huffman table of a single code, and one scan of the
// coefficients from on in the first component, whose data are zero bits.
func jpegOf(marker byte, width, height uint16, factors [3]byte, from byte, bits int) []byte {
	segment := func(marker byte, data ...byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
	}
	table := func(class, symbol byte) []byte { // one code, 0, of one bit
		return segment(0xc4, append([]byte{class, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, symbol)...)
	}
	frame := binary.BigEndian.AppendUint16([]byte{8}, height)
	frame = binary.BigEndian.AppendUint16(frame, width)
	frame = append(frame, 3, 1, factors[0], 0, 2, factors[1], 0, 3, factors[2], 0)
	to, last := byte(63), byte(0xe0) // one code ends 2^14 blocks and what its 14 bits add
	if from == 0 {
		to, last = 0, 0
	}
	file := []byte{0xff, 0xd8}
	file = append(file, segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)...)
	file = append(file, segment(marker, frame...)...)
	file = append(file, table(0x00, 0)...)
	file = append(file, table(0x10, last)...)
	file = append(file, segment(0xda, 1, 1, 0, from, to, 0)...)
	file = append(file, make([]byte, bits/8)...)
	return append(file, 0xff, 0xd9)
}

// gifOf returns a GIF file that announces a picture and has the frame given.
func gifOf(width, height uint16, data []byte) []byte {
	file := []byte("GIF89a")
	size := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, width), height)
	file = append(append(file, size...), 0x80, 0, 0, 0, 0, 0, 255, 255, 255)
	file = append(append(append(file, 0x2c, 0, 0, 0, 0), size...), 0, 2)
	var packed bytes.Buffer
	w := lzw.NewWriter(&packed, lzw.LSB, 2)
	w.Write(data)
	w.Close()
	for p := packed.Bytes(); len(p) > 0; p = p[min(255, len(p)):] {
		file = append(append(file, byte(min(255, len(p)))), p[:min(255, len(p))]...)
	}
	return append(file, 0, 0x3b)
}

// TestHostile: files of a few bytes that announce many pixels cost a few bytes.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string // of the error
	}{
		{"png of 16 bit", pngOf(8192, 8192, 16, 6, 0, nil), "a png file of %d bytes cannot hold 8192x8192 pixels"},
		{"png of one row", pngOf(1<<26, 1, 16, 6, 0, nil), "a png file of %d bytes cannot hold 67108864x1 pixels"},
		{"png of one column", pngOf(1, 1<<26, 16, 6, 0, nil), "a png file of %d bytes cannot hold 1x67108864 pixels"},
		{"png of one bit", pngOf(8192, 8192, 1, 0, 0, nil), "a png file of %d bytes cannot hold 8192x8192 pixels"},
		{"png in seven passes", pngOf(4096, 4096, 16, 6, 1, nil), "a png file of %d bytes cannot hold 4096x4096 pixels"},
		{"progressive jpeg", jpegOf(0xc2, 8192, 8192, [3]byte{0x11, 0x11, 0x11}, 1, 64), "a jpeg file of %d bytes cannot hold 8192x8192 pixels"},
		{"progressive jpeg of one row", jpegOf(0xc2, 65535, 1, [3]byte{0x42, 0x42, 0x42}, 1, 64), "a jpeg file of %d bytes cannot hold 65535x1 pixels"},
		{"baseline jpeg", jpegOf(0xc0, 8192, 8192, [3]byte{0x42, 0x11, 0x11}, 0, 64), "a jpeg file of %d bytes cannot hold 8192x8192 pixels"},
		{"gif", gifOf(8192, 8192, []byte{0}), "a gif file of %d bytes cannot hold 8192x8192 pixels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t, c.data)
			var err error
			bytes := allocated(func() { _, err = picture.Load(t.Context(), path) })
			require.EqualError(t, err, fmt.Sprintf("picture: %s: "+c.want, path, len(c.data)))
			require.Less(t, bytes, uint64(256<<10))
		})
	}
}

// TestCostly: a file that is long enough for its pixels, and whose decoder would take
// more than 320 MiB, is refused; one that needs less costs no more than it is said to.
func TestCostly(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes pictures of many megapixels")
	}
	const most = 512 << 20
	long := make([]byte, 1<<20) // behind the picture
	for _, c := range []struct {
		name string
		data []byte
		want string // of the error, "" for blank
	}{
		{"png of 64 bits a pixel", append(pngOf(8192, 8192, 16, 6, 0, nil), long...), "png picture of 8192x8192 pixels takes 512 MiB to decode, over the limit of 320"},
		{"png of one row", append(pngOf(1<<26, 1, 8, 6, 0, nil), long...), "png picture of 67108864x1 pixels takes 768 MiB to decode, over the limit of 320"},
		{"png in seven passes", append(pngOf(8192, 8192, 8, 2, 1, nil), long...), "png picture of 8192x8192 pixels takes 512 MiB to decode, over the limit of 320"},
		{"progressive jpeg", jpegOf(0xc2, 8192, 8192, [3]byte{0x11, 0x11, 0x11}, 1, 2<<20), "jpeg picture of 8192x8192 pixels takes 1216 MiB to decode, over the limit of 320"},
		{"the largest png in seven passes", pngOf(4096, 4096, 16, 6, 1, make([]byte, 8*4096*4096+7680)), ""},
		{"the largest png", pngOf(8192, 8192, 8, 0, 0, make([]byte, 8192*8193)), ""},
		{"the largest progressive jpeg", jpegOf(0xc2, 4096, 4096, [3]byte{0x11, 0x11, 0x11}, 0, 1<<20), ""},
		{"the largest gif", gifOf(8192, 8192, make([]byte, 1<<26)), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t, c.data)
			var err error
			bytes := allocated(func() { _, err = picture.Load(t.Context(), path) })
			want := c.want
			if want == "" {
				want = "blank: no ink stands out from the background"
			} else {
				require.Less(t, bytes, uint64(1<<20+2*len(c.data)))
			}
			require.EqualError(t, err, fmt.Sprintf("picture: %s: %s", path, want))
			require.Less(t, bytes, uint64(most))
			t.Logf("%d bytes of file: %d MiB", len(c.data), bytes>>20)
		})
	}
}

// TestPlausible: the emptiest pictures that the encoders of the standard library make
// are not taken for hostile ones.
func TestPlausible(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {3, 1000}, {1000, 3}, {1000, 1000}, {8, 8}} {
		img := image.NewGray(image.Rectangle{Max: size})
		rgba := image.NewRGBA64(img.Rect)
		for name, encode := range map[string]func(*bytes.Buffer) error{
			"png": func(b *bytes.Buffer) error {
				return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(b, img)
			},
			"png64": func(b *bytes.Buffer) error {
				return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(b, rgba)
			},
			"jpeg grey": func(b *bytes.Buffer) error { return jpeg.Encode(b, img, &jpeg.Options{Quality: 1}) },
			"jpeg":      func(b *bytes.Buffer) error { return jpeg.Encode(b, rgba, &jpeg.Options{Quality: 1}) },
			"gif":       func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) },
		} {
			var b bytes.Buffer
			require.NoError(t, encode(&b))
			_, err := picture.Load(t.Context(), file(t, b.Bytes()))
			require.ErrorContains(t, err, "blank: ", "%s of %v", name, size)
		}
	}
}

// FuzzLoad promises that no file makes Load panic or allocate more than it says.
func FuzzLoad(f *testing.F) {
	for _, seed := range [][]byte{
		pngOf(20, 20, 8, 0, 0, make([]byte, 20*21)), pngOf(20, 20, 16, 6, 1, nil), gifOf(20, 20, make([]byte, 400)),
		jpegOf(0xc2, 20, 20, [3]byte{0x22, 0x11, 0x11}, 0, 64), jpegOf(0xc0, 20, 20, [3]byte{0x11, 0x11, 0x11}, 0, 64),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := file(t, data)
		bytes := allocated(func() { _, _ = picture.Load(t.Context(), path) })
		require.Less(t, bytes, uint64(64<<10+len(data)*64<<10))
	})
}
