package replay

import "context"

// nameKey finds the name in a context.
type nameKey struct{}

// WithName returns a context whose scopes are recorded under a name, as well as under the
// function of scope.NoEscape: a route, a model, a shape, whatever tells scopes apart that
// one function runs and that allocate differently.
func WithName(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}
