package kernel

// Sets lists the instruction sets of this machine, best first; generic stands for loops.
func Sets() (names []string) {
	for k := avx512; k >= generic; k-- {
		if k.supported() {
			names = append(names, k.String())
		}
	}
	return names
}

// Use chooses the named instruction set, whether it is supported or not, until restore is called.
func Use(name string) (restore func()) {
	before := active
	for k := range avx512 + 1 {
		if k.String() == name {
			active = k
			return func() { active = before }
		}
	}
	panic("no instruction set " + name)
}

// Works runs the self-test of the set in use.
func Works() bool { return active.works() }

// Choose is the choice made at start-up, for any value of the variable.
func Choose(name string) string { return choose(name).String() }
