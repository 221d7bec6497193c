package main

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

type message = wrapperspb.BytesValue

// What an RPC asks for: the last word of its request.
const (
	fillRPC = iota
	panicRPC
	lateRPC
)

const fillMethod = "/load.Service/Fill"

// largestReply is the most that a reply of an RPC has, in bytes.
const largestReply = 16_000_000

// rpcServer is the server of a gRPC storm.
type rpcServer struct {
	*grpc.Server
	scopes *scopegrpc.Handler
	buffer *locked.Buffer
	safe   bool
}

func newRPCServer(safe bool) *rpcServer {
	opts := []bumper.SlabOption{bumper.Limit(bufferLimit)}
	options := []scopegrpc.Option{scopegrpc.Limit(requestLimit)}
	if safe {
		opts = append(opts, bumper.Isolating())
	} else {
		options = append(options, scopegrpc.Fast())
	}
	s := &rpcServer{buffer: locked.Share(bumper.NewSlabBuffer(opts...)), safe: safe}
	s.scopes = scopegrpc.New(append(options, scopegrpc.Buffer(s.buffer))...)
	s.Server = grpc.NewServer(append(s.scopes.ServerOptions(), grpc.ChainUnaryInterceptor(recovering))...)
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "load.Service", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Fill", Handler: callFill}},
	}, s)
	return s
}

func callFill(srv any, ctx context.Context, decode func(any) error, i grpc.UnaryServerInterceptor) (any, error) {
	in := new(message)
	if err := decode(in); err != nil {
		return nil, err
	}
	return i(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: fillMethod}, func(ctx context.Context, in any) (any, error) {
		return srv.(*rpcServer).fill(ctx, in.(*message))
	})
}

// recovering makes planned panics errors; those about exhausted memory pass.
func recovering(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (out any, err error) {
	defer func() {
		if v := recover(); v == plannedPanic {
			err = status.Error(codes.Internal, plannedPanic)
		} else if v != nil {
			panic(v)
		}
	}()
	return next(ctx, in)
}

const plannedPanic = "as planned"

// fill is the handler: its reply lies in the scope.
func (s *rpcServer) fill(ctx context.Context, in *message) (*message, error) {
	id, size, what := binary.LittleEndian.Uint64(in.Value), binary.LittleEndian.Uint64(in.Value[8:]), binary.LittleEndian.Uint64(in.Value[16:])
	p := scope.Make[byte](ctx, int(size))
	fillWith(p, word(id))
	q := scope.Make[byte](ctx, int(size))
	copy(q, p)
	switch what {
	case panicRPC:
		panic(plannedPanic)
	case lateRPC:
		<-ctx.Done()
		write := func() {
			for begin := time.Now(); time.Since(begin) < stubborn; time.Sleep(time.Millisecond) {
				fillWith(p, word(id))
				fillWith(q, word(id))
			}
		}
		if s.safe {
			go write() // also when the handler has returned
		} else {
			write()
		}
		return nil, ctx.Err()
	}
	return wrapperspb.Bytes(q), nil
}

// stats are the numbers of a gRPC server in the form of those of an HTTP server.
func (s *rpcServer) stats() scopehttp.Stats {
	outcomes := s.scopes.Outcomes()
	return scopehttp.Stats{
		Open: s.scopes.Open(), Done: outcomes["ok"], Aborted: outcomes["error"], Refused: outcomes["exhausted"],
		Panicked: outcomes["panic"], Stale: scope.StaleUses(), Buffer: []locked.Stats{s.buffer.Stats()},
	}
}

// rpcClient is a client with a connection of its own.
type rpcClient struct {
	conn  *grpc.ClientConn
	rng   *rand.Rand
	next  uint64
	tally *tally
	reply message
}

func newRPCClient(addr string, number int, t *tally) *rpcClient {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(2*largestReply)))
	if err != nil {
		t.complain("%v", err)
	}
	return &rpcClient{conn: conn, rng: rand.New(rand.NewPCG(uint64(number), 9)), next: uint64(number)<<40 + 1, tally: t}
}

// once calls the service in a way that chance chooses.
func (c *rpcClient) once() {
	size := func(least, most float64) int {
		return int(least*math.Exp(c.rng.Float64()*math.Log(most/least)))&^7 + 8
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch p := c.rng.IntN(10_000); {
	case p < 5:
		c.call(ctx, fillRPC, size(1e6, largestReply), &c.tally.ok, codes.OK)
	case p < 8:
		c.call(ctx, fillRPC, tooLarge, &c.tally.own, codes.ResourceExhausted)
	case p < 300:
		c.call(ctx, fillRPC, size(4096, 1e6), &c.tally.ok, codes.OK)
	case p < 450:
		time.AfterFunc(time.Duration(c.rng.IntN(500))*time.Microsecond, cancel)
		c.call(ctx, fillRPC, size(4096, 1e6), &c.tally.cancelled, codes.Canceled, codes.OK)
	case p < 550:
		c.call(ctx, panicRPC, 64, &c.tally.panicked, codes.Internal)
	case p < 650:
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		c.call(ctx, lateRPC, size(64, 1e5), &c.tally.timedOut, codes.DeadlineExceeded)
	default:
		c.call(ctx, fillRPC, size(8, 4096), &c.tally.ok, codes.OK)
	}
}

var numbers = regexp.MustCompile(`(\d+) bytes requested, (\d+) available`)

// call sends a request and checks the reply, which may have any of these codes.
func (c *rpcClient) call(ctx context.Context, what, size int, kind interface{ Add(int64) int64 }, want ...codes.Code) {
	id := c.next
	c.next++
	var in []byte
	for _, word := range []uint64{id, uint64(size), uint64(what)} {
		in = binary.LittleEndian.AppendUint64(in, word)
	}
	err := c.conn.Invoke(ctx, fillMethod, wrapperspb.Bytes(in), &c.reply)
	code := status.Code(err)
	c.tally.answers.Add(1)
	if code == codes.ResourceExhausted {
		if size != tooLarge {
			kind = &c.tally.process
		}
		c.prove(err)
	} else if !slices.Contains(want, code) {
		c.tally.complain("RPC %d of %d bytes: %v", what, size, err)
	}
	kind.Add(1)
	if code != codes.OK {
		return
	}
	if len(c.reply.Value) != size {
		c.tally.complain("reply of %d bytes, want %d", len(c.reply.Value), size)
	}
	for p := c.reply.Value; len(p) >= 8; p = p[8:] {
		if binary.LittleEndian.Uint64(p) != word(id) {
			c.tally.foreign.Add(8)
		}
	}
	c.tally.words.Add(int64(len(c.reply.Value) / 8))
}

// prove checks the numbers of a refusal.
func (c *rpcClient) prove(err error) {
	found := numbers.FindStringSubmatch(err.Error())
	if found != nil {
		requested, err1 := strconv.ParseUint(found[1], 10, 64)
		available, err2 := strconv.ParseUint(found[2], 10, 64)
		if errors.Join(err1, err2) == nil && available < requested {
			return
		}
	}
	c.tally.unproven.Add(1)
	c.tally.complain("refusal without proof: %v", err)
}

func (c *rpcClient) warm() { c.call(context.Background(), fillRPC, 1024, &c.tally.ok, codes.OK) }

func (c *rpcClient) drop() { c.conn.Close() }
