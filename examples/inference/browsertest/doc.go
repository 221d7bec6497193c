// Package browsertest tests the page of the demo in a real browser: Debian's chromium,
// driven through its debugging protocol. It is a module of its own so that nobody else
// needs what drives the browser. Without chromium the tests skip, with the reason.
//
//	ALLOCARRAYS_SCREENSHOTS=DIR go test    leaves what the page looks like in DIR
//	ALLOCARRAYS_BROWSER=yes go test        fails if there is no chromium
package browsertest
