package interceptor

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

type info struct{ method string }
type handler func(ctx context.Context, req any) (any, error)

func badUnary(ctx context.Context, req any, _ *info, h handler) (resp any, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) (err error) {
		resp, err = h(ctx, req)
		return err
	})
	return resp, err
}

func badUnaryOpen(ctx context.Context, req any, _ *info, h handler) (any, error) {
	ctx, s := scope.Open(ctx)
	defer s.End()
	return h(ctx, req)
}

func badMade(log func(string)) func(context.Context, any, *info, handler) (any, error) {
	return func(ctx context.Context, req any, i *info, h handler) (any, error) {
		log(i.method)
		var resp any
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			r, err := h(ctx, req)
			resp = r
			return err
		})
		if err != nil {
			return nil, err
		}
		return resp, nil
	}
}

type message interface{ Size() int }

func badMessage(ctx context.Context, req message, h func(context.Context, message) (message, error)) (resp message, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		resp, err = h(ctx, req)
		return err
	})
	return
}

type endpoint func(ctx context.Context, request any) (response any, err error)

func badEndpoint(next endpoint) endpoint {
	return func(ctx context.Context, request any) (response any, err error) {
		err = scope.NoEscape(ctx, func(ctx context.Context) (err error) {
			response, err = next(ctx, request)
			return err
		})
		return response, err
	}
}

type service struct{ next endpoint }

func (s *service) badMethod(ctx context.Context, request any) (any, error) {
	var response any
	err := scope.NoEscape(ctx, func(ctx context.Context) (err error) {
		response, err = s.next(ctx, request)
		return err
	})
	return response, err
}

func goodPlain(ctx context.Context, req any, _ *info, h handler) (any, error) { return h(ctx, req) }

func goodEncoded(ctx context.Context, req any, h handler, encode func(any) []byte) (out []byte, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		resp, err := h(ctx, req)
		if err != nil {
			return err
		}
		out = append(out, encode(resp)...)
		return nil
	})
	return out, err
}

func goodOnlyError(ctx context.Context, req any, h handler) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		_, err := h(ctx, req)
		return err
	})
}

func goodOuterContext(ctx context.Context, req any, h handler) (resp any, err error) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 3)
		x[0] = 1
		return nil
	})
	return h(ctx, req)
}

func goodNumber(ctx context.Context, req any, h func(context.Context, any) (int, error)) (n int, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) (err error) {
		n, err = h(ctx, req)
		return err
	})
	return n, err
}
