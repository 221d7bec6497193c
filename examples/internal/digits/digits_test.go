package digits_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
)

// extent returns the first and one past the last column and row with ink, and
// the centre of mass in indices of pixels.
func extent(img []byte) (x0, x1, y0, y1 int, cx, cy float64) {
	x0, y0 = digits.Size, digits.Size
	mass := 0.0
	for i, v := range img {
		x, y := i%digits.Size, i/digits.Size
		mass += float64(v)
		cx += float64(v) * float64(x)
		cy += float64(v) * float64(y)
		if v > 0 {
			x0, x1, y0, y1 = min(x0, x), max(x1, x+1), min(y0, y), max(y1, y+1)
		}
	}
	return x0, x1, y0, y1, cx / mass, cy / mass
}

// TestConvention holds drawings against the conventions of MNIST: the ink fills
// the longer side of a 20x20 box, its centre of mass is at index 14, and there
// is full ink, paper and grey.
func TestConvention(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for digit := range 10 {
		t.Run(fmt.Sprint(digit), func(t *testing.T) {
			for range 100 {
				img := digits.Draw(digit, rng)
				x0, x1, y0, y1, cx, cy := extent(img[:])
				longer := max(x1-x0, y1-y0)
				require.True(t, longer == 20 || longer == 19, "ink is %dx%d", x1-x0, y1-y0)
				require.InDelta(t, 14, cx, 0.51)
				require.InDelta(t, 14, cy, 0.51)
				var levels [256]int
				for _, v := range img {
					levels[v]++
				}
				require.Greater(t, levels[0], 400, "paper")
				require.Positive(t, levels[255], "ink")
				require.Less(t, levels[0]+levels[255], digits.Size*digits.Size, "grey")
			}
		})
	}
}

// TestStyle compares a set with what was measured over 5000 images of MNIST:
// mean 33.2, standard deviation 78.4, 81 % paper.
func TestStyle(t *testing.T) {
	s := digits.Generate(1000, 7)
	var sum, squares, paper float64
	for _, v := range s.Images {
		sum += float64(v)
		squares += float64(v) * float64(v)
		if v == 0 {
			paper++
		}
	}
	n := float64(len(s.Images))
	mean := sum / n
	require.InDelta(t, 33.2, mean, 3)
	require.InDelta(t, 78.4, math.Sqrt(squares/n-mean*mean), 4)
	require.InDelta(t, 0.81, paper/n, 0.02)
}

// TestVariety makes sure that no two drawings of a digit are alike, and that a
// digit looks more like its own kind than like the others on the whole: the
// nearest of 400 other drawings is of the same digit nearly always.
func TestVariety(t *testing.T) {
	s := digits.Generate(500, 3)
	right := 0
	for i := range 100 {
		best, label := math.MaxInt, byte(0)
		for j := 100; j < s.Len(); j++ {
			if d := distance(s.Image(i), s.Image(j)); d < best {
				best, label = d, s.Labels[j]
			}
		}
		require.Positive(t, best)
		if label == s.Labels[i] {
			right++
		}
	}
	require.GreaterOrEqual(t, right, 90)
}

// distance is the squared distance of two images.
func distance(a, b []byte) int {
	sum := 0
	for i := range a {
		d := int(a[i]) - int(b[i])
		sum += d * d
	}
	return sum
}

func TestReproducible(t *testing.T) {
	a, b := digits.Generate(40, 5), digits.Generate(40, 5)
	require.Equal(t, a, b)
	require.NotEqual(t, a.Images, digits.Generate(40, 6).Images)
	one := digits.Draw(4, rand.New(rand.NewPCG(9, 9)))
	require.Equal(t, one, digits.Draw(4, rand.New(rand.NewPCG(9, 9))))
	require.NotEqual(t, one, digits.Draw(4, rand.New(rand.NewPCG(9, 10))))
}

func TestBalanced(t *testing.T) {
	for _, n := range []int{1, 10, 37, 200} {
		s := digits.Generate(n, 1)
		require.Equal(t, n, s.Len())
		require.Len(t, s.Images, n*digits.Size*digits.Size)
		var counts [10]int
		for _, label := range s.Labels {
			counts[label]++
		}
		for digit, count := range counts {
			want := n / 10
			if digit < n%10 {
				want++
			}
			require.Equal(t, want, count, "%d of %d", digit, n)
		}
	}
}

func TestEncodeDecode(t *testing.T) {
	s := digits.Generate(30, 1)
	var file, again bytes.Buffer
	require.NoError(t, digits.Encode(&file, s))
	require.NoError(t, digits.Encode(&again, s))
	require.Equal(t, file.Bytes(), again.Bytes())
	require.Less(t, file.Len(), 200*s.Len(), "bytes per drawing")
	got, err := digits.Decode(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	require.Equal(t, s, got)

	for n := 0; n < file.Len(); n += 37 {
		_, err := digits.Decode(bytes.NewReader(file.Bytes()[:n]))
		require.ErrorContains(t, err, "digits: ", "first %d bytes", n)
	}
}

func TestDecodeErrors(t *testing.T) {
	zip := func(plain string) string {
		var b strings.Builder
		w := gzip.NewWriter(&b)
		_, err := io.WriteString(w, plain)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return b.String()
	}
	images := "\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x1c\x00\x00\x00\x1c" + strings.Repeat("\x00", 784)
	tests := []struct{ name, file, want string }{
		{"plain", "hello, hello", "digits: not a set: gzip: invalid header"},
		{"empty", "", "digits: not a set: EOF"},
		{"text", zip("hello, hello, hello"), "digits: magic number 0x68656c6c, want 0x00000803: not a file of images"},
		{"other size", zip("\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02ab"), "digits: images are 1x2, want 28x28"},
		{"no labels", zip(images), "digits: ended after 0 of the 8 bytes of a header of labels: unexpected EOF"},
		{"too many labels", zip(images + "\x00\x00\x08\x01\x00\x00\x00\x02\x01\x02"), "digits: 2 labels for 1 images"},
		{"label", zip(images + "\x00\x00\x08\x01\x00\x00\x00\x01\x0a"), "digits: label 0 is 10, not a digit"},
		{"more", zip(images + "\x00\x00\x08\x01\x00\x00\x00\x01\x01more"), "digits: more data after the labels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := digits.Decode(strings.NewReader(tt.file))
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestMisuse(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	require.PanicsWithValue(t, "digits: Draw: 10 is not a digit", func() { digits.Draw(10, rng) })
	require.PanicsWithValue(t, "digits: Draw: -1 is not a digit", func() { digits.Draw(-1, rng) })
	require.PanicsWithValue(t, "digits: Generate: 0 drawings", func() { digits.Generate(0, 1) })
	require.PanicsWithValue(t, "digits: Image: index 1 of 1 drawings", func() { digits.Generate(1, 1).Image(1) })
	require.PanicsWithValue(t, "digits: ASCII: 3 pixels, want 784", func() { digits.ASCII(make([]byte, 3)) })
}

func TestASCII(t *testing.T) {
	img := make([]byte, digits.Size*digits.Size)
	for x := range digits.Size {
		img[x], img[digits.Size+x] = byte(x*255/27), byte(x*255/27) // a ramp
		img[2*digits.Size+x] = 255                                  // half a character
	}
	lines := strings.Split(digits.ASCII(img), "\n")
	require.Len(t, lines, 15, "14 lines, each ended")
	require.Empty(t, lines[14])
	require.Equal(t, "   ...:::--===+++**###%%%@@@", lines[0][:28])
	require.Equal(t, strings.Repeat("=", 28), lines[1])
	for _, line := range lines[2:14] {
		require.Equal(t, strings.Repeat(" ", 28), line)
	}
}

// BenchmarkDraw measures one drawing.
func BenchmarkDraw(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		digits.Draw(i%10, rng)
	}
}
