// Package recipes tests how package scopehttp is used with frameworks. docs/servers.md quotes
// the functions that its tests call. It is a module of its own, so that users of scopehttp
// need none of the frameworks.
package recipes
