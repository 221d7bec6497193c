// Soak runs a mixed load on the allocators for as long as it is told, and reports
// whether anything grows: the heap, the resident memory, the mappings, the
// goroutines, or the buffers.
//
//	go run ./verify/soak -duration 10m
//	ALLOCARRAYS_GUARD=sample go run ./verify/soak -duration 1m
//
// The load is that of a server: requests of all sizes overlap on one shared buffer
// and on buffers of their own; some panic, some are cancelled, some exhaust a limit,
// some leave a goroutine behind that allocates late, and buffers are reset whenever
// they may be. Every array is filled and checked before its scope ends. The exit code
// is 1 if a check failed or something grew.
//
//	go run ./verify/soak -mixed -duration 10m
//
// is another load: regions of 8 B to 64 MB on one shared buffer, within a tree of limits.
// There the exit code is 1 also if anything was refused without proof (who refused had as
// much in one piece as was requested), if a limit does not count 0 in the end, or if the
// buffer does not fall to its retention floor within ten seconds.
package main
