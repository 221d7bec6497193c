// Package meter wraps allocators, to change or to watch what they do.
package meter
