package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"time"
)

// packages are those whose tests hunt for bugs in the core.
var packages = []string{"./scope", "./bumper", "./locked", "./scope/scopetest", "./verify/misuse", "./scope/internal/pages", "./meter"}

// limit ends the tests of a mutant that makes them hang: it is found, too.
const limit = 3 * time.Minute

func main() {
	sample := flag.Int("sample", 0, "try only so many, chosen by the day")
	run := flag.String("run", "", "try only those whose name matches the expression")
	flag.Parse()
	expr, err := regexp.Compile(*run)
	if err != nil || flag.NArg() > 0 || *sample < 0 {
		fmt.Fprintln(os.Stderr, "usage: mutants [-sample N] [-run REGEXP]")
		os.Exit(2)
	}
	survivors, err := hunt(choose(*sample, expr))
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
	if survivors > 0 {
		os.Exit(1)
	}
}

// choose returns the mutants that match, or some of them.
func choose(sample int, expr *regexp.Regexp) (chosen []mutant) {
	for _, m := range mutants {
		if expr.MatchString(m.Name) {
			chosen = append(chosen, m)
		}
	}
	if sample > 0 && sample < len(chosen) {
		day := uint64(time.Now().Unix() / 86400)
		rand.New(rand.NewPCG(day, 0)).Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
		chosen = chosen[:sample]
	}
	return chosen
}

// hunt tries the mutants in a copy of the module, and returns how many survived.
func hunt(list []mutant) (survivors int, err error) {
	root, err := copyModule()
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(root)
	if out, ok := test(root); !ok {
		return 0, fmt.Errorf("the tests fail without a mutant:\n%s", out)
	}
	for _, m := range list {
		undo, err := m.apply(root)
		if err != nil {
			return 0, err
		}
		start := time.Now()
		_, survived := test(root)
		verdict := "killed"
		if survived {
			verdict = "SURVIVED"
			survivors++
		}
		fmt.Printf("%-9s %-28s %s (%.0f s)\n", verdict, m.Name, m.File, time.Since(start).Seconds())
		if err := undo(); err != nil {
			return 0, err
		}
	}
	fmt.Printf("%d killed of %d\n", len(list)-survivors, len(list))
	return survivors, nil
}

// copyModule copies what git knows of the module to a temporary folder.
func copyModule() (root string, err error) {
	if root, err = os.MkdirTemp("", "mutants"); err != nil {
		return "", err
	}
	cmd := exec.Command("sh", "-c", `git ls-files -z | tar --null -T - -cf - | tar -xf - -C "$0"`, root)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("copying the module: %v: %s", err, out)
	}
	return root, nil
}

// test runs the tests, and reports whether they pass: with the race detector only if
// they pass without, for most mutants do not live to see it.
func test(root string) (output []byte, ok bool) {
	if output, ok = goTest(root, packages...); ok {
		output, ok = goTest(root, "-race", "./locked")
	}
	return output, ok
}

func goTest(root string, args ...string) (output []byte, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-short", "-failfast", "-count=1"}, args...)...)
	cmd.Dir = root
	output, err := cmd.CombinedOutput()
	return output, err == nil
}
