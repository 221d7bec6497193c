// Package digits draws handwritten-looking digits in the style of MNIST.
//
// There is no data behind it: every digit is described by a few ways to write
// it, as strokes of a pen, and each drawing distorts one of them by chance, as
// a hand does: trembling points, a slant, a turn, a width, a bend, a thinner or
// thicker pen. The result follows the MNIST convention: 28x28 pixels of one
// byte, row by row, from 0 (paper) to 255 (ink), the ink scaled to touch a box
// of 20x20 pixels without changing its proportions, and that box placed so that
// the centre of mass of the ink is in the middle of the image.
//
// The drawings are a stand-in for MNIST where the files cannot be: good enough
// to show that a classifier works, not to measure how well.
package digits
