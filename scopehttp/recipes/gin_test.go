package recipes_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/allocarrays/allocarrays-go/scopehttp"
)

func ginServer(opts ...scopehttp.Option) http.Handler {
	g := gin.New()
	g.Use(gin.CustomRecovery(func(c *gin.Context, v any) { // inside the scope: passes refusals on
		if err, ok := v.(error); !ok || !scopehttp.Refuse(c.Writer, c.Request, err) {
			c.AbortWithStatus(http.StatusInternalServerError)
		}
	}))
	g.GET("/fill", func(c *gin.Context) {
		fill(c.Writer, c.Request) // allocates with c.Request.Context(), not with c
	})
	return scopehttp.Middleware(opts...)(g) // around all of it
}

func init() {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultErrorWriter = io.Discard
}

func TestGin(t *testing.T) { serve(t, ginServer) }
