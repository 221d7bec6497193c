package recipes_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/allocarrays/allocarrays-go/scopehttp"
)

func echoServer(opts ...scopehttp.Option) http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = func(c *echo.Context, err error) { // for handlers that return the error
		if !scopehttp.Refuse(c.Response(), c.Request(), err) {
			echo.DefaultHTTPErrorHandler(false)(c, err)
		}
	}
	e.GET("/fill", func(c *echo.Context) error {
		return fillError(c.Request().Context(), c.Response(), c.Request())
	})
	return scopehttp.Middleware(opts...)(e) // around all of it
}

func TestEcho(t *testing.T) { serve(t, echoServer) }
