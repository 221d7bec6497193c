module github.com/allocarrays/allocarrays-go

go 1.26.0

require (
	github.com/stretchr/testify v1.12.1
	github.com/tphakala/simd v1.3.0
	go.uber.org/goleak v1.3.0
	golang.org/x/sync v0.24.0
	golang.org/x/sys v0.45.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
