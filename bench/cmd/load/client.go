package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A client has one connection at a time and sends one request after the other. It allocates
// little, so that it leaves the processor to the server.
type client struct {
	addr  string
	rng   *rand.Rand
	next  uint64 // id of the next request
	tally *tally

	conn    net.Conn
	in      *bufio.Reader
	message []byte
	chunk   []byte
}

func newClient(addr string, number int, t *tally) *client {
	return &client{
		addr: addr, rng: rand.New(rand.NewPCG(uint64(number), 7)), next: uint64(number)<<40 + 1, tally: t,
		in: bufio.NewReader(nil), chunk: make([]byte, 64<<10),
	}
}

// tally counts what clients see.
type tally struct {
	answers, words                     atomic.Int64 // checked
	foreign                            atomic.Int64 // bytes of other requests
	ok, own, process, timedOut, bodies atomic.Int64 // answers by kind
	cancelled, panicked                atomic.Int64
	unproven                           atomic.Int64 // refusals whose numbers do not show why
	wrong                              atomic.Int64 // anything that nobody asked for
	first                              atomic.Pointer[string]
}

func (t *tally) complain(format string, args ...any) {
	t.wrong.Add(1)
	text := fmt.Sprintf(format, args...)
	t.first.CompareAndSwap(nil, &text)
}

// once sends one request of a kind that chance chooses.
func (c *client) once() {
	id := c.next
	c.next++
	switch p := c.rng.IntN(10_000); {
	case p < 5:
		c.fill(id, c.size(1e6, largest))
	case p < 8:
		c.fill(id, tooLarge)
	case p < 300:
		c.fill(id, c.size(4096, 1e6))
	case p < 450:
		c.cancel(id, c.size(4096, 1e6))
	case p < 550:
		c.panic(id)
	case p < 650:
		c.late(id, c.size(64, 1e5))
	case p < 655:
		c.upload(id, bodyLimit+c.size(1, 1e6))
	case p < 1000:
		c.upload(id, c.size(8, 50_000))
	default:
		c.fill(id, c.size(8, 4096))
	}
}

// size is drawn so that each order of magnitude is as likely as another; a multiple of 8.
func (c *client) size(least, most float64) int {
	return int(least*math.Exp(c.rng.Float64()*math.Log(most/least)))&^7 + 8
}

func (c *client) fill(id uint64, size int) {
	status, length, err := c.get("/fill", id, size)
	if err != nil {
		c.tally.complain("fill of %d bytes: %v", size, err)
		return
	}
	switch status {
	case 200:
		c.tally.ok.Add(1)
		if length != size {
			c.tally.complain("answer of %d bytes, want %d", length, size)
		}
		c.check(id, length)
	case 413, 503:
		if status == 413 {
			c.tally.own.Add(1)
		} else {
			c.tally.process.Add(1)
		}
		if status == 413 && size != tooLarge {
			c.tally.complain("status 413 for %d bytes", size)
		}
		c.refusal(length)
	default:
		c.tally.complain("status %d for a fill of %d bytes", status, size)
		c.drop()
	}
	c.tally.answers.Add(1)
}

// check reads the body and compares each word.
func (c *client) check(id uint64, length int) {
	want := word(id)
	for length > 0 {
		n, err := io.ReadFull(c.in, c.chunk[:min(length, len(c.chunk))])
		for p := c.chunk[:n]; len(p) >= 8; p = p[8:] {
			if binary.LittleEndian.Uint64(p) != want {
				c.tally.foreign.Add(8)
			}
		}
		c.tally.words.Add(int64(n / 8))
		length -= n
		if err != nil {
			c.tally.complain("answer ends %d bytes early: %v", length, err)
			c.drop()
			return
		}
	}
}

// refusal reads the numbers and checks that they show why.
func (c *client) refusal(length int) {
	body := make([]byte, length)
	if _, err := io.ReadFull(c.in, body); err != nil {
		c.tally.complain("refusal: %v", err)
		c.drop()
		return
	}
	var r refusal
	if err := json.Unmarshal(body, &r); err != nil || r.Requested == 0 || r.Available >= r.Requested {
		c.tally.unproven.Add(1)
		c.tally.complain("refusal without proof: %q", body)
	}
}

// cancel goes away in the middle of an answer; what has come is checked.
func (c *client) cancel(id uint64, size int) {
	defer c.drop()
	if err := c.send("GET", "/fill", id, size, nil); err != nil {
		c.tally.complain("cancel: %v", err)
		return
	}
	c.tally.cancelled.Add(1)
	if c.rng.IntN(2) == 0 {
		return
	}
	if status, length, err := c.head(); err == nil && status == 200 {
		c.check(id, min(length, c.rng.IntN(length))&^7)
	}
}

func (c *client) panic(id uint64) {
	_, _, err := c.get("/panic", id, 64)
	if !errors.Is(err, io.EOF) {
		c.tally.complain("panic: %v", err)
	}
	c.tally.panicked.Add(1)
	c.tally.answers.Add(1)
	c.drop()
}

func (c *client) late(id uint64, size int) {
	status, length, err := c.get("/late", id, size)
	if err != nil || status != 503 {
		c.tally.complain("late: status %d, %v", status, err)
		c.drop()
		return
	}
	body, err := c.in.Peek(length)
	if err != nil {
		c.tally.complain("late: %v", err)
		c.drop()
		return
	}
	if string(body) == timedOut {
		c.tally.timedOut.Add(1)
		_, _ = c.in.Discard(length)
	} else {
		c.tally.process.Add(1)
		c.refusal(length)
	}
	c.tally.answers.Add(1)
}

// upload sends a body and expects it back, or 413 if it is too long.
func (c *client) upload(id uint64, size int) {
	body := make([]byte, size)
	fillWith(body, word(id))
	sent := c.send("POST", "/upload", id, size, body)
	status, length, err := c.head()
	c.tally.answers.Add(1)
	switch {
	case size > bodyLimit && (err != nil || sent != nil):
		c.tally.bodies.Add(1) // the server has closed the connection while it was sent to
		c.drop()
	case err != nil:
		c.tally.complain("upload of %d bytes: %v", size, err)
		c.drop()
	case size > bodyLimit && status == 413:
		c.tally.bodies.Add(1)
		c.drop()
	case status == 200 && length == size && size <= bodyLimit:
		c.tally.ok.Add(1)
		c.check(id, length)
	case status == 503:
		c.tally.process.Add(1)
		c.refusal(length)
	default:
		c.tally.complain("status %d for an upload of %d bytes", status, size)
		c.drop()
	}
}

func (c *client) get(path string, id uint64, size int) (status, length int, err error) {
	if err := c.send("GET", path, id, size, nil); err != nil {
		c.drop()
		return 0, 0, err
	}
	status, length, err = c.head()
	if err != nil {
		c.drop()
	}
	return status, length, err
}

// send sends a request, on a new connection if there is none.
func (c *client) send(method, path string, id uint64, size int, body []byte) error {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.addr, time.Minute)
		if err != nil {
			return err
		}
		c.conn = conn
		c.in.Reset(conn)
	}
	_ = c.conn.SetDeadline(time.Now().Add(time.Minute))
	c.message = fmt.Appendf(c.message[:0], "%s %s?id=%d&size=%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
		method, path, id, size, len(body))
	if _, err := c.conn.Write(append(c.message, body...)); err != nil {
		return err
	}
	return nil
}

// head reads the head of an answer.
func (c *client) head() (status, length int, err error) {
	length = -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
			if status, err = strconv.Atoi(string(line[min(9, len(line)):min(12, len(line))])); err != nil {
				return 0, 0, fmt.Errorf("status line %q", line)
			}
		case len(line) == 0:
			if length < 0 {
				return 0, 0, errors.New("answer of unknown length")
			}
			return status, length, nil
		default:
			if value, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
				if length, err = strconv.Atoi(value); err != nil {
					return 0, 0, err
				}
			}
		}
	}
}

func (c *client) warm() {
	c.fill(c.next, 1024)
	c.next++
}

// drop closes the connection.
func (c *client) drop() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
