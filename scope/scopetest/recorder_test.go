package scopetest_test

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A recorder is a testing.TB that takes down what is reported to it.
type recorder struct {
	testing.TB
	reports []string
}

func (r *recorder) Helper() {}

func (r *recorder) Error(args ...any) { r.reports = append(r.reports, fmt.Sprint(args...)) }

// of returns the report that names the rule.
func (r *recorder) of(rule string) string {
	for _, report := range r.reports {
		if strings.HasPrefix(report, rule+": ") {
			return report
		}
	}
	return ""
}

// rules returns the names of the rules in the reports.
func (r *recorder) rules() (all []string) {
	for _, report := range r.reports {
		name, _, _ := strings.Cut(report, ":")
		all = append(all, name)
	}
	return all
}

// program returns the statements in a report.
func program(report string) string {
	_, statements, _ := strings.Cut(report, "the shortest program found:\n")
	return strings.ReplaceAll(strings.TrimPrefix(statements, "\t"), "\n\t", "\n")
}
