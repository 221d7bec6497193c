// Package misuse is a corpus of programs that each make one mistake with memory. Its
// tests check that every mistake ends as docs/safety.md says: corrected by
// construction, caught always, or caught in guard mode with a message that names the
// places; and that the document lists all of them and no others. None may end in
// silence and wrong data.
package misuse
