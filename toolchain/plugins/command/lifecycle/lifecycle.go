// Package lifecycle holds what local and remote commands have in common: which command runs when.
package lifecycle

import (
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"swarm-openstack/toolchain/plugins/command/output"
)

// What the previous run printed is handed to the next one in these variables.
const (
	PreviousStdout = "PULUMI_COMMAND_STDOUT"
	PreviousStderr = "PULUMI_COMMAND_STDERR"
)

// Inputs are the commands of a resource's life, and what each of them is given. A change of the triggers replaces the resource.
type Inputs struct {
	Triggers               *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create                 *string `pulumi:"create,optional"`
	Update                 *string `pulumi:"update,optional"`
	Delete                 *string `pulumi:"delete,optional"`
	Stdin                  *string `pulumi:"stdin,optional"`
	AddPreviousOutputInEnv *bool   `pulumi:"addPreviousOutputInEnv,optional"`
}

// Annotate describes the inputs in the schema.
func (in *Inputs) Annotate(a infer.Annotator) {
	a.Describe(&in.Triggers, "Values of any type; the resource is replaced when one of them changes.")
	a.Describe(&in.Create, "The command to run on creation, and on a change of inputs where `update` is not given.")
	a.Describe(&in.Update, "The command to run when an input changes; `create` if not given.")
	a.Describe(&in.Delete, "The command to run on deletion.")
	a.Describe(&in.Stdin, "What the command reads from its standard input.")
	a.Describe(&in.AddPreviousOutputInEnv,
		"Whether the next command finds what the last one printed in PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR; yes by default.")
}

// DescribeLogging describes the input `logging`, whose type each module has for itself.
func DescribeLogging[T any](a infer.Annotator, field *T) {
	a.Describe(field, "Which of the command's streams are shown while it runs; both by default. It has no effect on the outputs.")
}

// LoggingValues lists the values of such a type for the schema.
func LoggingValues[T ~string]() []infer.EnumValue[T] {
	return []infer.EnumValue[T]{
		{Name: output.LogStdout, Value: output.LogStdout, Description: "Show standard output only."},
		{Name: output.LogStderr, Value: output.LogStderr, Description: "Show standard error only."},
		{Name: output.LogStdoutAndStderr, Value: output.LogStdoutAndStderr, Description: "Show both."},
		{Name: output.LogNothing, Value: output.LogNothing, Description: "Show neither."},
	}
}

// OnUpdate is the command that a change of inputs runs, or nil.
func (in *Inputs) OnUpdate() *string {
	if in.Update != nil {
		return in.Update
	}
	return in.Create
}

// Outputs are what the last command printed, each without its last newline.
type Outputs struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Annotate describes the outputs in the schema.
func (out *Outputs) Annotate(a infer.Annotator) {
	a.Describe(&out.Stdout, "The standard output of the command.")
	a.Describe(&out.Stderr, "The standard error of the command.")
}

// Previous is the environment that hands these outputs to the next command; empty ones are left out.
func (out *Outputs) Previous(in *Inputs) map[string]string {
	env := map[string]string{}
	if wanted := in.AddPreviousOutputInEnv; wanted != nil && !*wanted {
		return env
	}
	if out.Stdout != "" {
		env[PreviousStdout] = out.Stdout
	}
	if out.Stderr != "" {
		env[PreviousStderr] = out.Stderr
	}
	return env
}

// NewID makes the id of a new resource.
func NewID(name string) (string, error) {
	const randomBytes = 8
	return resource.NewUniqueHex(name, randomBytes, 0)
}
