package misuse_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const document = "../../docs/safety.md"

// row is the line of the document about a mistake of a family.
func (m mistake) row(family string) string {
	message := "—"
	if m.message != "" {
		message = "`" + strings.TrimSpace(strings.NewReplacer("STACK", " STACK ", "\n", " ").Replace(m.message)) + "`"
	}
	return fmt.Sprintf("| %s | %s | %s | `%s/%s` |", m.what, m.promise, message, family, m.name)
}

// TestDocument: the table in the document lists exactly the corpus, with the promises
// and the messages that the other tests check. The rows that it wants are in the
// failure, to be copied.
func TestDocument(t *testing.T) {
	var want []string
	for _, family := range families {
		for _, m := range family.mistakes {
			want = append(want, m.row(family.test))
		}
	}
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	var have []string
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "| ") && strings.Contains(line, "` |") && strings.Contains(line, "`Test") {
			have = append(have, line)
		}
	}
	require.Equal(t, want, have, "the table should be:\n%s", strings.Join(want, "\n"))
	require.GreaterOrEqual(t, len(want), 50)
}

// TestNames: every program has a name and a description of its own, and what is
// caught is told.
func TestNames(t *testing.T) {
	whats := map[string]bool{}
	for _, family := range families {
		names := map[string]bool{}
		for _, m := range family.mistakes {
			require.False(t, names[m.name] || whats[m.what], "%s/%s", family.test, m.name)
			names[m.name], whats[m.what] = true, true
			if m.promise == always || m.promise == inGuardMode {
				require.NotEmpty(t, m.message, "%s/%s", family.test, m.name)
			}
		}
	}
}
