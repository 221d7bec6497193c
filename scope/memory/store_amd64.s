//go:build !race

#include "go_asm.h"
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

// func endAll(epochs []Epoch, of, ended []uint32, then uint32, pc uintptr) int
TEXT ·endAll(SB), NOSPLIT, $0-96
	MOVQ epochs_base+0(FP), DI
	MOVQ of_base+24(FP), BX
	MOVQ of_len+32(FP), CX
	MOVQ ended_base+48(FP), SI
	MOVL then+72(FP), DX
	MOVQ pc+80(FP), R8
	SHLQ $16, R8
	SHRQ $16, R8 // as packEnd
	XORQ AX, AX
	JMP  test
next:
	CMPL (SI)(AX*4), $0
	JNE  dead
	MOVL (BX)(AX*4), R12
	IMULQ $Epoch__size, R12
	ADDQ DI, R12
	CMPQ Epoch_guarded(R12), $0
	JNE  done
	MOVQ Epoch_generation(R12), R9
	MOVL DX, (SI)(AX*4)
	TESTQ R8, R8
	JZ   end
	MOVQ R9, R10
	MOVQ R9, R11
	SHLQ $48, R10
	ANDQ $(const_rememberedEnds-1), R11
	ORQ  R8, R10
	MOVQ R10, Epoch_ends(R12)(R11*8)
end:
	ADDQ $2, R9
	MOVQ R9, Epoch_generation(R12)
dead:
	INCQ AX
test:
	CMPQ AX, CX
	JLT  next
done:
	MOVQ AX, ret+88(FP)
	RET

// func endAt(e *Epoch, pc uintptr)
TEXT ·endAt(SB), NOSPLIT, $0-16
	MOVQ e+0(FP), DI
	MOVQ pc+8(FP), R8
	MOVQ Epoch_generation(DI), R9
	MOVQ R9, R10
	MOVQ R9, R11
	SHLQ $16, R8
	SHRQ $16, R8 // as packEnd
	SHLQ $48, R10
	ANDQ $(const_rememberedEnds-1), R11
	ORQ  R8, R10
	MOVQ R10, Epoch_ends(DI)(R11*8)
	ADDQ $2, R9
	MOVQ R9, Epoch_generation(DI)
	RET
