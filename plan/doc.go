// Package plan packs blocks of memory whose lives are known into one arena: it gives each
// an offset so that no two that are live at the same time overlap, and the arena is small.
// It is what a compiler of neural networks does with its tensors, as a package: it
// allocates nothing, knows no allocator, and imports the standard library only.
//
// [Pack] is fast, [Search] goes on until it has the best plan or no more time, [LowerBound]
// says what no plan can beat, and [Check] whether a plan is one.
//
// The problem is dynamic storage allocation, which is NP-complete. Its instances that are
// known as hard come from compilers, and they have a structure that Pack uses: blocks are
// split and put together again. Where it applies, the best plan is found in a millisecond.
package plan
