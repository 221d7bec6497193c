package safetensors

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// parser walks the tokens of a header. encoding/json does the syntax; decoding
// into structs would not do, because that takes the last of several equal keys,
// matches keys case-insensitively and reads null as zero.
type parser struct {
	dec    *json.Decoder
	file   string
	tensor string // the tensor being read, for errors
}

func (p *parser) fail(format string, args ...any) error {
	return &Error{File: p.file, Tensor: p.tensor, Reason: fmt.Sprintf(format, args...)}
}

// next returns the next token. It cannot fail once the syntax is checked.
func (p *parser) next() (json.Token, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, &Error{File: p.file, Tensor: p.tensor, Reason: "header is not JSON", Err: err}
	}
	return token, nil
}

// open reads the '{' or '[' that a value has to begin with.
func (p *parser) open(delim json.Delim, what, kind string) error {
	token, err := p.next()
	if err == nil && token != delim {
		err = p.fail("%s is not an %s", what, kind)
	}
	return err
}

// object reads {…}, calling value when the decoder stands before the value of
// a key. Equal keys are an error: which one counts would be anyone's guess.
func (p *parser) object(what string, value func(key string) error) error {
	if err := p.open('{', what, "object"); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for p.dec.More() {
		token, err := p.next()
		if err != nil {
			return err
		}
		key := token.(string) // the syntax has been checked: keys are strings
		if seen[key] {
			return p.fail("%s has the key %q twice", what, key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	_, err := p.next() // the closing brace
	return err
}

// dtype reads a string that names a known type.
func (p *parser) dtype() (DType, error) {
	token, err := p.next()
	if err != nil {
		return "", err
	}
	name, ok := token.(string)
	if !ok {
		return "", p.fail("dtype is not a string")
	}
	if DType(name).Size() == 0 {
		return "", p.fail("unknown dtype %q", name)
	}
	return DType(name), nil
}

// integers reads an array of numbers from 0 to the largest int. The result is
// never nil.
func (p *parser) integers(what string) ([]int, error) {
	if err := p.open('[', what, "array"); err != nil {
		return nil, err
	}
	list := []int{}
	for p.dec.More() {
		token, err := p.next()
		if err != nil {
			return nil, err
		}
		number, ok := token.(json.Number)
		if !ok {
			return nil, p.fail("%s has a value that is not a number", what)
		}
		// The literal as written: 1.0, 1e3 and -1 are refused, not rounded.
		n, err := strconv.ParseUint(number.String(), 10, strconv.IntSize-1)
		if err != nil {
			return nil, p.fail("%s has the value %s, which is not an integer from 0 to %d", what, number, maxInt)
		}
		list = append(list, int(n))
	}
	_, err := p.next() // the closing bracket
	return list, err
}
