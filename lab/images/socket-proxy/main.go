// socket-proxy lets others read the Docker API, over TCP or by a socket of its own,
// without giving them Docker's. It stands in for wollomatic/socket-proxy, whose module the public proxy
// does not serve, and takes the flags of it that a reader of the API needs, so
// that either image runs with the same command. It reads only: there are
// -allowGET and -allowHEAD and no other method, and no upgrade to a raw stream.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// healthAddress is where /healthcheck asks, as in upstream.
const healthAddress = "127.0.0.1:55555"

func main() {
	if filepath.Base(os.Args[0]) == "healthcheck" {
		os.Exit(checkHealth("http://" + healthAddress + "/health"))
	}
	settings, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "socket-proxy:", err)
		os.Exit(2)
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: settings.logLevel})))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, settings); err != nil {
		slog.Error("stopped", "error", err)
		os.Exit(1)
	}
}

// run serves until the context ends or, with -stoponwatchdog, until the socket is gone.
func run(ctx context.Context, settings settings) error {
	servers := map[*http.Server]net.Listener{}
	listener, err := listen(settings)
	if err != nil {
		return err
	}
	servers[&http.Server{Handler: newProxy(settings), ReadHeaderTimeout: 10 * time.Second}] = listener
	if settings.allowHealthCheck {
		health, err := net.Listen("tcp", healthAddress)
		if err != nil {
			return err
		}
		answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answerHealth(w, settings.socketPath) })
		servers[&http.Server{Handler: answer, ReadHeaderTimeout: 10 * time.Second}] = health
	}
	ended := make(chan error, len(servers)+1)
	for server, on := range servers {
		go func() { ended <- server.Serve(on) }()
	}
	if settings.watchdogInterval > 0 {
		go func() { ended <- watch(ctx, settings) }()
	}
	slog.Info("serving", "socket", settings.socketPath, "address", listener.Addr().String(), "from", settings.allowFrom, "allowed", fmt.Sprint(settings.allowed))

	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), settings.shutdownGrace)
	defer cancel()
	for server, on := range servers {
		if err := server.Shutdown(grace); err != nil {
			// An event stream never ends by itself.
			slog.Info("connections closed before they ended", "address", on.Addr().String())
			_ = server.Close()
		}
	}
	return nil
}

// listen opens the TCP port, or the socket that is wanted instead; one that an earlier process left is replaced.
func listen(settings settings) (net.Listener, error) {
	if settings.endpoint == "" {
		return net.Listen("tcp", net.JoinHostPort(settings.listenIP, settings.proxyPort))
	}
	if err := os.Remove(settings.endpoint); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", settings.endpoint)
	if err != nil {
		return nil, err
	}
	return listener, os.Chmod(settings.endpoint, settings.endpointMode)
}

// watch looks for the socket; it returns only when the program is to stop.
func watch(ctx context.Context, settings settings) error {
	ticker := time.NewTicker(settings.watchdogInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := checkSocket(settings.socketPath); err != nil {
			slog.Error("watchdog", "error", err)
			if settings.stopOnWatchdog {
				return err
			}
		}
	}
}

func checkSocket(path string) error {
	connection, err := net.DialTimeout("unix", path, 5*time.Second)
	if err != nil {
		return err
	}
	return connection.Close()
}

func answerHealth(w http.ResponseWriter, socketPath string) {
	if err := checkSocket(socketPath); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

func checkHealth(url string) int {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, answer.Status)
		return 1
	}
	return 0
}
