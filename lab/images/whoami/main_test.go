package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(t *testing.T, handler http.Handler, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(method, target, strings.NewReader(body)))
	return answer
}

func TestAnswersWithWhoAndWhatArrived(t *testing.T) {
	answer := ask(t, newHandler("blue"), "GET", "http://demo.example/path?wait=1ms", "").Body.String()
	for _, want := range []string{"Name: blue\n", "Hostname: " + hostname() + "\n", "RemoteAddr: 192.0.2.1:1234\n", "GET /path?wait=1ms HTTP/1.1\r\n", "Host: demo.example\r\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %q in %q", want, answer)
		}
	}
}

func TestAnswersAsJSON(t *testing.T) {
	var answer map[string]any
	if err := json.Unmarshal(ask(t, newHandler("blue"), "GET", "http://demo.example/api", "").Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"name": "blue", "hostname": hostname(), "host": "demo.example", "method": "GET", "url": "/api"} {
		if answer[field] != want {
			t.Errorf("%s is %v, not %q", field, answer[field], want)
		}
	}
}

func TestHealthIsWhatWasLastPosted(t *testing.T) {
	handler := newHandler("")
	for _, step := range []struct {
		method, body string
		want         int
	}{
		{"GET", "", 200}, {"POST", "503", 200}, {"GET", "", 503}, {"HEAD", "", 503},
		{"POST", "99", 400}, {"POST", "ten", 400}, {"GET", "", 503}, {"POST", "200\n", 200}, {"GET", "", 200},
	} {
		if got := ask(t, handler, step.method, "/health", step.body).Code; got != step.want {
			t.Fatalf("%s %q: %d, not %d", step.method, step.body, got, step.want)
		}
	}
}

func TestDataAndRefusals(t *testing.T) {
	handler := newHandler("")
	for _, one := range []struct {
		target       string
		code, length int
	}{
		{"/data?size=3", 200, 3}, {"/data?size=2&unit=KB", 200, 2048}, {"/bench", 200, 1},
		{"/data?size=0", 400, -1}, {"/data?size=2&unit=TB", 400, -1}, {"/data?size=1&unit=PB", 400, -1}, {"/data", 400, -1}, {"/?wait=soon", 400, -1},
	} {
		answer := ask(t, handler, "GET", one.target, "")
		if answer.Code != one.code || (one.length >= 0 && answer.Body.Len() != one.length) {
			t.Errorf("%s: %d with %d bytes, not %d with %d", one.target, answer.Code, answer.Body.Len(), one.code, one.length)
		}
	}
}
