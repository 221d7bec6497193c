// Command peer-server serves one variant of the classification service on a free port
// of the loopback interface. Its argument is the variant. The first line of output is
// ready ADDRESS; the lines begin and end on standard input bound a measurement, whose
// answer is ok GC-SECONDS USER-SECONDS COLLECTIONS PEAK-BYTES.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"

	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/server"
)

func main() {
	signal.Ignore(os.Interrupt) // the parent decides when to end
	if err := run(); err != nil {
		peer.Absent(err.Error())
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: peer-server VARIANT")
	}
	service, err := server.New(os.Args[1])
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- http.Serve(listener, server.Handler(service)) }()
	fmt.Println("ready", listener.Addr())
	commands()
	listener.Close()
	<-failed
	return nil
}

// commands answers the parent until standard input ends.
func commands() {
	var start server.Usage
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch lines.Text() {
		case "begin":
			start = server.Begin()
			fmt.Println("ok")
		case "end":
			u := start.Since()
			fmt.Println("ok", u.GC, u.User, u.Cycles, u.Peak)
		default:
			fmt.Println("error no such command")
		}
	}
}
