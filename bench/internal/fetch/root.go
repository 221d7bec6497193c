package fetch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const module = "github.com/allocarrays/allocarrays-go/bench"

// Root returns the folder of this module, which the working directory is in, or which
// is the folder bench of the module around it.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("fetch: %w", err)
	}
	for {
		for _, candidate := range []string{dir, filepath.Join(dir, "bench")} {
			text, err := os.ReadFile(filepath.Join(candidate, "go.mod"))
			if err == nil && strings.HasPrefix(string(text), "module "+module+"\n") {
				return candidate, nil
			}
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("fetch: the working directory is not in " + module)
		}
		dir = filepath.Dir(dir)
	}
}

// Cache returns the folder for what is fetched and built, which git ignores.
func Cache(root string) string { return filepath.Join(root, ".cache") }
