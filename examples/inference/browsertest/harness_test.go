package browsertest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// built is the program, built once.
var built string

// browser is the context of a running browser.
var browser context.Context

// reason says why there is no browser, if there is none.
var reason string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "browsertest")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	built = filepath.Join(dir, "inference")
	build := exec.Command("go", "build", "-C", "../../..", "-o", built, "./examples/inference")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %s\n", err, out)
		return 1
	}
	if wanted == "no" {
		reason = "ALLOCARRAYS_BROWSER is no"
		return m.Run()
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		reason = "needs Debian's chromium: " + err.Error()
		return run(m)
	}
	// As root, which containers are, chromium has no sandbox. The page is ours.
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	defer cancel()
	browser, cancel = chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		reason = "chromium does not start: " + err.Error()
	}
	return run(m)
}

// wanted is "yes" where there has to be a browser, and "no" where there is to be none.
var wanted = os.Getenv("ALLOCARRAYS_BROWSER")

// run runs the tests, unless a browser is missing that has to be there.
func run(m *testing.M) int {
	if wanted == "yes" && reason != "" {
		fmt.Fprintln(os.Stderr, reason)
		return 1
	}
	return m.Run()
}

// A program is a running demo.
type program struct {
	cmd    *exec.Cmd
	url    string
	stderr bytes.Buffer
	out    *bufio.Reader
}

// serve starts the program on a free port, and ends it with the test.
func serve(t *testing.T) *program {
	t.Helper()
	p := &program{cmd: exec.Command(built, "-serve", "127.0.0.1:0")}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	p.out = bufio.NewReader(stdout)
	for p.url == "" {
		line, err := p.out.ReadString('\n')
		require.NoError(t, err, p.stderr.String())
		if _, rest, ok := strings.Cut(line, "Draw digits at "); ok {
			p.url, _, _ = strings.Cut(rest, ";")
		}
	}
	return p
}

// A look is what the browser pretends to be.
type look struct {
	name          string
	width, height int64
	phone         bool
	dark          bool
	moving        bool // does not ask for less motion
}

var (
	desktop     = look{"desktop-light", 1280, 860, false, false, false}
	desktopDark = look{"desktop-dark", 1280, 860, false, true, false}
	phone       = look{"phone-light", 390, 844, true, false, false}
	phoneDark   = look{"phone-dark", 390, 844, true, true, false}
	narrow      = look{"narrow", 320, 568, true, false, false}
	tablet      = look{"tablet", 820, 1180, true, false, false}
	wide        = look{"wide", 1920, 1080, false, true, false}
	allLooks    = []look{desktop, desktopDark, phone, phoneDark, narrow, tablet, wide}
	commonLooks = []look{desktop, desktopDark, phone, phoneDark}
)

// A tab shows the page. Its console is watched.
type tab struct {
	t    *testing.T
	ctx  context.Context
	look look

	mu       sync.Mutex
	problems []string // what the browser complained about
}

// open opens the page in a new tab and waits until it is connected.
func open(t *testing.T, p *program, l look) *tab {
	t.Helper()
	if reason != "" {
		t.Skip(reason)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, look: l}
	require.NoError(t, chromedp.Do(ctx))
	var timed context.CancelFunc
	b.ctx, timed = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(timed)
	require.NoError(t, chromedp.Listen(ctx, b.heard))
	_, err := chromedp.Call(b.ctx, cdplog.Enable, struct{}{})
	require.NoError(t, err)

	scheme, motion := "light", "reduce"
	if l.dark {
		scheme = "dark"
	}
	if l.moving {
		motion = "no-preference"
	}
	_, err = chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion}},
	})
	require.NoError(t, err)
	var opts []chromedp.EmulateViewportOption
	if l.phone {
		opts = append(opts, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait, chromedp.EmulateScale(2))
	}
	require.NoError(t, chromedp.Do(b.ctx, chromedp.EmulateViewport(l.width, l.height, opts...), chromedp.Navigate(p.url)))
	b.wait(`document.getElementById("link").className === "connected"`)
	return b
}

// heard notes what the browser complains about.
func (b *tab) heard(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, fmt.Sprintf("exception: %+v", e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		b.problems = append(b.problems, fmt.Sprintf("console: %s %v", e.Type, e.Args))
	case *cdplog.EventEntryAdded:
		b.problems = append(b.problems, fmt.Sprintf("log: %s %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
	}
}

// quiet requires that the browser has not complained.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.problems)
}

// wait waits until a JavaScript expression is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(30*time.Second)))
	if err != nil {
		b.screenshot("failed")
		b.mu.Lock()
		defer b.mu.Unlock()
		require.NoError(b.t, err, "%s; the browser said %q", expression, b.problems)
	}
}

// eval returns the value of a JavaScript expression.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return v
}

// text returns the text of an element.
func (b *tab) text(id string) string {
	return eval[string](b, fmt.Sprintf("document.getElementById(%q).textContent", id))
}

// screenshot saves the whole page, if screenshots are wanted.
func (b *tab) screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv("ALLOCARRAYS_SCREENSHOTS")
	if dir == "" {
		return
	}
	data, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, b.look.name+"-"+name+".png"), data, 0o600))
}
