// Package foreign names well-known modules that do not use the library: CI runs scopevet on
// them, and expects that it finds nothing.
package foreign

import (
	_ "github.com/fsnotify/fsnotify"
	_ "github.com/go-chi/chi/v5"
	_ "github.com/gogo/protobuf/proto"
	_ "github.com/golang/snappy"
	_ "github.com/gorilla/mux"
	_ "github.com/json-iterator/go"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/stretchr/testify/assert"
	_ "github.com/valyala/bytebufferpool"
	_ "golang.org/x/net/http2"
	_ "golang.org/x/tools/go/packages"
	_ "gonum.org/v1/gonum/mat"
)
