package browsertest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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
			scrolled := eval[float64](b, "scrollY")
			b.wait(`document.getElementById("digit").textContent === "7"`)
			b.wait(`/a 7, \d+ percent/.test(document.getElementById("spoken").textContent)`)
			b.screenshot("seven")
			require.Equal(t, "7", eval[string](b, `document.querySelector("#bars .best b").textContent`))
			require.Greater(t, b.share(7), 60.0)
			require.True(t, eval[bool](b, `document.getElementById("seen").getContext("2d").getImageData(0, 0, 28, 28).data.some((v, i) => i % 4 === 0 && v === 255)`))
			eval[any](b, `document.querySelectorAll("td").forEach((c, i) => { c.textContent = ["88,888", "88.8 kB", "8,888", "88.8 ms"][i % 4]; })`)
			require.True(t, eval[bool](b, `document.documentElement.scrollWidth <= innerWidth`), "scrolls to the side")
			require.Empty(t, eval[[]string](b, `[...document.querySelectorAll(".card, .verdict, table")].filter((e) => e.scrollWidth > e.clientWidth || e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML)`), "too wide for what it is in")
			b.screenshot("full")

			b.draw([]point{{0.5, 0.2}, {0.5, 0.5}, {0.5, 0.85}}) // over the pad, not the page
			require.InDelta(t, scrolled, eval[float64](b, "scrollY"), 0.5, "a stroke does not scroll")
			b.press(kb.Escape) // while an answer is on its way
			b.cleared()
			b.quiet()
		})
	}
}

// share returns the percentage that the page shows for a digit.
func (b *tab) share(digit int) float64 {
	b.t.Helper()
	return eval[float64](b, fmt.Sprintf(`parseFloat(document.querySelectorAll("#bars .share")[%d].textContent.replace(/^>\s/, ""))`, digit))
}

// press presses a key.
func (b *tab) press(key string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.KeyEvent(key)))
}

// cleared requires an empty pad, without an answer that comes late.
func (b *tab) cleared() {
	b.t.Helper()
	time.Sleep(100 * time.Millisecond)
	require.Equal(b.t, "–", b.text("digit"))
	require.Equal(b.t, "Your turn", b.text("sure"))
	require.Empty(b.t, eval[string](b, `[...document.querySelectorAll("#bars .share")].map((s) => s.textContent).join("")`))
	require.True(b.t, eval[bool](b, `(() => { const p = document.getElementById("pad");
		return p.getContext("2d").getImageData(0, 0, p.width, p.height).data.every((v) => v === 0); })()`))
}

// TestBarsWhileDrawing: there are answers before the stroke is finished.
func TestBarsWhileDrawing(t *testing.T) {
	b := open(t, serve(t), desktop)
	before := b.text("digit")
	b.begin(seven[:4])
	b.wait(`document.getElementById("digit").textContent !== "–"`)
	sum := eval[float64](b, `[...document.querySelectorAll("#bars .share")].reduce((sum, s) => sum + parseFloat(s.textContent.replace(/^>\s/, "")), 0)`)
	require.Equal(t, "–", before)
	require.InDelta(t, 100, sum, 1, "the shares, each rounded")
	b.quiet()
}

// TestKeyboard: everything can be done without a pointer.
func TestKeyboard(t *testing.T) {
	b := open(t, serve(t), desktop)
	focused := func() string { return eval[string](b, "document.activeElement.id || document.activeElement.className") }
	var order []string
	for len(order) < 5 {
		b.press(kb.Tab)
		order = append(order, focused())
	}
	require.Equal(t, []string{"skip", "pad", "clear", "show", "run"}, order)

	eval[any](b, `document.getElementById("pad").focus()`)
	for digit := range 10 {
		b.press(strconv.Itoa(digit))
		b.wait(fmt.Sprintf(`document.getElementById("digit").textContent === "%d"`, digit))
		require.Greater(t, b.share(digit), 50.0)
	}
	b.press(kb.Delete)
	b.cleared()
	b.press("8")
	b.wait(`document.getElementById("digit").textContent === "8"`)
	b.press(kb.Tab)
	require.Equal(t, "clear", focused())
	b.press(kb.Enter)
	b.cleared()
	b.press("8") // not on the pad: no shortcut
	b.cleared()
	b.press(kb.Tab)
	require.Equal(t, "show", focused())
	b.press(" ")
	b.wait(`/^\d$/.test(document.getElementById("digit").textContent)`)
	b.quiet()
}

// TestFirstDrawing: the page begins by drawing a digit, which makes room for the
// visitor's.
func TestFirstDrawing(t *testing.T) {
	l := phone
	l.moving = true
	b := open(t, serve(t), l)
	b.wait(`document.getElementById("digit").textContent === "7"`)
	b.draw([]point{{0.5, 0.2}, {0.5, 0.4}, {0.5, 0.6}, {0.5, 0.85}})
	b.wait(`document.getElementById("digit").textContent === "1"`)
	b.quiet()
}

// TestAccessible: text stands out from what is behind it (WCAG 2.2, 1.4.3), what can be
// used has a name and is large enough for a finger (2.5.8).
func TestAccessible(t *testing.T) {
	p := serve(t)
	for _, l := range commonLooks {
		t.Run(l.name, func(t *testing.T) {
			b := open(t, p, l)
			b.draw(seven)
			b.wait(`document.getElementById("digit").textContent === "7"`)
			require.Greater(t, eval[int](b, contrast+`.texts`), 40, "a check of nothing")
			require.Empty(t, eval[[]string](b, contrast+`.faint`))
			require.Empty(t, eval[[]string](b, `[...document.querySelectorAll("button, nav a")].filter((e) => e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)`))

			tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
			require.NoError(t, err)
			named := 0
			for _, n := range tree.Nodes {
				if n.Ignored || n.Role == nil {
					continue
				}
				switch role := strings.Trim(string(n.Role.Value), `"`); role {
				case "button", "link", "image", "img", "application", "figure", "region", "table", "list", "Canvas":
					if role == "figure" || role == "list" { // named by what is in them
						continue
					}
					require.NotNil(t, n.Name, "%s without a name", role)
					require.NotEqual(t, `""`, string(n.Name.Value), "%s without a name", role)
					named++
				}
			}
			require.Greater(t, named, 12)
		})
	}
}

// contrast is an expression for all visible texts: how many there are, and those that do
// not stand out 4.5 to 1, or 3 to 1 if they are large.
const contrast = `(() => {
	const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
	const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
	const parse = (text) => { const m = text.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m[3] ?? 1]; };
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3]));
	const behind = (e) => {
		if (!e) return [255, 255, 255];
		const c = parse(getComputedStyle(e).backgroundColor);
		return c[3] === 1 ? c : over(c, behind(e.parentElement));
	};
	const faint = [];
	let texts = 0;
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
		const hidden = e.closest("[aria-hidden=true], .quiet, .spoken") || s.visibility === "hidden" || r.width < 2 || r.height < 2;
		if (!walk.currentNode.data.trim() || hidden) continue;
		texts++;
		const back = behind(e), front = over(parse(s.color), back);
		const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
		const large = parseFloat(s.fontSize) >= 24 || (parseFloat(s.fontSize) >= 18.66 && s.fontWeight >= 700);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < (large ? 3 : 4.5)) faint.push(walk.currentNode.data.trim() + " " + ratio.toFixed(2));
	}
	return { texts, faint };
})()`

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
	heap, err := strconv.Atoi(cells[2])
	require.NoError(t, err)
	scopes, err := strconv.Atoi(cells[6])
	require.NoError(t, err)
	require.Greater(t, heap, 2*scopes, "cycles")
	b.quiet()
}

// TestStopComparing: the button stops what it has started.
func TestStopComparing(t *testing.T) {
	b := open(t, serve(t), phone)
	eval[any](b, `document.getElementById("run").click()`)
	b.wait(`document.querySelector("#row-heap td").textContent !== "–"`)
	require.Equal(t, "Stop", b.text("run"))
	eval[any](b, `document.getElementById("run").click()`)
	b.wait(`document.getElementById("outcome").textContent === "Stopped."`)
	require.Equal(t, "Again", b.text("run"))
	b.quiet()
}

// TestServiceEnds: Ctrl-C ends the program while a page is open, and the page says so.
func TestServiceEnds(t *testing.T) {
	p := serve(t)
	b := open(t, p, desktop)
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, p.cmd.Wait())
	require.Empty(t, p.stderr.String())
	b.wait(`document.getElementById("link-text").textContent === "the service does not answer"`)
	b.draw(seven)
	b.wait(`document.getElementById("took").textContent === "The service does not answer."`)
	b.screenshot("ended")
}
