package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// A wave reads the samples of a WAV file (RIFF, PCM of 16 bits), one by one: a file that still
// grows, or that says nothing about its length, is fine.
type wave struct {
	r        io.Reader
	rate     int // samples a second
	channels int
	left     uint32 // bytes of the samples that are to come
	samples  int    // samples
	buf      []byte
}

// endless is the length in the header of a recording that is not finished.
const endless = 1<<32 - 1

func openWave(r io.Reader) (*wave, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, errors.New("this is not a WAV file")
	}
	w := &wave{r: r}
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return nil, errors.New("the WAV file ends before its samples")
		}
		name, size := string(chunk[:4]), binary.LittleEndian.Uint32(chunk[4:])
		switch {
		case name == "data" && w.rate == 0:
			return nil, errors.New("the WAV file has samples before it says of what format")
		case name == "data":
			if w.left = size; size == 0 {
				w.left = endless
			}
			return w, nil
		case name == "fmt ":
			var f [16]byte
			if size < 16 || size > 1<<10 {
				return nil, fmt.Errorf("the WAV file has a format of %d bytes", size)
			}
			if _, err := io.ReadFull(r, f[:]); err != nil {
				return nil, errors.New("the WAV file ends before its samples")
			}
			kind, bits := binary.LittleEndian.Uint16(f[:]), binary.LittleEndian.Uint16(f[14:])
			w.channels, w.rate = int(binary.LittleEndian.Uint16(f[2:])), int(binary.LittleEndian.Uint32(f[4:]))
			if kind != 1 && kind != 0xfffe || bits != 16 || w.channels < 1 || w.channels > 8 || w.rate != 8000 && w.rate != 16000 {
				return nil, fmt.Errorf("%d Hz, %d channels, %d bits, format %d: want PCM of 16 bits at 8000 or 16000 Hz, as `ffmpeg -i IN -ac 1 -ar 16000 OUT.wav` makes", w.rate, w.channels, bits, kind)
			}
			size -= 16
		}
		if name != "data" {
			if _, err := io.CopyN(io.Discard, r, int64(size)+int64(size&1)); err != nil {
				return nil, errors.New("the WAV file ends before its samples")
			}
		}
	}
}

// read sets p to the next samples, between -1 and 1, and returns how many there were. There are
// fewer than len(p) at the end only.
func (w *wave) read(p []float32) (n int, err error) {
	frame := 2 * w.channels
	if len(w.buf) < frame*len(p) {
		w.buf = make([]byte, frame*len(p))
	}
	b := w.buf[:min(uint64(frame*len(p)), uint64(w.left))]
	got, err := io.ReadFull(w.r, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return 0, err
	}
	if w.left != endless {
		w.left -= uint32(got)
	}
	n = got / frame
	for i := range n {
		sum := 0
		for c := range w.channels {
			sum += int(int16(binary.LittleEndian.Uint16(b[i*frame+2*c:])))
		}
		p[i] = float32(sum) / float32(32768*w.channels)
	}
	w.samples += n
	return n, nil
}

// duration returns how long the samples last that were read.
func (w *wave) duration() time.Duration {
	return time.Duration(w.samples) * time.Second / time.Duration(w.rate)
}
