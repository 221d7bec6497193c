package mlp

import "embed"

// Source holds this very package, for the program that shows what it imports.
//
//go:embed *.go
var Source embed.FS
