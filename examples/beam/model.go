package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
)

// models are those that this process has read. A runner makes a Classify for each of its
// goroutines, and a model serves all of them.
var models struct {
	sync.Mutex
	byPath map[string]*nn.Chain
}

// load returns the model with the weights at path, on any file system that Beam knows.
func load(ctx context.Context, path string) (*nn.Chain, error) {
	models.Lock()
	defer models.Unlock()
	if m, ok := models.byPath[path]; ok {
		return m, nil
	}
	fs, err := filesystem.New(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", path, err)
	}
	defer fs.Close()
	weights, err := filesystem.Read(ctx, fs, path)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", path, err)
	}
	m, err := mlp.Load(path, weights)
	if err != nil {
		return nil, err
	}
	if models.byPath == nil {
		models.byPath = make(map[string]*nn.Chain)
	}
	models.byPath[path] = m
	return m, nil
}
