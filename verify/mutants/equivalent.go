package main

// equivalent are the mutants that no test can find, with the reason why.
var equivalent = []struct {
	reason string
	names  []string
}{}

// reasons has why a mutant changes nothing, by its name.
var reasons = func() map[string]string {
	m := map[string]string{}
	for _, e := range equivalent {
		for _, name := range e.names {
			m[name] = e.reason
		}
	}
	return m
}()
