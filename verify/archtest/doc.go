// Package archtest holds tests of the project as a whole: which package may import
// which, and that the documentation says what the code says.
package archtest
