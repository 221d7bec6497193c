#include "textflag.h"

// func returnAddresses(calls *[8]uintptr) int
//
// R29 is the frame pointer of the caller, since this function has no frame: the word there
// is the frame pointer around it, and the next one the return address. The outermost
// frame pointer is 0. Nothing moves the stack meanwhile: a function without a frame is not
// preempted.
TEXT ·returnAddresses(SB), NOSPLIT|NOFRAME, $0-16
	MOVD calls+0(FP), R3
	MOVD R29, R0
	MOVD $0, R1
up:
	CBZ  R0, done
	MOVD 8(R0), R2
	MOVD R2, (R3)(R1<<3)
	ADD  $1, R1
	MOVD (R0), R0
	CMP  $8, R1
	BLT  up
done:
	MOVD R1, ret+8(FP)
	RET
