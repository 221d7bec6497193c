//go:build linux && cgo

// Rss shows what a network leaves behind in memory: text detection of PP-OCRv4 finds text in a small picture, in a very large
// one, and in small ones again. Each buffer, and onnxruntime, has a process of its own, of which the resident
// memory is printed in MB.
//
//	rss [-large 1504] [-small 320]
//
// ALLOCARRAYS_ONNX names the folder of the network; `go run ./cmd/fetchpeers` gets onnxruntime.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	small := flag.Int("small", 320, "height and width of the small pictures")
	large := flag.Int("large", 1504, "those of the large one")
	child := flag.String("child", "", "for rss itself")
	flag.Parse()
	if *child != "" {
		if err := kinds[*child].measure(*small, *large); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	fmt.Printf("| memory from | loaded | small picture, %d² | large one, %d² | small one | ten small ones | of the first |\n|---|---:|---:|---:|---:|---:|---:|\n", *small, *large)
	failed := false
	for _, name := range order {
		row, err := run(name, *small, *large)
		if err != nil {
			fmt.Printf("%s: %v\n", kinds[name].title, err)
			failed = true
			continue
		}
		fmt.Printf("| %s |%s |\n", kinds[name].title, row)
	}
	if failed {
		os.Exit(1)
	}
}

// run measures one in a new process.
func run(name string, small, large int) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, "-child", name, "-small", fmt.Sprint(small), "-large", fmt.Sprint(large))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var figures []float64
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		var mb float64
		if _, err := fmt.Sscan(lines.Text(), &mb); err != nil {
			return "", errors.New(lines.Text())
		}
		figures = append(figures, mb)
	}
	if err != nil || len(figures) != 5 {
		return "", fmt.Errorf("%d figures, %w", len(figures), err)
	}
	var row strings.Builder
	for _, f := range figures {
		fmt.Fprintf(&row, " %.0f |", f)
	}
	fmt.Fprintf(&row, " %.2f", figures[4]/figures[1])
	return row.String(), nil
}
