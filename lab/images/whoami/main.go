// whoami answers every request with who served it and what arrived: the host
// name (in Docker, the container's), its addresses and the request as it came
// through the proxies. It stands in for traefik/whoami, whose module the public
// proxy does not serve, with the same flags, paths and answers; without TLS,
// gRPC, WebSocket echo and telemetry.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

func main() {
	port := flag.String("port", envOr("WHOAMI_PORT_NUMBER", "80"), "TCP port to listen on")
	name := flag.String("name", os.Getenv("WHOAMI_NAME"), "a name to print with each answer")
	verbose := flag.Bool("verbose", false, "log each request")
	flag.Parse()

	handler := newHandler(*name)
	if *verbose {
		handler = logged(handler)
	}
	server := &http.Server{Addr: ":" + *port, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Printf("listening on port %s", *port)
	log.Fatal(server.ListenAndServe())
}

func envOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Printf("%s %s from %s", r.Method, r.URL.Path, r.RemoteAddr)
		next.ServeHTTP(w, r)
	})
}

// newHandler serves /, /api, /bench, /data and /health.
func newHandler(name string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/health", newHealth())
	mux.HandleFunc("/bench", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "1")
	})
	mux.HandleFunc("/data", sendData)
	mux.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) { describeJSON(w, r, name) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { describe(w, r, name) })
	return mux
}

// newHealth answers 200, or what was last posted to it, so that a health check
// can be made to fail.
func newHealth() http.Handler {
	var status atomic.Int64
	status.Store(http.StatusOK)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.WriteHeader(int(status.Load()))
			return
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, 16))
		code, parseErr := strconv.Atoi(strings.TrimSpace(string(body)))
		if err != nil || parseErr != nil || code < 200 || code > 599 {
			http.Error(w, "post a status code from 200 to 599", http.StatusBadRequest)
			return
		}
		status.Store(int64(code))
	})
}

func describe(w http.ResponseWriter, r *http.Request, name string) {
	if !waited(w, r) {
		return
	}
	if name != "" {
		fmt.Fprintln(w, "Name:", name)
	}
	fmt.Fprintln(w, "Hostname:", hostname())
	for _, address := range addresses() {
		fmt.Fprintln(w, "IP:", address)
	}
	fmt.Fprintln(w, "RemoteAddr:", r.RemoteAddr)
	if err := r.Write(w); err != nil {
		log.Print(err)
	}
}

func describeJSON(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("Content-Type", "application/json")
	answer := struct {
		Hostname   string      `json:"hostname,omitempty"`
		IP         []string    `json:"ip,omitempty"`
		Headers    http.Header `json:"headers,omitempty"`
		URL        string      `json:"url,omitempty"`
		Host       string      `json:"host,omitempty"`
		Method     string      `json:"method,omitempty"`
		Name       string      `json:"name,omitempty"`
		RemoteAddr string      `json:"remoteAddr,omitempty"`
	}{hostname(), addresses(), r.Header, r.URL.RequestURI(), r.Host, r.Method, name, r.RemoteAddr}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Print(err)
	}
}

// waited holds the request for the duration in "wait"; false when it was answered already.
func waited(w http.ResponseWriter, r *http.Request) bool {
	wait := r.URL.Query().Get("wait")
	if wait == "" {
		return true
	}
	duration, err := time.ParseDuration(wait)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	select {
	case <-time.After(duration):
		return true
	case <-r.Context().Done():
		return false
	}
}

const largestData = 1 << 40

// sendData answers with "size" times "unit" bytes.
func sendData(w http.ResponseWriter, r *http.Request) {
	units := map[string]int64{"": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
	query := r.URL.Query()
	unit, known := units[strings.ToUpper(query.Get("unit"))]
	size, err := strconv.ParseInt(query.Get("size"), 10, 64)
	if !known || err != nil || size < 1 || size > largestData/unit {
		http.Error(w, "size is a number from 1 on, unit one of KB, MB, GB, TB, 1 TB at most", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size*unit, 10))
	if _, err := io.CopyN(w, letters{}, size*unit); err != nil {
		log.Print(err)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte('A' + i%26)
	}
	return len(p), nil
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		log.Print(err)
	}
	return name
}

func addresses() []string {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		log.Print(err)
	}
	var all []string
	for _, address := range interfaces {
		if ip, _, err := net.ParseCIDR(address.String()); err == nil {
			all = append(all, ip.String())
		}
	}
	return all
}
