package scopetest

import (
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
)

// TestSource tests the contract of [bumper.Source]. Each call of new returns a source
// that can supply [Room]; it may be the same one each time, for the test releases all
// it acquires.
func TestSource(t testing.TB, new func() bumper.Source) {
	t.Helper()
	var f findings
	for _, p := range trial.SourcePrograms(Room) {
		if v := trial.RunSource(new, Room, p); v == nil || f.has(v.Rule) {
			continue
		}
		if v := trial.JudgeSource(new, Room, p); v != nil && !f.has(v.Rule) {
			f = append(f, v)
		}
	}
	f.report(t, sourceRules...)
}

var sourceRules = []*trial.Rule{
	trial.SourceSize, trial.SourceAlignment, trial.SourceDisjoint, trial.SourceUntouched,
	trial.SourceRefusal, trial.SourceRoom, trial.SourceReuse, trial.SourcePanics,
}
