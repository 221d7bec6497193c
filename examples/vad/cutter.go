package main

import "time"

// A segment is a piece of speech.
type segment struct{ begin, end time.Duration }

// The rules by which chunks become pieces are those of Silero's get_speech_timestamps, with
// its defaults.
const (
	quietBelow = 0.15                   // speech goes on down to the threshold less this
	leastPause = 100 * time.Millisecond // a shorter one is part of the speech
	leastWords = 250 * time.Millisecond // a shorter piece is noise
	margin     = 30 * time.Millisecond  // before and after; two are less than a pause
)

// A cutter makes pieces of probabilities, chunk by chunk.
type cutter struct {
	threshold float32
	chunk     time.Duration
	now       time.Duration // where the next chunk begins
	speaking  bool
	begin     time.Duration // of the piece
	pausing   bool
	pause     time.Duration // where the speech may have ended
}

func newCutter(threshold float32, chunk time.Duration) *cutter {
	return &cutter{threshold: threshold, chunk: chunk}
}

// next takes the probability of a chunk, and returns a piece if that has ended.
func (c *cutter) next(p float32) (s segment, ok bool) {
	at := c.now
	c.now += c.chunk
	switch {
	case p >= c.threshold:
		c.pausing = false
		if !c.speaking {
			c.speaking, c.begin = true, at
		}
	case p < c.threshold-quietBelow && c.speaking:
		if !c.pausing {
			c.pausing, c.pause = true, at
		}
		if at-c.pause >= leastPause {
			c.speaking, c.pausing = false, false
			return c.piece(c.pause, c.pause+margin)
		}
	}
	return segment{}, false
}

// end returns the last piece, if the recording, so long, ends in it.
func (c *cutter) end(length time.Duration) (s segment, ok bool) {
	if !c.speaking {
		return segment{}, false
	}
	return c.piece(length, length)
}

func (c *cutter) piece(end, padded time.Duration) (segment, bool) {
	return segment{max(0, c.begin-margin), padded}, end-c.begin > leastWords
}
