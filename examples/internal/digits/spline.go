package digits

import "math"

// spline samples the smooth curve through the points of s, steps samples for
// each piece between two of them. It is the centripetal Catmull-Rom spline,
// which goes through every point and has neither cusps nor loops of its own.
//
// Source: C. Yuksel, S. Schaefer, J. Keyser, "Parameterization and applications
// of Catmull-Rom curves", Computer-Aided Design 43 (2011); evaluated by the
// pyramid of P. Barry and R. Goldman, SIGGRAPH 1988.
func spline(s stroke, steps int) []point {
	n := len(s)
	before, after := reflect(s[1], s[0]), reflect(s[n-2], s[n-1])
	if s[0] == s[n-1] { // a loop continues where it began
		before, after = s[n-2], s[1]
	}
	control := append(append([]point{before}, s...), after)
	curve := []point{s[0]}
	for i := range n - 1 {
		for k := 1; k <= steps; k++ {
			curve = append(curve, piece([4]point(control[i:i+4]), float64(k)/float64(steps)))
		}
	}
	return curve
}

// reflect returns the mirror image of p in the centre c: the point that would
// continue a stroke straight on.
func reflect(p, c point) point { return point{2*c.x - p.x, 2*c.y - p.y} }

// piece is the curve between p[1], at u = 0, and p[2], at u = 1. Neighbouring
// points have to differ.
func piece(p [4]point, u float64) point {
	var knots [4]float64
	for i := 1; i < 4; i++ {
		knots[i] = knots[i-1] + math.Sqrt(math.Hypot(p[i].x-p[i-1].x, p[i].y-p[i-1].y))
	}
	t := knots[1] + u*(knots[2]-knots[1])
	for level := 1; level < 4; level++ {
		// In the last two levels only the inner knots matter: that is what makes
		// the curve pass through p[1] and p[2].
		for i := range 4 - level {
			from, to := knots[i], knots[i+level]
			if level == 3 {
				from, to = knots[1], knots[2]
			}
			p[i] = mix(p[i], p[i+1], (t-from)/(to-from))
		}
	}
	return p[0]
}

// mix is a at w = 0 and b at w = 1.
func mix(a, b point, w float64) point {
	return point{a.x + w*(b.x-a.x), a.y + w*(b.y-a.y)}
}
