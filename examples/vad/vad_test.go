package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestCutter: one character a chunk of 32 ms; # is speech, . is silence, ~ is between.
func TestCutter(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name, chunks string
		want         []segment
	}{
		{"silence", "....................", nil},
		{"noise is shorter than 250 ms", "#######......", nil},
		{"a word", "....##########........", []segment{{98 * ms, 478 * ms}}},
		{"it begins at once", "##########........", []segment{{0, 350 * ms}}},
		{"a pause of less than 100 ms", "#####...#####......", []segment{{0, 446 * ms}}},
		{"two words", "##########......##########......", []segment{{0, 350 * ms}, {482 * ms, 862 * ms}}},
		{"between the thresholds speech goes on, but does not begin", "~~~~####~~~~~~~#.....~~", []segment{{98 * ms, 542 * ms}}},
		{"to the end", "....################", []segment{{98 * ms, 640 * ms}}},
		{"noise at the end", ".............#####", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cut := newCutter(0.5, 32*ms)
			var got []segment
			for _, chunk := range c.chunks {
				if s, ok := cut.next(map[rune]float32{'#': 0.9, '.': 0.1, '~': 0.4}[chunk]); ok {
					got = append(got, s)
				}
			}
			if s, ok := cut.end(time.Duration(len(c.chunks)) * 32 * ms); ok {
				got = append(got, s)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// riff returns a WAV file; length is what its header says of the samples' bytes.
func riff(rate, channels, bits int, length uint32, samples ...int16) []byte {
	b := []byte("RIFF\xff\xff\xff\xffWAVEJUNK\x03\x00\x00\x00abc\x00fmt \x10\x00\x00\x00\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, length)
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func samples(t *testing.T, file []byte) []float32 {
	t.Helper()
	w, err := openWave(bytes.NewReader(file))
	require.NoError(t, err)
	var all []float32
	for p := make([]float32, 3); ; {
		n, err := w.read(p)
		require.NoError(t, err)
		if n == 0 {
			return all
		}
		all = append(all, p[:n]...)
	}
}

func TestWave(t *testing.T) {
	values := []int16{0, 16384, -32768, 32767, -1, 1, 8192}
	want := []float32{0, 0.5, -1, 32767.0 / 32768, -1.0 / 32768, 1.0 / 32768, 0.25}
	require.Equal(t, want, samples(t, riff(16000, 1, 16, 14, values...)))
	require.Equal(t, want[:3], samples(t, riff(16000, 1, 16, 6, values...)), "what follows is no sample")
	for _, unknown := range []uint32{0, math.MaxUint32, 1 << 20} {
		require.Equal(t, want, samples(t, riff(8000, 1, 16, unknown, values...)), "to the end")
	}
	require.Equal(t, []float32{0.25, -1.0 / 65536, 0}, samples(t, riff(8000, 2, 16, 14, values...)), "mixed; a half frame is left")
}

func TestWaveErrors(t *testing.T) {
	whole := riff(16000, 1, 16, 4, 1, 2)
	for n := range len(whole) - 4 {
		_, err := openWave(bytes.NewReader(whole[:n]))
		require.Error(t, err, "%d bytes", n)
	}
	for _, bad := range [][]byte{riff(44100, 1, 16, 0), riff(16000, 0, 16, 0), riff(16000, 9, 16, 0), riff(16000, 1, 24, 0)} {
		_, err := openWave(bytes.NewReader(bad))
		require.ErrorContains(t, err, "want PCM of 16 bits")
	}
	_, err := openWave(strings.NewReader("RIFF....WAVEfmt \xff\xff\xff\xff"))
	require.ErrorContains(t, err, "a format of 4294967295 bytes")
	_, err = openWave(strings.NewReader("RIFF....WAVEdata\x00\x00\x00\x00"))
	require.ErrorContains(t, err, "before it says of what format")
	require.LessOrEqual(t, testing.AllocsPerRun(10, func() { openWave(strings.NewReader("RIFF....WAVEJUNK\xff\xff\xff\xff")) }), 10.0)
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]string{
		"":                            "want one recording, got 0",
		"a.wav b.wav":                 "want one recording, got 2",
		"-threshold 0.1 a.wav":        "-threshold 0.1",
		"-threshold NaN a.wav":        "-threshold NaN",
		"nothere.wav":                 "nothere.wav",
		"main.go":                     "not a WAV file",
		"-model main.go -":            "main.go",
		"-model nothere -":            "nothere: no such file or directory; README.md says how to get it",
		"-model /dev/null -":          "/dev/null is a device",
		"-nonsense":                   "-nonsense",
		"-model ../vad -threshold .5": "want one recording",
	} {
		err := run(t.Context(), strings.Fields(args), bytes.NewReader(riff(16000, 1, 16, 4, 1, 2)), io.Discard, io.Discard)
		require.ErrorContains(t, err, want, args)
	}
}

// TestInterrupted: a recording that never comes does not keep the program.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, w := io.Pipe()
	defer w.Close()
	done := make(chan error)
	go func() { done <- run(ctx, []string{"-"}, in, io.Discard, io.Discard) }()
	_, err := w.Write([]byte("RIFF"))
	require.NoError(t, err)
	cancel()
	require.ErrorContains(t, <-done, "interrupted")
}

var networks = []string{"silero_vad_v6.onnx", "silero_vad_v6_ifless.onnx"}

// TestSpeech: a minute of speech, read from a file and, as it grows, from standard input.
func TestSpeech(t *testing.T) {
	dir := filepath.Join(testenv.Data(t, "onnx"), "models")
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			name := filepath.Join(dir, "silero-test.wav")
			var file, stream bytes.Buffer
			require.NoError(t, run(t.Context(), []string{"-model", filepath.Join(dir, network), name}, nil, &file, io.Discard))
			require.True(t, strings.HasPrefix(file.String(), "0.00\t2.05\n2.66\t4.70\n4.96\t6.88\n9.31\t13.34\n"), file.String())
			require.Equal(t, 19, strings.Count(file.String(), "\n"))
			f, err := os.Open(name)
			require.NoError(t, err)
			defer f.Close()
			require.NoError(t, run(t.Context(), []string{"-model", filepath.Join(dir, network), "-"}, f, &stream, io.Discard))
			require.Equal(t, file.String(), stream.String())
		})
	}
}

// TestAllocations: a chunk takes nothing from the heap, and streams do not mix.
func TestAllocations(t *testing.T) {
	dir := filepath.Join(testenv.Data(t, "onnx"), "models")
	for _, network := range networks {
		model, err := onnx.LoadFile(filepath.Join(dir, network))
		require.NoError(t, err)
		for _, rate := range []int{8000, 16000} {
			d, err := newDetector(model, rate)
			require.NoError(t, err)
			ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				s, other := d.newStream(ctx), d.newStream(ctx)
				first, err := s.next(ctx)
				require.NoError(t, err)
				require.Zero(t, testing.AllocsPerRun(20, func() {
					if _, err := s.next(ctx); err != nil {
						panic(err)
					}
				}))
				again, err := other.next(ctx)
				require.NoError(t, err)
				require.Equal(t, first, again)
				return nil
			}))
		}
	}
}
