// Package check tests the alert rules and the dashboard of contrib/prometheus with the
// parser and the engine of Prometheus, and the metrics with a gRPC server. It is a module
// of its own, so that users of the metrics do not have Prometheus itself among their
// dependencies.
package check
