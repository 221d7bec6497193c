module corpus.example

go 1.26.0

require (
	github.com/allocarrays/allocarrays-go v0.0.0
	golang.org/x/sync v0.24.0
)

require (
	github.com/tphakala/simd v1.3.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
)

replace github.com/allocarrays/allocarrays-go => ../../..
