package recipes_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func fiberServer(shared *locked.Buffer) *fiber.App {
	app := fiber.New()
	app.Use(func(c fiber.Ctx) error {
		ctx, s := scope.Open(scope.WithAllocator(c.Context(), shared))
		defer s.End()
		c.SetContext(ctx)
		err := scope.Try(c.Next)
		if errors.Is(err, scope.ErrExhausted) {
			c.Set(fiber.HeaderRetryAfter, "1")
			return c.Status(fiber.StatusServiceUnavailable).SendString("busy")
		}
		return err
	})
	app.Get("/fill", func(c fiber.Ctx) error {
		answer, err := filled(c.Context(), c.Query("id"), c.Query("n"))
		if err != nil {
			return err
		}
		_, err = c.Write(answer) // copies; Send would keep the slice until after the scope
		return err
	})
	app.Get("/send", func(c fiber.Ctx) error {
		answer, err := filled(c.Context(), c.Query("id"), c.Query("n"))
		if err != nil {
			return err
		}
		return c.Send(answer) // a mistake
	})
	return app
}

// TestFiber: with copies no answer has a byte of another. That Send, which keeps the slice,
// shows some shows that the test can tell.
func TestFiber(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(8 << 20)))
	app := fiberServer(shared)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	over := make(chan error)
	go func() { over <- app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	url := "http://" + listener.Addr().String()
	client := new(http.Client)
	require.Zero(t, storm(t, client, url+"/fill"))
	require.Positive(t, storm(t, client, url+"/send"))

	resp, err := client.Get(url + "/fill?id=1&n=10000000")
	require.NoError(t, err)
	_ = resp.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.Equal(t, "1", resp.Header.Get("Retry-After"))
	require.Zero(t, shared.Stats().Open)
	client.CloseIdleConnections()
	require.NoError(t, app.Shutdown())
	require.NoError(t, <-over)
}

// storm sends requests from several clients and counts the bytes of answers that belong to
// others.
func storm(t *testing.T, client *http.Client, url string) (foreign int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Go(func() {
			for i := range 400 {
				id := c*1000 + i + 1
				n := 4096 << (i % 4)
				resp, err := client.Get(url + "?id=" + strconv.Itoa(id) + "&n=" + strconv.Itoa(n))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				mu.Lock()
				if err != nil || resp.StatusCode != http.StatusOK || len(body) != n {
					t.Errorf("%v: %d bytes: %v", resp.Status, len(body), err)
				}
				foreign += others(body, id)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return foreign
}
