//go:build !race

#include "textflag.h"

// func store(w *atomic.Uint64, v uint64)
TEXT ·store(SB), NOSPLIT, $0-16
	MOVQ w+0(FP), AX
	MOVQ v+8(FP), BX
	MOVQ BX, (AX)
	RET

// func store2(first *atomic.Uint64, v uint64, then *atomic.Uint64, w uint64)
TEXT ·store2(SB), NOSPLIT, $0-32
	MOVQ first+0(FP), AX
	MOVQ v+8(FP), BX
	MOVQ then+16(FP), CX
	MOVQ w+24(FP), DX
	MOVQ BX, (AX)
	MOVQ DX, (CX)
	RET
