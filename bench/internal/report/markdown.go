package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

const introduction = `# Performance

<!-- Written by go run ./cmd/compare in bench/. Do not edit: run it again. -->

Every figure here is a ratio of things that were measured in turn in the same run: in each
round every candidate runs once, for some milliseconds, each round beginning with another one.
What is given is the median over the rounds of the ratio within a round, and in
parentheses the quartiles. Absolute numbers are for orientation only; on another machine,
or with other load, they differ. Cases that are lost are in the tables like the others, and a
peer that could not be had is named with the reason. What can compute something wrong is
checked before and after it is measured.

Where the matrix kernels decide, a machine with AVX-512 measures twice: with what it has, and
with AVX2. The environment variable ALLOCARRAYS_KERNEL (avx512, avx2 or generic) lowers the choice
for any program that uses this module, from its start; a bug report about a wrong or slow result
should say whether it is the same with ALLOCARRAYS_KERNEL=generic.

What changed in November 2026, so that older figures do not compare:

- Go code on one core is no longer locked to a thread. The lock slowed down gonum, which hands
  the blocks of a product to goroutines, so ratios to it were too large: up to 30 times for small
  products of two blocks and more, about 1.2 times for large ones (see *Matrix products*).
- The part of the limit was measured wrongly. The limit now is that of the multiply-adds only,
  measured in turn with the product.
- Two bars measured something else. That of E1 out of place against in place in a scope measured
  memory traffic, and is gone; that of regions against private buffers failed when private buffers
  became faster, and is a difference in nanoseconds.
- Ratios of whole server processes whose quartiles lie on both sides of 1 are called noise.
`

// Markdown returns docs/performance.md.
func Markdown(r record.Results) string {
	var b strings.Builder
	b.WriteString(introduction)
	origin(&b, r)
	peers(&b, r.Peers)
	barTable(&b, r.Cases)
	for _, c := range r.Cases {
		section(&b, c)
	}
	return b.String()
}

// origin says where and how the results came about.
func origin(b *strings.Builder, r record.Results) {
	m := r.Machine
	fmt.Fprintf(b, "\n| | |\n|---|---|\n| command | `%s`, in `bench/` |\n", r.Command)
	fmt.Fprintf(b, "| processor | %s, %d cores used, %s |\n", cell(m.CPU), m.Cores, m.System)
	fmt.Fprintf(b, "| Go | %s |\n| kernels | %s |\n", m.Go, m.Kernel)
	fmt.Fprintf(b, "| rounds | %d |\n| date | %s, took %s |\n", r.Rounds, r.Started.UTC().Format("2006-01-02 15:04 MST"),
		time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
	if r.Interrupted {
		b.WriteString("\n**The run was interrupted:** what is missing was not measured.\n")
	}
}

func peers(b *strings.Builder, peers []record.Peer) {
	b.WriteString("\n## Peers\n\n| peer | |\n|---|---|\n")
	for _, p := range peers {
		text := p.Info
		if p.Absent != "" {
			text = "**absent:** " + p.Absent
		}
		fmt.Fprintf(b, "| %s | %s |\n", cell(p.Name), cell(text))
	}
}

// barTable lists the bars of all cases.
func barTable(b *strings.Builder, cases []record.Case) {
	b.WriteString("\n## Bars\n\nWhat was promised, and what was measured.\n\n| bar | wanted | measured | |\n|---|---|---|---|\n")
	for _, c := range cases {
		for _, bar := range c.Bars {
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", cell(bar.Name), bar.Want, cell(measured(bar)), verdict(bar))
		}
	}
}

func verdict(b record.Bar) string {
	if b.Verdict() == "met" {
		return "met"
	}
	return "**" + b.Verdict() + "**"
}

func section(b *strings.Builder, c record.Case) {
	command := strings.TrimSpace(c.Env + " go run ./cmd/compare -case " + c.Name)
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n`%s`\n", c.Title, c.Text, command)
	for _, ch := range c.Charts {
		fmt.Fprintf(b, "\n![%s](%s)\n", ch.Title, ch.File)
	}
	for _, t := range c.Tables {
		table(b, t)
	}
	for i, n := range c.Notes {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- %s\n", n)
	}
}

func table(b *strings.Builder, t record.Table) {
	if t.Folded {
		fmt.Fprintf(b, "\n<details><summary>%s</summary>\n", t.Title)
	} else if t.Title != "" {
		fmt.Fprintf(b, "\n%s:\n", t.Title)
	}
	b.WriteString("\n")
	row(b, t.Head)
	b.WriteString("|---" + strings.Repeat("|---:", len(t.Head)-1) + "|\n")
	for _, r := range t.Rows {
		row(b, r)
	}
	if t.Folded {
		b.WriteString("\n</details>\n")
	}
}

func row(b *strings.Builder, cells []string) {
	for _, c := range cells {
		fmt.Fprintf(b, "| %s ", cell(c))
	}
	b.WriteString("|\n")
}

// cell makes text fit for a table's cell.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text)
}
