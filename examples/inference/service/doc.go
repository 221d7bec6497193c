// Package service is the demo as an HTTP service: a page to draw digits on, and the
// predictions behind it.
//
//	POST /v1/predict   classifies images; see the README of the example for the formats
//	GET  /v1/stats     what the last minute cost, as JSON, for the charts of the page
//	GET  /metrics      the same since the start, in the text format of Prometheus
//	GET  /healthz      "ok"
//	GET  /             the page
//
// All requests share one buffer. Package scopehttp opens a scope for each, which ends when its
// answer is written, so that a request leaves no arrays to the garbage collector. What runs
// the model, package mlp, and what prepares drawings, package picture, ask the context for
// memory and know nothing of it.
package service
