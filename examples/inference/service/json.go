package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/scope"
)

// readJSON takes a body for {"pixels":[…]} or {"images":[[…],…]}.
//
// Package encoding/json checks the syntax and finds the two lists; the numbers in them,
// which are nearly all of the text, go into the memory of the request.
func (s *Service) readJSON(ctx context.Context, _ *http.Request, body []byte) (batch, error) {
	pixels := scope.NewBuilder[byte](ctx, mlp.Pixels)
	one := &list{pixels: pixels, name: "pixels", most: 1}
	many := &list{pixels: pixels, name: "images", most: s.limits.Batch, nested: true}
	in := struct {
		Pixels *list `json:"pixels"`
		Images *list `json:"images"`
	}{one, many}
	if err := json.Unmarshal(body, &in); err != nil {
		return batch{}, jsonFailure(err)
	}
	switch {
	case one.seen && many.seen:
		return batch{}, bad("there are pixels and images; one of them is enough")
	case !one.seen && !many.seen:
		return batch{}, bad("there are neither pixels nor images")
	}
	return batch{pixels: pixels.View()}, nil
}

// jsonFailure returns what the client is told about an error of package json.
func jsonFailure(err error) error {
	var f *failure
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &syntax):
		return bad("the body is not JSON: %v, at byte %d", syntax, syntax.Offset)
	default: // of a type, which only the whole can have: the lists have their own
		return bad("the body is not a JSON object")
	}
}

// A list is images in JSON: 784 numbers or, nested, lists of 784 numbers.
type list struct {
	pixels *scope.Builder[byte]
	name   string
	nested bool
	most   int  // images
	seen   bool // there was such a list
}

// UnmarshalJSON appends the pixels in data, a valid JSON value.
func (l *list) UnmarshalJSON(data []byte) error {
	if l.seen {
		return bad("there are two lists of %s", l.name)
	}
	l.seen = true
	c := &cursor{data: data}
	if !l.nested {
		return l.image(c, l.name)
	}
	if !c.take('[') {
		return bad("%s is not a list", l.name)
	}
	for i := 0; !c.take(']'); i++ {
		if i == l.most {
			return fail(http.StatusRequestEntityTooLarge, "%s has more than %d images", l.name, l.most)
		}
		if err := l.image(c, fmt.Sprintf("%s[%d]", l.name, i)); err != nil {
			return err
		}
		c.take(',')
	}
	return nil
}

// image appends one image; name stands for it in errors.
func (l *list) image(c *cursor, name string) error {
	if !c.take('[') {
		return bad("%s is not a list", name)
	}
	var row [mlp.Pixels]byte
	n := 0
	for ; !c.take(']'); n++ {
		v, ok := c.pixel()
		if !ok {
			return bad("%s[%d] is not an integer from 0 to 255", name, n)
		}
		if n == len(row) {
			return bad("%s has more than %d pixels", name, len(row))
		}
		row[n] = v
		c.take(',')
	}
	if n < len(row) {
		return bad("%s has %d pixels, not %d", name, n, len(row))
	}
	l.pixels.Append(row[:]...)
	return nil
}

// A cursor reads a JSON value that is known to be valid.
type cursor struct {
	data []byte
	at   int
}

// take passes over white space and, if that is next, over b, and reports whether it was.
func (c *cursor) take(b byte) bool {
	for ; c.at < len(c.data); c.at++ {
		switch c.data[c.at] {
		case ' ', '\t', '\r', '\n':
			continue
		case b:
			c.at++
			return true
		}
		return false
	}
	return false
}

// pixel passes over an integer from 0 to 255. It reports whether there was one.
func (c *cursor) pixel() (byte, bool) {
	v, from := 0, c.at
	for ; c.at < len(c.data) && c.data[c.at] >= '0' && c.data[c.at] <= '9'; c.at++ {
		if v = 10*v + int(c.data[c.at]-'0'); v > 255 {
			return 0, false
		}
	}
	end := c.at < len(c.data) && (c.data[c.at] == ',' || c.data[c.at] == ']' || c.data[c.at] <= ' ')
	return byte(v), c.at > from && end
}
