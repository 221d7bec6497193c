// Package input reads the files that a user names on a command line. They may be
// anything: a directory, a device without an end, a pipe that nobody writes to.
package input
