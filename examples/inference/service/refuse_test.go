package service_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/inference/service"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

// zeros returns the JSON text of n zeros.
func zeros(n int) string { return "[" + strings.TrimSuffix(strings.Repeat("0,", n), ",") + "]" }

// with returns the JSON text of an image with one pixel that is not 0.
func with(pixel string) string { return strings.Replace(zeros(784), "0", pixel, 1) }

// TestRefusals: what is wrong with a request is said, with the right status, and the
// service goes on.
func TestRefusals(t *testing.T) {
	limits := service.DefaultLimits()
	s := serve(t, limits)
	notInteger := " is not an integer from 0 to 255"
	for name, c := range map[string]struct {
		query, kind, body string
		status            int
		want              string // the beginning of the error
	}{
		"no type":           {"", "", "x", 415, `Content-Type is "", not application/json, image/png or application/octet-stream`},
		"another type":      {"", "text/html", "x", 415, `Content-Type is "text/html", not `},
		"a broken type":     {"", "application/json; ;", "{}", 415, `Content-Type is "application/json; ;", not `},
		"memory":            {"?memory=stack", asRaw, "", 400, `memory is "stack", not shared or heap`},
		"no body":           {"", asRaw, "", 400, "there are no images"},
		"no JSON":           {"", asJSON, "", 400, "the body is not JSON: unexpected end of JSON input, at byte 0"},
		"malformed":         {"", asJSON, `{"pixels":[1,2`, 400, "the body is not JSON: unexpected end of JSON input, at byte 14"},
		"NaN":               {"", asJSON, `{"pixels":[NaN]}`, 400, "the body is not JSON: invalid character 'N' looking for beginning of value, at byte 12"},
		"infinite":          {"", asJSON, `{"pixels":[Infinity]}`, 400, "the body is not JSON: invalid character 'I'"},
		"hexadecimal":       {"", asJSON, `{"pixels":[0x10]}`, 400, "the body is not JSON: invalid character 'x'"},
		"two objects":       {"", asJSON, `{} {}`, 400, "the body is not JSON: invalid character '{' after top-level value"},
		"a list":            {"", asJSON, `[1,2]`, 400, "the body is not a JSON object"},
		"a number":          {"", asJSON, `7`, 400, "the body is not a JSON object"},
		"null":              {"", asJSON, `null`, 400, "there are neither pixels nor images"},
		"nothing in it":     {"", asJSON, `{}`, 400, "there are neither pixels nor images"},
		"pixels of null":    {"", asJSON, `{"pixels":null}`, 400, "there are neither pixels nor images"},
		"pixels of text":    {"", asJSON, `{"pixels":"AAAA"}`, 400, "pixels is not a list"},
		"pixels of object":  {"", asJSON, `{"pixels":{"a":1}}`, 400, "pixels is not a list"},
		"huge":              {"", asJSON, `{"pixels":` + with("1e999") + `}`, 400, "pixels[0]" + notInteger},
		"long":              {"", asJSON, `{"pixels":` + with(strings.Repeat("9", 1<<20)) + `}`, 400, "pixels[0]" + notInteger},
		"wraps around":      {"", asJSON, `{"pixels":` + with("18446744073709551616") + `}`, 400, "pixels[0]" + notInteger},
		"256":               {"", asJSON, `{"pixels":` + with("256") + `}`, 400, "pixels[0]" + notInteger},
		"negative":          {"", asJSON, `{"pixels":` + with("-1") + `}`, 400, "pixels[0]" + notInteger},
		"a fraction":        {"", asJSON, `{"pixels":` + with("0.5") + `}`, 400, "pixels[0]" + notInteger},
		"an exponent":       {"", asJSON, `{"pixels":` + with("1e2") + `}`, 400, "pixels[0]" + notInteger},
		"pixel of null":     {"", asJSON, `{"pixels":` + with("null") + `}`, 400, "pixels[0]" + notInteger},
		"pixel of text":     {"", asJSON, `{"pixels":` + with(`"1"`) + `}`, 400, "pixels[0]" + notInteger},
		"pixel of list":     {"", asJSON, `{"pixels":` + with(`[1]`) + `}`, 400, "pixels[0]" + notInteger},
		"too few":           {"", asJSON, `{"pixels":` + zeros(783) + `}`, 400, "pixels has 783 pixels, not 784"},
		"too many":          {"", asJSON, `{"pixels":` + zeros(785) + `}`, 400, "pixels has more than 784 pixels"},
		"none":              {"", asJSON, `{"pixels":[]}`, 400, "pixels has 0 pixels, not 784"},
		"pixels twice":      {"", asJSON, `{"pixels":` + zeros(784) + `,"pixels":` + zeros(784) + `}`, 400, "there are two lists of pixels"},
		"both":              {"", asJSON, `{"pixels":` + zeros(784) + `,"images":[]}`, 400, "there are pixels and images"},
		"no images":         {"", asJSON, `{"images":[]}`, 400, "there are no images"},
		"images of numbers": {"", asJSON, `{"images":[1,2]}`, 400, "images[0] is not a list"},
		"an image too few":  {"", asJSON, `{"images":[` + zeros(784) + `,` + zeros(3) + `]}`, 400, "images[1] has 3 pixels, not 784"},
		"deep":              {"", asJSON, strings.Repeat("[", 1<<20), 400, "the body is not JSON: "},
		"deep images":       {"", asJSON, `{"images":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, 400, "images[0][0]" + notInteger},
		"too many images":   {"", asJSON, `{"images":[` + strings.Repeat(zeros(784)+",", limits.Batch) + zeros(784) + `]}`, 413, "images has more than 1024 images"},
		"too many raw":      {"", asRaw, strings.Repeat("\x00", 784*(limits.Batch+1)), 413, "1025 images are over the limit of 1024"},
		"odd":               {"", asRaw, strings.Repeat("x", 785), 400, "a body of 785 bytes is no number of images of 784 pixels"},
		"width only":        {"?width=28", asRaw, strings.Repeat("x", 784), 400, `height is "", not a number from 1 to 4096`},
		"height only":       {"?height=28", asRaw, strings.Repeat("x", 784), 400, `width is "", not a number from 1 to 4096`},
		"no width":          {"?width=0&height=28", asRaw, "", 400, `width is "0", not a number from 1 to 4096`},
		"negative width":    {"?width=-28&height=-28", asRaw, strings.Repeat("x", 784), 400, `width is "-28", not a number from 1 to 4096`},
		"too wide":          {"?width=4097&height=1", asRaw, strings.Repeat("x", 4097), 400, `width is "4097", not a number from 1 to 4096`},
		"another size":      {"?width=28&height=27", asRaw, strings.Repeat("x", 784), 400, "a body of 784 bytes is no drawing of 28x27 pixels"},
		"blank":             {"?width=28&height=28", asRaw, strings.Repeat("x", 784), 422, "picture: blank: no ink stands out from the background"},
		"no PNG":            {"", asPNG, "GIF89a", 400, "the body is not a PNG picture"},
		"empty PNG":         {"", asPNG, "", 400, "the body is not a PNG picture"},
		"damaged PNG":       {"", asPNG, string(encoded(t, image.NewGray(image.Rect(0, 0, 99, 99)))[:50]), 400, "picture: "},
		"blank PNG":         {"", asPNG, string(encoded(t, image.NewGray(image.Rect(0, 0, 99, 99)))), 422, "picture: blank: "},
		"too large PNG":     {"", asPNG, string(encoded(t, image.NewGray(image.Rect(0, 0, 2049, 2048)))), 400, "picture: picture of 2049x2048 pixels is over the limit of 4 megapixels"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, got := s.post(c.query, c.kind, strings.NewReader(c.body))
			require.Equal(t, c.status, resp.StatusCode, got.Error)
			require.True(t, strings.HasPrefix(got.Error, c.want), got.Error)
			require.Less(t, len(got.Error), 200)
			require.Zero(t, s.service.Buffer().Stats().Used)
		})
	}
	resp, _ := s.post("", asRaw, bytes.NewReader(make([]byte, 784)))
	require.Equal(t, 200, resp.StatusCode)
}

func TestMethods(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.address+"/v1/predict", nil)
		require.NoError(t, err)
		resp, err := s.client.Do(req)
		require.NoError(t, err)
		require.Equal(t, 405, resp.StatusCode)
		require.Equal(t, "POST", resp.Header.Get("Allow"))
		require.Equal(t, method+" is not allowed here, POST is", s.decode(resp).Error)
	}
	for _, path := range []string{"/", "/v1/stats", "/metrics", "/healthz", "/style.css"} {
		resp, err := s.client.Post("http://"+s.address+path, "text/plain", strings.NewReader("x"))
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, 405, resp.StatusCode, path)
		require.Equal(t, "GET, HEAD", resp.Header.Get("Allow"))
	}
	for _, path := range []string{"/v1", "/v1/predict/", "/favicon.ico", "/page/index.html", "/..%2fservice.go", "/index.html"} {
		resp, _ := s.get(path)
		require.Equal(t, 404, resp.StatusCode, path)
	}
}

// TestTooLong: a body over the limit is refused, whether it says so or not.
func TestTooLong(t *testing.T) {
	limits := service.DefaultLimits()
	s := serve(t, limits)
	resp, got := s.post("", asRaw, bytes.NewReader(make([]byte, limits.Body+1)))
	require.Equal(t, 413, resp.StatusCode)
	require.Equal(t, fmt.Sprintf("a body of %d bytes is over the limit of %d", limits.Body+1, limits.Body), got.Error)

	resp, got = s.post("", asRaw, io.LimitReader(endless{}, int64(limits.Body)+1)) // chunked: of unknown length
	require.Equal(t, 413, resp.StatusCode)
	require.Equal(t, "the body is too long", got.Error)
	require.Zero(t, s.service.Buffer().Stats().Used)

	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.address+"/v1/predict", strings.NewReader("x"))
	require.NoError(t, err)
	req.Header.Set("Content-Type", asRaw)
	req.Header.Set("Content-Encoding", "gzip")
	resp, err = s.client.Do(req)
	require.NoError(t, err)
	require.Equal(t, 415, resp.StatusCode)
	require.Equal(t, `Content-Encoding is "gzip"; send the body as it is`, s.decode(resp).Error)

	req.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	req.Body = io.NopCloser(strings.NewReader("x"))
	if resp, err = s.client.Do(req); err == nil { // or the connection is closed before all is sent
		resp.Body.Close()
		require.Equal(t, 431, resp.StatusCode)
	}
}

// endless is a reader of zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestBombs: pictures that claim more than they are do not get the memory.
func TestBombs(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	one := encoded(t, image.NewGray(image.Rect(0, 0, 2048, 2048))) // all in a few kB
	require.Less(t, len(one), 16<<10)
	for name, body := range map[string][]byte{
		"as many as allowed": one,
		"a billion":          resized(one, 1<<15, 1<<15),
		"all there are":      resized(one, math.MaxInt32, math.MaxInt32),
		"a line":             resized(one, 1<<22, 1),
		"no width":           resized(one, 0, 1),
		"negative":           resized(one, 1<<31, 1<<31),
	} {
		t.Run(name, func(t *testing.T) {
			before := heapAllocated()
			resp, got := s.post("", asPNG, bytes.NewReader(body))
			require.Contains(t, []int{400, 422}, resp.StatusCode, got.Error)
			require.Less(t, heapAllocated()-before, uint64(24<<20))
		})
	}
}

// resized returns a PNG file with other sizes in its header, whose checksum is right.
func resized(file []byte, width, height uint32) []byte {
	out := bytes.Clone(file)
	put32(out[16:], width)
	put32(out[20:], height)
	put32(out[29:], checksum(out[12:29]))
	return out
}

// TestBusy: when the memory for requests is used up, the answer is 503 and when to come
// back; and afterwards the service is as good as new.
func TestBusy(t *testing.T) {
	limits := service.DefaultLimits()
	limits.Memory = 1 << 20
	s := serve(t, limits)
	large, small := make([]byte, 500*mlp.Pixels), make([]byte, 10*mlp.Pixels)
	for range 3 {
		resp, got := s.post("", asRaw, bytes.NewReader(large))
		require.Equal(t, 503, resp.StatusCode)
		require.Equal(t, "1", resp.Header.Get("Retry-After"))
		require.Contains(t, got.Error, "busy")
		resp, _ = s.post("", asRaw, bytes.NewReader(small))
		require.Equal(t, 200, resp.StatusCode)
		resp, _ = s.post("?memory=heap", asRaw, bytes.NewReader(large))
		require.Equal(t, 200, resp.StatusCode)
	}
	require.Zero(t, s.service.Buffer().Stats().Used)
	require.LessOrEqual(t, s.service.Buffer().Stats().HighWater, limits.Memory)
}

// TestTooLarge: a request that needs more than a request may have is told so, and may not
// come back.
func TestTooLarge(t *testing.T) {
	limits := service.DefaultLimits()
	limits.Request = 1 << 20
	s := serve(t, limits)
	resp, got := s.post("", asRaw, bytes.NewReader(make([]byte, 500*mlp.Pixels)))
	require.Equal(t, 413, resp.StatusCode)
	require.Empty(t, resp.Header.Get("Retry-After"))
	require.Equal(t, "the request takes more memory than a request may have", got.Error)
	resp, got = s.post("", asRaw, io.LimitReader(endless{}, 2<<20)) // while the body arrives
	require.Equal(t, 413, resp.StatusCode)
	require.Equal(t, "the request takes more memory than a request may have", got.Error)
	resp, _ = s.post("", asRaw, bytes.NewReader(make([]byte, 10*mlp.Pixels)))
	require.Equal(t, 200, resp.StatusCode)
}

// TestManyPictures: only so many pictures are decoded at a time; who waits too long is
// told so, and all others are answered.
func TestManyPictures(t *testing.T) {
	limits := service.DefaultLimits()
	limits.Queue = 1 // nanosecond
	s := serve(t, limits)
	img := image.NewGray(image.Rect(0, 0, 1500, 1500))
	for i := range 1500 {
		for j := range 100 {
			img.SetGray(700+j, max(20, min(1480, i)), color.Gray{255})
		}
	}
	body := encoded(t, img)
	seen := map[int]int{}
	for turn := 0; turn < 20 && (seen[200] == 0 || seen[503] == 0); turn++ {
		statuses := make(chan int, 16)
		for range cap(statuses) {
			go func() {
				resp, err := s.client.Post("http://"+s.address+"/v1/predict", asPNG, bytes.NewReader(body))
				if err != nil {
					statuses <- 0
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				statuses <- resp.StatusCode
			}()
		}
		for range cap(statuses) {
			seen[<-statuses]++
		}
	}
	require.Positive(t, seen[200])
	require.Positive(t, seen[503])
	require.Len(t, seen, 2, "%v", seen)
}

// TestUselessModel: a model whose weights overflow is told as an error, not as JSON that
// is none.
func TestUselessModel(t *testing.T) {
	m := model(t)
	for _, p := range m.Parameters() {
		p.Value.Fill(1e38)
	}
	s := service.New(m, service.DefaultLimits())
	w := record(t, s, "POST", "/v1/predict", asRaw, bytes.Repeat([]byte{255}, 784))
	require.Equal(t, 500, w.Code)
	require.JSONEq(t, `{"error":"the model gives no probabilities: its weights are too large"}`, w.Body.String())
}
