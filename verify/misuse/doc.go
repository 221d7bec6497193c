// Command misuse runs the corpus of mistakes with memory in every mode of memory and of
// guard, and compares what came of them with the tables of docs/safety.md.
//
//	go run ./verify/misuse                        prints the tables
//	go run ./verify/misuse -check                 fails, with a diff, if the page says anything else
//	go run ./verify/misuse -write                 writes them into the page
//	go run ./verify/misuse -run escape/ -check    only programs whose name matches
//
// With -race it builds itself again with the race detector, and fills the column about
// that, too; without, the column stays as it is. Programs whose outcome depends on
// timing run 20 times, and the weakest outcome counts.
package main
