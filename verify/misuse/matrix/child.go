package matrix

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/verify/misuse/corpus"
)

// childEnv says, in the environment, that the process is to run what its input says.
const childEnv = "ALLOCARRAYS_MISUSE_CHILD"

// IsChild reports whether the process is to call Child and to end then.
func IsChild() bool { return os.Getenv(childEnv) != "" }

// An order is a program to be run by a child.
type order struct {
	Family  string
	Program string
	Kind    corpus.Kind
	Guard   guard.Mode
}

// A reply is what a child says about an order.
type reply struct {
	Verdict corpus.Verdict
	Message string
}

// mark is written before a program to where the runtime and the race detector write.
const mark = "\n=== misuse\n"

// Child runs the programs that standard input asks for, and writes a reply for each to
// standard output. It may end in the middle: that is what some mistakes lead to.
func Child() error {
	guard.SetRate(1) // what happens in a scope that sample has chosen
	var orders []order
	if err := json.NewDecoder(os.Stdin).Decode(&orders); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for _, o := range orders {
		p, ok := find(o.Family, o.Program)
		if !ok {
			return fmt.Errorf("misuse: no program %s/%s", o.Family, o.Program)
		}
		fmt.Fprint(os.Stderr, mark)
		guard.Set(o.Guard)
		verdict, message := p.Run(o.Kind)
		guard.Set(guard.Off)
		if err := out.Encode(reply{verdict, message}); err != nil {
			return err
		}
	}
	return nil
}

func find(family, program string) (corpus.Program, bool) {
	for _, f := range corpus.Families {
		for _, p := range f.Programs {
			if f.Name == family && p.Name == program {
				return p, true
			}
		}
	}
	return corpus.Program{}, false
}
