// Package scopeprom makes metrics for Prometheus of buffers and scopes:
//
//	prometheus.MustRegister(scopeprom.New(
//		scopeprom.Process(),
//		scopeprom.Buffer("inference", shared),
//	))
//
// Importing the package registers nothing and serves nothing. What a metric is labelled
// with is given here and is constant, so that no request can add a series: owner is the
// name of a buffer or a server, outcome and level have a few values each. A tenant is no
// label unless you name an owner after one.
//
//	allocarrays_buffer_used_bytes{owner}          held by scopes, and outside every scope
//	allocarrays_buffer_idle_bytes{owner}          taken from the source and not used
//	allocarrays_buffer_largest_idle_bytes{owner}  of that, the most in one piece
//	allocarrays_buffer_capacity_bytes{owner}      used and idle
//	allocarrays_buffer_limit_bytes{owner}         the most the capacity may be; absent without a limit
//	allocarrays_buffer_outside_bytes{owner}       allocated outside every scope, held until a reset
//	allocarrays_buffer_open_regions{owner}        regions open now
//	allocarrays_buffer_regions_total{owner}       regions opened
//	allocarrays_buffer_peak_region_bytes{owner}   the most that one region has held since the start
//	allocarrays_late_allocations_total{owner}     allocations after the end of their scope, on the heap
//	allocarrays_exhausted_total{owner,level}      allocations refused by a buffer ("buffer"); requests or
//	                                              RPCs refused by their limit ("own", "tenant", "process")
//	allocarrays_scopes_open{owner}                requests or RPCs whose scope is open
//	allocarrays_scopes_total{owner,outcome}       those that have ended, by how
//	allocarrays_scope_peak_bytes{owner}           a histogram of the most that each has held
//	allocarrays_reserve_wait_seconds{owner}       a summary of how long requests waited for memory
//	allocarrays_limit_used_bytes{owner}           charged to a limit
//	allocarrays_limit_bytes{owner}                the most that may be; absent if it only counts
//	allocarrays_limit_refused_total{owner}        charges that it refused
//	allocarrays_fallback_blocks_total{owner}      blocks that came from the heap by a fallback
//	allocarrays_fallback_bytes_total{owner}       their bytes
//	allocarrays_leaked_scopes_total               scopes that were never ended, found by the collector
//	allocarrays_stale_uses_total                  uses of memory after the end of its scope, as noticed
//
// The repository has alert rules (alerts.yml) and a dashboard for Grafana (dashboard.json)
// for them.
package scopeprom
