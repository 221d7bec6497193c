package browsertest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDraw draws a 7, by mouse or finger, on every size and in both colours.
func TestDraw(t *testing.T) {
	p := serve(t)
	for _, l := range allLooks {
		t.Run(l.name, func(t *testing.T) {
			b := open(t, p, l)
			b.screenshot("empty")
			b.draw(seven)
			b.wait(`document.getElementById("digit").textContent === "7"`)
			b.wait(`/a 7, \d+ percent/.test(document.getElementById("spoken").textContent)`)
			b.screenshot("seven")
			require.Equal(t, "7", eval[string](b, `document.querySelector("#bars .best b").textContent`))
			require.Greater(t, eval[float64](b, `parseFloat(document.querySelector("#bars .best .share").textContent.replace("> ", ""))`), 60.0)
			require.True(t, eval[bool](b, `document.documentElement.scrollWidth <= innerWidth`), "scrolls to the side")
			b.quiet()
		})
	}
}

// TestCompare runs the comparison: on the heap the collector works, in scopes it has
// next to nothing to do.
func TestCompare(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	b := open(t, serve(t), desktop)
	b.draw(seven)
	b.wait(`document.getElementById("digit").textContent === "7"`)
	eval[any](b, `document.getElementById("run").click()`)
	b.wait(`document.getElementById("outcome").textContent.startsWith("In scopes:")`)
	b.screenshot("compared")
	cells := eval[[]string](b, `[...document.querySelectorAll("#row-heap td, #row-shared td")].map((c) => c.textContent)`)
	t.Log(cells, b.text("outcome"))
	require.Len(t, cells, 8)
	require.NotContains(t, cells, "–")
	b.quiet()
}
