package measure

import (
	"context"
	"time"
)

// Options say how to measure.
type Options struct {
	Rounds   int           // how often each candidate runs
	Target   time.Duration // about how long each run takes
	Progress func()        // called after each round; may be nil
}

// A Result is what was measured of one candidate.
type Result struct {
	Name    string
	Samples []Sample // one for each round
	Err     error    // why the candidate could not be measured; Samples is then nil
}

// Rounds runs the candidates one after the other, opt.Rounds times. Each round
// begins with another candidate, so that none always follows the same one. The
// number of operations in a run is found once for each candidate, and raised after a
// run that took less than half of the target time.
//
// A candidate that fails is left out from then on; its Result says why. When ctx
// ends, Rounds returns the rounds that are complete, with ctx's error.
func Rounds(ctx context.Context, cands []Candidate, opt Options) ([]Result, error) {
	results := make([]Result, len(cands))
	ops := make([]int, len(cands))
	for i, c := range cands {
		results[i].Name = c.Name
		ops[i], results[i].Err = calibrate(ctx, c, opt.Target)
		if ctx.Err() != nil {
			results[i].Err = nil // not the candidate's fault
			return results, ctx.Err()
		}
	}
	for r := range opt.Rounds {
		if err := round(ctx, r, cands, ops, results, opt.Target); err != nil {
			return results, err
		}
		if opt.Progress != nil {
			opt.Progress()
		}
	}
	return results, ctx.Err()
}

// round runs every candidate once, beginning with number r. The results of a round
// that was not completed are dropped.
func round(ctx context.Context, r int, cands []Candidate, ops []int, results []Result, target time.Duration) error {
	for k := range cands {
		i := (r + k) % len(cands)
		if results[i].Err != nil {
			continue
		}
		s, err := cands[i].Run(ctx, ops[i])
		if ctx.Err() != nil {
			truncate(results, r)
			return ctx.Err()
		}
		if results[i].Samples = append(results[i].Samples, s); err != nil {
			results[i].Samples, results[i].Err = nil, err
		}
		if s.Time < target/2 {
			ops[i] = next(ops[i], s.Time, 2*target)
		}
	}
	return nil
}

func truncate(results []Result, rounds int) {
	for i := range results {
		results[i].Samples = results[i].Samples[:min(rounds, len(results[i].Samples))]
	}
}

// calibrate returns how many operations of c take about the target time. A number of
// operations counts as long enough only if it is so in the fastest of three runs:
// otherwise a moment in which the machine stood still would decide.
func calibrate(ctx context.Context, c Candidate, target time.Duration) (int, error) {
	for n := 1; ; {
		fastest, err := quickest(ctx, c, n, target/4)
		if err != nil {
			return 0, err
		}
		if fastest >= target/4 {
			return max(1, int(float64(target)/float64(fastest)*float64(n))), nil
		}
		n = next(n, fastest, target)
	}
}

// quickest returns the time of n operations: of the first run that takes less than
// enough, or the least of three; of two if they are expensive.
func quickest(ctx context.Context, c Candidate, n int, enough time.Duration) (time.Duration, error) {
	var fastest time.Duration
	for i := range 3 {
		s, err := c.Run(ctx, n)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, err
		}
		if i == 0 || s.Time < fastest {
			fastest = s.Time
		}
		if fastest < enough || i > 0 && fastest > 10*enough {
			break // too short anyway, or so long that runs are expensive
		}
	}
	return fastest, nil
}

// next returns how many operations to try after n of them took too little time to
// tell: as many as would take half the target, but no more than 32 times as many,
// because the first operations are often slow or not measurable.
func next(n int, took, target time.Duration) int {
	guess := float64(n) * float64(target) / 2 / float64(max(took, 1))
	return max(n+1, min(int(guess), 32*n))
}
