// Package replay provides a buffer that reuses memory within a scope.
package replay
