// Package pages reports mistakes with released memory where they happen. It gives
// blocks pages of their own, right before an inaccessible page, and makes these
// pages inaccessible too when the block's scope ends:
//
//	| no access |....canary|block|canary| no access |
//	            ^ page                  ^ page
//
// A write behind the block faults at once or, in the last bytes that alignment
// leaves, destroys a canary that is checked when the scope ends. A use after the
// end faults. The pages come from one large reservation of addresses, and are reused
// as late as possible, after all others.
//
// Without mmap, or when the budget of mappings is used up, blocks stay where they are
// and are overwritten with a pattern when their scope ends.
//
// Package scope decides which blocks are guarded, and when; this package knows
// neither scopes nor allocators.
package pages
