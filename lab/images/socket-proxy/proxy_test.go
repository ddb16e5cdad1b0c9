package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What a stack gives it for Traefik and Prometheus.
const readers = `/(v1\.\d\d/)?(_ping|version|info|events|services|tasks|nodes|networks|containers/json)`

func mustParse(t *testing.T, arguments ...string) settings {
	t.Helper()
	result, err := parse(arguments)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestPassesOnlyWhatIsAllowed(t *testing.T) {
	handler := guard(mustParse(t, "-allowGET="+readers, "-allowHEAD=/_ping", "-allowfrom=10.0.0.0/8"),
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "passed") }))
	for _, one := range []struct {
		method, target, client string
		want                   int
	}{
		{"GET", "/v1.24/services", "10.1.2.3:4", 200},
		{"GET", "/v1.45/tasks?filters=%7B%7D", "10.1.2.3:4", 200},
		{"GET", "/_ping", "[::ffff:10.1.2.3]:4", 200},
		{"HEAD", "/_ping", "10.1.2.3:4", 200},
		{"HEAD", "/info", "10.1.2.3:4", 403},
		{"GET", "/v1.45/secrets", "10.1.2.3:4", 403},
		{"GET", "/v1.45/swarm", "10.1.2.3:4", 403},
		{"GET", "/v1.45/servicesx", "10.1.2.3:4", 403},
		{"GET", "/v1.45/services/one", "10.1.2.3:4", 403},
		{"GET", "/v1.45/services/../secrets", "10.1.2.3:4", 403},
		{"GET", "/v1.45//services", "10.1.2.3:4", 403},
		{"GET", "/v1.45/%73ervices", "10.1.2.3:4", 403},
		{"GET", "/v1.45/services%2f..%2fsecrets", "10.1.2.3:4", 403},
		{"POST", "/v1.45/services", "10.1.2.3:4", 405},
		{"DELETE", "/_ping", "10.1.2.3:4", 405},
		{"GET", "/_ping", "11.1.2.3:4", 403},
		{"GET", "/_ping", "nonsense", 403},
	} {
		request := httptest.NewRequest(one.method, one.target, nil)
		request.RemoteAddr = one.client
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != one.want {
			t.Errorf("%s %s from %s: %d, not %d", one.method, one.target, one.client, answer.Code, one.want)
		}
	}
}

func TestNothingIsAllowedByDefault(t *testing.T) {
	if status, _ := verdict(t.Context(), mustParse(t), &http.Request{Method: "GET", RemoteAddr: "127.0.0.1:1"}); status != 405 {
		t.Errorf("%d, not 405", status)
	}
}

func TestAllowsAHostName(t *testing.T) {
	if !mayConnect(t.Context(), []string{"10.0.0.0/8", "localhost"}, "127.0.0.1:1") {
		t.Error("localhost was refused")
	}
}

func TestRefusesFlagsThatWouldLetWrite(t *testing.T) {
	for _, arguments := range [][]string{{"-allowPOST=.*"}, {"-allowGET=("}, {"-loglevel=loud"}, {"start"}} {
		if _, err := parse(arguments); err == nil {
			t.Errorf("%v was taken", arguments)
		}
	}
}

// engine is a Docker API on a socket; its events come one by one.
func engine(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			t.Error("an upgrade came through")
		}
		fmt.Fprintln(w, "first")
		w.(http.Flusher).Flush()
		if r.URL.Path == "/events" {
			<-r.Context().Done()
		}
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return socket
}

func TestEventsArriveAtOnceAndUpgradesDoNot(t *testing.T) {
	proxy := httptest.NewServer(newProxy(mustParse(t, "-allowGET=/events|/info", "-socketpath="+engine(t))))
	defer proxy.Close()
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(proxy.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if line, err := bufio.NewReader(answer.Body).ReadString('\n'); line != "first\n" {
		t.Errorf("%q, %v", line, err)
	}
	request, _ := http.NewRequest("GET", proxy.URL+"/info", nil)
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "tcp")
	upgraded, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer upgraded.Body.Close()
	if body, _ := io.ReadAll(upgraded.Body); strings.TrimSpace(string(body)) != "first" {
		t.Errorf("%q", body)
	}
}

func TestListensOnASocketOfItsOwn(t *testing.T) {
	endpoint := filepath.Join(t.TempDir(), "own.sock")
	if err := os.WriteFile(endpoint, nil, 0o644); err != nil { // what a killed one left
		t.Fatal(err)
	}
	settings := mustParse(t, "-allowGET=/info", "-socketpath="+engine(t), "-proxysocketendpoint="+endpoint)
	listener, err := listen(settings)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: newProxy(settings)}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	if file, err := os.Stat(endpoint); err != nil || file.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", file, err)
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", endpoint)
	}}}
	for path, want := range map[string]int{"/info": 200, "/secrets": 403} {
		answer, err := client.Get("http://proxy" + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, not %d", path, answer.StatusCode, want)
		}
	}
}

func TestHealthIsTheSockets(t *testing.T) {
	for socket, want := range map[string]int{engine(t): 200, filepath.Join(t.TempDir(), "none.sock"): 503} {
		answer := httptest.NewRecorder()
		answerHealth(answer, socket)
		if answer.Code != want {
			t.Errorf("%d, not %d", answer.Code, want)
		}
	}
}

func TestWatchdogStops(t *testing.T) {
	settings := mustParse(t, "-stoponwatchdog", "-socketpath="+filepath.Join(t.TempDir(), "none.sock"))
	settings.watchdogInterval = time.Millisecond
	if err := watch(t.Context(), settings); err == nil {
		t.Error("no error")
	}
}
