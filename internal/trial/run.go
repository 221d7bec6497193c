package trial

import "github.com/allocarrays/allocarrays-go/bumper"

// RunProgram runs the program in code over a fresh buffer, of any size, and returns the rule it
// breaks, with the shortest program found that does. exact is as in [Subject].
func RunProgram(new func() bumper.Buffer, exact bool, code []byte) error {
	s := Plain(AsBuffer, 0, new)
	s.Exact = exact
	if v := s.Judge(Decode(code)); v != nil {
		return v
	}
	return nil
}
