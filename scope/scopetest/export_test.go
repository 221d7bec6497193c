package scopetest

import "github.com/allocarrays/allocarrays-go/internal/trial"

// Rules returns the names of the rules that a test of the kit has beside those of the
// contracts it contains.
func Rules() map[string][]string {
	all := map[string][]string{}
	for test, rules := range map[string][]*trial.Rule{
		"allocator": allocatorRules, "checkpointer": checkpointerRules, "buffer": bufferRules,
		"source": sourceRules, "on source": onSourceRules, "wrapper": wrapperRules, "releaser": releaserRules,
	} {
		for _, r := range rules {
			all[test] = append(all[test], r.Name)
		}
	}
	return all
}
