package local

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"swarm-openstack/toolchain/plugins/command/output"
)

// A cancelled command is asked to end, and is killed when it has not after this time.
const cancelGrace = 5 * time.Second

// run runs a command and puts what it printed and made into the state.
func run(ctx context.Context, command string, state *State) error {
	argv := []string{"/bin/sh", "-c"}
	if state.Interpreter != nil && len(*state.Interpreter) > 0 {
		argv = *state.Interpreter
	}
	cmd := exec.CommandContext(ctx, argv[0], append(argv[1:len(argv):len(argv)], command)...)
	if state.Dir != nil {
		cmd.Dir = *state.Dir
	}
	cmd.Env = environment(state)
	if state.Stdin != nil && *state.Stdin != "" {
		cmd.Stdin = strings.NewReader(*state.Stdin)
	}
	logging := ""
	if state.Logging != nil {
		logging = string(*state.Logging)
	}
	capture := output.New(ctx, logging)
	cmd.Stdout, cmd.Stderr = capture.Stdout(), capture.Stderr()
	err := runGroup(ctx, cmd)
	stdout, stderr := capture.Finish()
	if err != nil {
		return capture.Failure(err, command)
	}
	if err := collect(state, cmd.Dir); err != nil {
		return err
	}
	state.Stdout, state.Stderr = stdout, stderr
	return nil
}

func environment(state *State) []string {
	env := os.Environ()
	if state.Environment != nil {
		for name, value := range *state.Environment {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range state.Previous(&state.Inputs.Inputs) {
		env = append(env, name+"="+value)
	}
	return env
}

// runGroup runs a command so that a cancelled one ends with all that it started: an interrupted update must leave no child behind
// that goes on changing things.
func runGroup(ctx context.Context, cmd *exec.Cmd) error {
	// The child dies with the thread that started it, so the thread must stay for as long as the child does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	done := make(chan struct{})
	defer close(done)
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		go func() {
			select {
			case <-done:
			case <-time.After(cancelGrace):
				_ = syscall.Kill(group, syscall.SIGKILL)
			}
		}()
		return syscall.Kill(group, syscall.SIGTERM)
	}
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		// What ignored the request and gave up its output is not waited for by Run.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return err
}
