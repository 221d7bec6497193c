// Package program has four numeric functions on gonum as one writes them, and the same with all
// their memory from a context: a Kalman filter, a singular value decomposition, least squares, and a spectrum.
package program
