package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/bench/internal/chart"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// WriteDocs writes performance.md and its charts to a folder.
func WriteDocs(dir string, r record.Results) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	files := map[string][]byte{"performance.md": []byte(Markdown(r))}
	for _, c := range r.Cases {
		for _, ch := range c.Charts {
			image, err := chart.Draw(ch)
			if err != nil {
				return fmt.Errorf("report: %w", err)
			}
			files[filepath.Base(ch.File)] = image
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

// WriteResults writes results.json.
func WriteResults(path string, r record.Results) error {
	data, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(path, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// ReadResults reads what WriteResults wrote.
func ReadResults(path string) (r record.Results, err error) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("report: %w", err)
	}
	return r, nil
}
