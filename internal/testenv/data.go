package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Data returns the folder shared/data/name of the nearest folder above the working directory that
// has one, or the one that the environment variable ALLOCARRAYS_NAME says. Without either the
// test is skipped: what other people made is not part of the project.
func Data(t testing.TB, name string) string {
	t.Helper()
	variable := "ALLOCARRAYS_" + strings.ToUpper(name)
	if dir := os.Getenv(variable); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", "data", name)
		if info, err := os.Stat(found); err == nil && info.IsDir() {
			return found
		}
	}
	t.Skipf("no folder shared/data/%s above this one, and %s is not set", name, variable)
	return ""
}
