// Package pages makes mistakes with released memory show where they are
// made. It gives blocks pages of their own, right before a page that cannot be
// touched, and makes these pages untouchable too when the block's scope ends:
//
//	| no access |....canary|block|canary| no access |
//	            ^ page                  ^ page
//
// A write behind the block faults at once, or, within the last bytes that alignment
// leaves, destroys a canary that is looked at when the scope ends. A use after the
// end faults. The pages come from one large reservation of addresses, and are taken
// again as late as possible: first all others are used.
//
// Where there is no mmap, or when the budget of mappings is used up, blocks stay
// where they are and are overwritten with a pattern when their scope ends.
//
// Package scope decides which blocks are guarded, and when; this package knows
// neither scopes nor allocators.
package pages
