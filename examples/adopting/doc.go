// Package adopting holds four ordinary functions, each before and after it learnt to
// ask the context for memory, and the parts of linear algebra that are gonum's, on arrays. docs/adopting.md explains the changes line by line; the
// tests here measure what they save. It is a module of its own, because one of the
// functions uses gonum.
package adopting
