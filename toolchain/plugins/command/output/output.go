// Package output collects what a command prints and passes it on to Pulumi's progress display line by line.
package output

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
)

// The values of the input `logging`; absent is both.
const (
	LogStdout          = "stdout"
	LogStderr          = "stderr"
	LogStdoutAndStderr = "stdoutAndStderr"
	LogNothing         = "none"
)

// A line that never ends (a progress bar) is shown in pieces of this size instead of being kept for ever.
const longestLine = 8 << 10

// Capture holds the two streams of one run, and both as they came for error messages.
type Capture struct {
	lock           sync.Mutex
	stdout, stderr stream
	both           bytes.Buffer
}

// New makes a capture that shows the streams that `logging` names.
func New(ctx context.Context, logging string) *Capture {
	logger := p.GetLogger(ctx)
	return newCapture(logging, func(line string) { logger.InfoStatus(line) })
}

func newCapture(logging string, emit func(string)) *Capture {
	c := &Capture{}
	shown := func(name string) func(string) {
		if logging == "" || logging == LogStdoutAndStderr || logging == name {
			return emit
		}
		return func(string) {}
	}
	c.stdout = stream{capture: c, show: lineWriter{emit: shown(LogStdout)}}
	c.stderr = stream{capture: c, show: lineWriter{emit: shown(LogStderr)}}
	return c
}

// Stdout takes the command's standard output.
func (c *Capture) Stdout() io.Writer { return &c.stdout }

// Stderr takes the command's standard error.
func (c *Capture) Stderr() io.Writer { return &c.stderr }

// Finish shows what is left of the last lines and gives both streams without their last newline.
func (c *Capture) Finish() (stdout, stderr string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.stdout.show.flush()
	c.stderr.show.flush()
	return strings.TrimSuffix(c.stdout.kept.String(), "\n"), strings.TrimSuffix(c.stderr.kept.String(), "\n")
}

// Failure says what failed and what it had printed until then.
func (c *Capture) Failure(err error, command string) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	return fmt.Errorf("%w: running %q:\n%s", err, command, c.both.String())
}

// stream is one of the two; they write from goroutines of their own.
type stream struct {
	capture *Capture
	kept    bytes.Buffer
	show    lineWriter
}

func (s *stream) Write(data []byte) (int, error) {
	s.capture.lock.Lock()
	defer s.capture.lock.Unlock()
	s.kept.Write(data)
	s.capture.both.Write(data)
	s.show.write(data)
	return len(data), nil
}

type lineWriter struct {
	emit    func(string)
	pending []byte
}

func (w *lineWriter) write(data []byte) {
	w.pending = append(w.pending, data...)
	for {
		end := bytes.IndexByte(w.pending, '\n')
		if end < 0 && len(w.pending) < longestLine {
			return
		}
		rest := end + 1
		if end < 0 || end > longestLine {
			end, rest = longestLine, longestLine
		}
		w.emit(string(bytes.TrimSuffix(w.pending[:end], []byte("\r"))))
		w.pending = w.pending[rest:]
	}
}

func (w *lineWriter) flush() {
	if len(w.pending) > 0 {
		w.emit(string(w.pending))
		w.pending = nil
	}
}
