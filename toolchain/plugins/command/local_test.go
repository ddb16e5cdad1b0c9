package command_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const localCommand = "command:local:Command"

func list(values ...string) property.Value {
	elements := []property.Value{}
	for _, value := range values {
		elements = append(elements, property.New(value))
	}
	return property.New(property.NewArray(elements))
}

func TestLocalCreateRunsTheCommandAsAsked(t *testing.T) {
	dir := t.TempDir()
	it := newInstance(t, localCommand)
	inputs := texts("create", `pwd; echo "$NAME $0"; cat; echo problem >&2`, "dir", dir, "stdin", "given")
	inputs = with(inputs, "environment", property.New(property.NewMap(texts("NAME", "value"))))
	it.create(with(inputs, "interpreter", list("/bin/sh", "-ec")))
	real, err := filepath.EvalSymlinks(dir)
	require.NoError(t, err)
	assert.Equal(t, real+"\nvalue /bin/sh\ngiven", it.text("stdout"))
	assert.Equal(t, "problem", it.text("stderr"))
}

func TestLocalFailureTellsWhatWasPrinted(t *testing.T) {
	it := newInstance(t, localCommand)
	err := it.tryCreate(texts("create", "echo half done; echo no room >&2; exit 3"))
	require.Error(t, err)
	for _, part := range []string{"exit status 3", "half done", "no room"} {
		assert.Contains(t, err.Error(), part)
	}
}

func TestLocalUpdateRunsUpdateElseCreate(t *testing.T) {
	it := newInstance(t, localCommand)
	it.create(texts("create", "echo first"))
	it.update(texts("create", `echo "second after $PULUMI_COMMAND_STDOUT"`))
	assert.Equal(t, "second after first", it.text("stdout"))
	it.update(texts("create", "echo wrong", "update", `echo "third after $PULUMI_COMMAND_STDOUT"`))
	assert.Equal(t, "third after second after first", it.text("stdout"))
	forgetful := texts("update", `echo "fourth after ${PULUMI_COMMAND_STDOUT:-nothing}"`)
	it.update(with(forgetful, "addPreviousOutputInEnv", property.New(false)))
	assert.Equal(t, "fourth after nothing", it.text("stdout"))
	it.update(texts())
	assert.Equal(t, "fourth after nothing", it.text("stdout"), "without a command nothing runs and nothing is forgotten")
}

func TestLocalDeleteRunsDelete(t *testing.T) {
	record := filepath.Join(t.TempDir(), "record")
	it := newInstance(t, localCommand)
	it.create(texts("create", "echo made; echo loud >&2", "delete", `echo "$PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR" >`+record))
	require.NoError(t, it.delete())
	content, err := os.ReadFile(record)
	require.NoError(t, err)
	assert.Equal(t, "made loud\n", string(content))
}

func TestLocalDiff(t *testing.T) {
	it := newInstance(t, localCommand)
	inputs := with(texts("create", "true", "delete", "true"), "triggers", list("a"))
	it.create(inputs)
	assert.False(t, it.diff(inputs).HasChanges, "the same inputs")

	changed := it.diff(with(inputs, "create", property.New("echo other")))
	assert.True(t, changed.HasChanges)
	assert.Equal(t, p.Update, changed.DetailedDiff["create"].Kind)

	// That a change within the triggers replaces the resource is a rule of the SDK, carried out by the engine; it needs the path.
	triggered := it.diff(with(inputs, "triggers", list("b")))
	assert.Contains(t, triggered.DetailedDiff, "triggers[0]")
	without := texts("create", "true", "delete", "true")
	assert.Equal(t, p.DeleteReplace, it.diff(without).DetailedDiff["triggers"].Kind)
}

func TestLocalPreviewRunsNothing(t *testing.T) {
	record := filepath.Join(t.TempDir(), "record")
	it := newInstance(t, localCommand)
	created, err := it.server.Create(p.CreateRequest{Urn: it.urn, Properties: it.check(texts("create", "touch "+record)), DryRun: true})
	require.NoError(t, err)
	assert.NoFileExists(t, record)
	assert.True(t, created.Properties.Get("stdout").IsComputed())
}

func TestLocalSecretInputStaysSecret(t *testing.T) {
	it := newInstance(t, localCommand)
	it.create(with(texts("create", "cat >/dev/null"), "stdin", property.New("hush").WithSecret(true)))
	assert.True(t, it.output("stdin").Secret())
	assert.False(t, it.output("create").Secret())
}

func TestLocalGivesFilesBack(t *testing.T) {
	dir := t.TempDir()
	it := newInstance(t, localCommand)
	inputs := texts("create", "mkdir -p out/deep && touch out/a.txt out/deep/b.txt out/c.key", "dir", dir)
	inputs = with(inputs, "assetPaths", list("out/*"))
	it.create(with(inputs, "archivePaths", list("out/**", "!**.key")))
	assets := it.output("assets").AsMap()
	assert.Equal(t, 2, assets.Len())
	assert.Equal(t, filepath.Join(dir, "out/a.txt"), assets.Get("out/a.txt").AsMap().Get("path").AsString())
	members := it.output("archive").AsMap().Get("assets").AsMap()
	assert.Equal(t, 2, members.Len())
	assert.True(t, members.Get("out/deep/b.txt").IsMap())
}

// What a cancelled command started must not go on, least of all what it left in the background.
func TestLocalCancelEndsTheCommandAndItsChildren(t *testing.T) {
	dir := t.TempDir()
	it := newInstance(t, localCommand)
	failed := make(chan error, 1)
	inputs := it.check(texts("create", "trap '' TERM; sleep 300 & echo $! >child; mv child pid; wait", "dir", dir))
	go func() {
		_, err := it.server.Create(p.CreateRequest{Urn: it.urn, Properties: inputs})
		failed <- err
	}()
	var child int
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(filepath.Join(dir, "pid"))
		if err == nil {
			child, err = strconv.Atoi(strings.TrimSpace(string(content)))
		}
		return err == nil
	}, 30*time.Second, 10*time.Millisecond, "the command starts")
	require.NoError(t, it.server.Cancel())
	select {
	case err := <-failed:
		require.Error(t, err)
	case <-time.After(30 * time.Second):
		t.Fatal("the command was not ended")
	}
	require.Eventually(t, func() bool { return syscall.Kill(child, 0) != nil || zombie(child) }, 30*time.Second, 10*time.Millisecond)
}

func zombie(pid int) bool {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && strings.Contains(string(status), ") Z ")
}
