// Package picture turns a picture of one handwritten digit, of any size and
// colour, into an image as a classifier of MNIST expects it.
//
// The picture may be dark on light or light on dark, on tinted paper, with wide
// margins, with specks of dust. It has to show one digit on a background of
// about one brightness: shadows, ruled lines and frames count as ink. The
// orientation tag that cameras write into JPEG files is not looked at.
package picture
