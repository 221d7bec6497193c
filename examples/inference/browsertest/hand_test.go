package browsertest

import (
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A point is a place on the pad, from 0 to 1.
type point struct{ x, y float64 }

// seven is a 7 as people write it: a bar to the right, and down to the left.
var seven = []point{{0.28, 0.24}, {0.4, 0.235}, {0.52, 0.23}, {0.62, 0.225}, {0.7, 0.22}, {0.65, 0.32}, {0.58, 0.44}, {0.53, 0.56}, {0.48, 0.68}, {0.45, 0.8}}

// on returns where points of the pad are in the window, which is scrolled to show it.
func (b *tab) on(points []point) []point {
	b.t.Helper()
	r := eval[[]float64](b, `(() => { const p = document.getElementById("pad"); p.scrollIntoView({ block: "nearest" });
		const r = p.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	out := make([]point, len(points))
	for i, p := range points {
		out[i] = point{r[0] + p.x*r[2], r[1] + p.y*r[3]}
	}
	return out
}

// drawByMouse draws one stroke with the left button.
func (b *tab) drawByMouse(points []point) {
	b.t.Helper()
	b.begin(points)
	end := b.on(points)[len(points)-1]
	b.mouse(input.DispatchMouseEventTypeMouseReleased, end, 0)
}

// begin draws one stroke with the left button and does not release it.
func (b *tab) begin(points []point) {
	b.t.Helper()
	points = b.on(points)
	b.mouse(input.DispatchMouseEventTypeMousePressed, points[0], 1)
	for _, p := range points[1:] {
		b.mouse(input.DispatchMouseEventTypeMouseMoved, p, 1)
	}
}

func (b *tab) mouse(kind input.DispatchMouseEventType, p point, buttons int64) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		Type: kind, X: p.x, Y: p.y, Button: input.MouseButtonLeft, Buttons: buttons, ClickCount: 1,
	})
	require.NoError(b.t, err)
}

// drawByTouch draws one stroke with a finger.
func (b *tab) drawByTouch(points []point) {
	b.t.Helper()
	points = b.on(points)
	send := func(kind input.DispatchTouchEventType, at ...*input.TouchPoint) {
		_, err := chromedp.Call(b.ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: at})
		require.NoError(b.t, err)
	}
	for i, p := range points {
		kind := input.DispatchTouchEventTypeTouchMove
		if i == 0 {
			kind = input.DispatchTouchEventTypeTouchStart
		}
		send(kind, &input.TouchPoint{X: p.x, Y: p.y})
	}
	send(input.DispatchTouchEventTypeTouchEnd)
}

// draw draws one stroke as people do on such a device.
func (b *tab) draw(points []point) {
	b.t.Helper()
	if b.look.phone {
		b.drawByTouch(points)
	} else {
		b.drawByMouse(points)
	}
}
