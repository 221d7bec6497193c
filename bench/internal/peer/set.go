package peer

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// A Spec says how to build and start a child.
type Spec struct {
	Name     string
	Package  string   // below the module's root, as in "./cmd/peer-onnx"
	Program  string   // the name of the program; that of the package if empty
	Tags     string   // for the build
	BuildEnv []string // for the build
	Env      []string // for the child
	Args     func() ([]string, error)
	Remedy   string // what may help if the build fails
}

// A Set builds and starts children as they are asked for, once each. A failure is
// remembered too: it is the reason why the peer is absent.
type Set struct {
	Root    string // folder of the module
	Bin     string // where the programs are put
	specs   []Spec
	clients map[string]*Client
	errs    map[string]error
}

// NewSet returns a set of peers.
func NewSet(root, bin string, specs []Spec) *Set {
	return &Set{Root: root, Bin: bin, specs: specs, clients: map[string]*Client{}, errs: map[string]error{}}
}

// Get returns the running child of that name.
func (s *Set) Get(ctx context.Context, name string) (*Client, error) {
	if c, ok := s.clients[name]; ok {
		return c, s.errs[name]
	}
	c, err := s.start(ctx, name)
	s.clients[name], s.errs[name] = c, err
	return c, err
}

func (s *Set) start(ctx context.Context, name string) (*Client, error) {
	for _, spec := range s.specs {
		if spec.Name != name {
			continue
		}
		path, err := s.Build(ctx, spec)
		if err != nil {
			return nil, err
		}
		var args []string
		if spec.Args != nil {
			if args, err = spec.Args(); err != nil {
				return nil, err
			}
		}
		return Start(ctx, path, args, spec.Env)
	}
	panic("peer: there is no " + name)
}

// Build builds a child and returns the path of the program.
func (s *Set) Build(ctx context.Context, spec Spec) (string, error) {
	path := filepath.Join(s.Bin, cmp.Or(spec.Program, filepath.Base(spec.Package)))
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", spec.Tags, "-o", path, spec.Package)
	cmd.Dir = s.Root
	cmd.Env = append(os.Environ(), spec.BuildEnv...)
	if out, err := cmd.CombinedOutput(); err != nil {
		reason := line(string(out))
		if spec.Remedy != "" {
			reason = spec.Remedy + ": " + reason
		}
		return "", fmt.Errorf("could not be built: %.300s", reason)
	}
	return path, nil
}

// Close ends all children.
func (s *Set) Close() {
	for _, c := range s.clients {
		if c != nil {
			c.Close()
		}
	}
}

// Peers describes the children that were asked for.
func (s *Set) Peers() (peers []record.Peer) {
	for _, spec := range s.specs {
		c, asked := s.clients[spec.Name]
		switch {
		case !asked:
		case c == nil:
			peers = append(peers, record.Peer{Name: spec.Name, Absent: s.errs[spec.Name].Error()})
		default:
			peers = append(peers, record.Peer{Name: spec.Name, Info: c.Info})
		}
	}
	return peers
}
