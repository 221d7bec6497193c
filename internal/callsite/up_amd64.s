#include "go_asm.h"
#include "textflag.h"

// func returnAddresses(calls *[8]uintptr) int
//
// BP is the frame pointer of the caller, since this function has no frame: the word there
// is the frame pointer around it, and the next one the return address. The outermost
// frame pointer is 0. Nothing moves the stack meanwhile: a function without a frame is not
// preempted.
TEXT ·returnAddresses(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ calls+0(FP), DI
	MOVQ BP, AX
	XORQ CX, CX
up:
	TESTQ AX, AX
	JZ   done
	MOVQ 8(AX), DX
	MOVQ DX, (DI)(CX*8)
	INCQ CX
	MOVQ (AX), AX
	CMPQ CX, $8
	JL   up
done:
	MOVQ CX, ret+8(FP)
	RET

// func knownUser(known *[512][8]atomic.Uint64) uintptr
//
// It goes up as returnAddresses does, and looks each address up as within does, but only
// in the first place of its set. It returns the first address that does not pass on, or 0 if
// one is not found.
TEXT ·knownUser(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ known+0(FP), DI
	MOVQ BP, AX
	MOVQ $0x9e3779b97f4a7c15, R8
	MOVL $8, CX
up:
	TESTQ AX, AX
	JZ   none
	MOVQ 8(AX), DX
	MOVQ DX, R9
	IMULQ R8, R9
	SHRQ $(64-const_knownBits), R9
	SHLQ $6, R9 // a set is 64 bytes
	MOVQ (DI)(R9*1), R10
	MOVQ R10, R11
	SHRQ $1, R11
	CMPQ R11, DX
	JNE  none
	TESTQ $1, R10
	JZ   found
	MOVQ (AX), AX
	DECL CX
	JNZ  up
none:
	XORL DX, DX
found:
	MOVQ DX, ret+8(FP)
	RET
