package service_test

import (
	"bytes"
	"net/http/httptest"
	"testing"

	"github.com/allocarrays/allocarrays-go/examples/inference/service"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

// BenchmarkPredict answers batches of 256 images without a network, in both memories.
func BenchmarkPredict(b *testing.B) {
	s := service.New(model(b), service.DefaultLimits())
	body := make([]byte, 256*mlp.Pixels)
	for i := range body {
		body[i] = byte(i * 7 >> 3)
	}
	for _, memory := range []string{"heap", "shared"} {
		b.Run("memory="+memory, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequest("POST", "/v1/predict?memory="+memory, bytes.NewReader(body))
					r.Header.Set("Content-Type", asRaw)
					w := httptest.NewRecorder()
					w.Body = nil // which would be a copy
					if s.ServeHTTP(w, r); w.Code != 200 {
						b.Errorf("status %d", w.Code)
						return
					}
				}
			})
		})
	}
}
