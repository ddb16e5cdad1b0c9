package output

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLinesAreShownWhole(t *testing.T) {
	var shown []string
	w := lineWriter{emit: func(line string) { shown = append(shown, line) }}
	for _, piece := range []string{"on", "e\ntwo\r\n\nth", "ree"} {
		w.write([]byte(piece))
	}
	w.flush()
	assert.Equal(t, []string{"one", "two", "", "three"}, shown)
}

func TestEndlessLineIsShownInPieces(t *testing.T) {
	var shown []string
	w := lineWriter{emit: func(line string) { shown = append(shown, line) }}
	text := strings.Repeat("x", 2*longestLine+1)
	w.write([]byte(text + "\nend\n"))
	w.flush()
	assert.Equal(t, text, strings.Join(shown[:len(shown)-1], ""))
	assert.Equal(t, "end", shown[len(shown)-1])
}

func TestLoggingChoosesWhatIsShownNotWhatIsKept(t *testing.T) {
	for logging, want := range map[string][]string{
		"": {"out", "err"}, LogStdoutAndStderr: {"out", "err"}, LogStdout: {"out"}, LogStderr: {"err"}, LogNothing: nil,
	} {
		var shown []string
		c := newCapture(logging, func(line string) { shown = append(shown, line) })
		_, _ = c.Stdout().Write([]byte("out\n"))
		_, _ = c.Stderr().Write([]byte("err\n"))
		stdout, stderr := c.Finish()
		assert.Equal(t, want, shown, "logging %q", logging)
		assert.Equal(t, "out err", stdout+" "+stderr)
	}
}
