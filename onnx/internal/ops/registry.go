package ops

import (
	"fmt"
	"maps"
	"slices"
)

// MaxOpset is the newest opset of the default domain whose operators are known.
const MaxOpset = 28

// A version is an operator from an opset on.
type version struct {
	since int
	fn    func(*Call)
}

var registry = map[string][]version{} // by domain and name, oldest first

// register adds an operator of the default domain from the opsets since which it has the same form; the
// first of them counts, the others are for the tables.
func register(name string, fn func(*Call), since ...int) { registerIn("", name, fn, since...) }

func registerIn(domain, name string, fn func(*Call), since ...int) {
	key := domain + ":" + name
	for _, v := range since {
		registry[key] = append(registry[key], version{v, fn})
	}
	slices.SortStableFunc(registry[key], func(a, b version) int { return a.since - b.since })
}

// Lookup returns the function for an operator in an opset, or nil.
func Lookup(domain, name string, opset int) func(*Call) {
	var fn func(*Call)
	for _, v := range registry[domain+":"+name] {
		if v.since <= opset {
			fn = v.fn
		}
	}
	if domain == "" && opset > MaxOpset {
		return nil
	}
	return fn
}

// Names returns the operators of the default domain, with the opsets of their forms.
func Names() map[string][]int {
	all := map[string][]int{}
	for key, list := range maps.All(registry) {
		if key[0] != ':' {
			continue
		}
		for _, v := range list {
			all[key[1:]] = append(all[key[1:]], v.since)
		}
	}
	return all
}

// An UnsupportedError says what of an operator is not implemented.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return "not supported: " + e.What }

func unsupported(format string, args ...any) error {
	return &UnsupportedError{fmt.Sprintf(format, args...)}
}

// Random reports whether an operator gives something else each time.
func Random(name string) bool {
	switch name {
	case "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli":
		return true
	}
	return false
}
