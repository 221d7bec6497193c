module github.com/allocarrays/allocarrays-go/onnx

go 1.26.0

replace github.com/allocarrays/allocarrays-go => ..

require (
	github.com/allocarrays/allocarrays-go v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/tphakala/simd v1.3.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
)
