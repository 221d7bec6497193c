module github.com/allocarrays/allocarrays-go/examples/ocr

go 1.26.0

require (
	github.com/allocarrays/allocarrays-go v0.0.0
	github.com/allocarrays/allocarrays-go/onnx v0.0.0
	github.com/stretchr/testify v1.12.1
	golang.org/x/image v0.30.0
)

require (
	github.com/tphakala/simd v1.3.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.45.0 // indirect
	golang.org/x/text v0.28.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

replace (
	github.com/allocarrays/allocarrays-go => ../..
	github.com/allocarrays/allocarrays-go/onnx => ../../onnx
)
