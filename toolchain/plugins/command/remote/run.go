package remote

import (
	"context"
	"fmt"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"
	"swarm-openstack/toolchain/plugins/command/output"
)

// A cancelled command is asked to end; its connection is closed when it has not after this time.
const cancelGrace = 5 * time.Second

// run runs a command on the machine and puts what it printed into the state.
func run(ctx context.Context, command string, state *State) error {
	client, closeAll, err := dial(ctx, state.Connection)
	if err != nil {
		return fmt.Errorf("%s: %w", *state.Connection.Host, err)
	}
	defer closeAll()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	if err := setEnvironment(ctx, session, state); err != nil {
		return err
	}
	if state.Stdin != nil && *state.Stdin != "" {
		session.Stdin = strings.NewReader(*state.Stdin)
	}
	logging := ""
	if state.Logging != nil {
		logging = string(*state.Logging)
	}
	capture := output.New(ctx, logging)
	session.Stdout, session.Stderr = capture.Stdout(), capture.Stderr()
	stop := context.AfterFunc(ctx, func() {
		_ = session.Signal(ssh.SIGTERM)
		time.AfterFunc(cancelGrace, closeAll)
	})
	defer stop()
	err = session.Run(command)
	stdout, stderr := capture.Finish()
	if err != nil {
		return capture.Failure(err, command)
	}
	state.Stdout, state.Stderr = stdout, stderr
	return nil
}

// setEnvironment hands variables to the server. One that the program asked for must be taken; the previous output is offered only.
func setEnvironment(ctx context.Context, session *ssh.Session, state *State) error {
	const advice = "the SSH server takes only variables that its AcceptEnv names; set others in the command itself"
	for name, value := range state.Environment {
		if err := session.Setenv(name, value); err != nil {
			return fmt.Errorf("environment variable %q: %w; %s", name, err, advice)
		}
	}
	for name, value := range state.Previous(&state.Inputs.Inputs) {
		if err := session.Setenv(name, value); err != nil {
			p.GetLogger(ctx).Warningf("environment variable %q: %v; %s", name, err, advice)
		}
	}
	return nil
}
