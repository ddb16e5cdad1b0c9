package remote

import "github.com/pulumi/pulumi-go-provider/infer"

// Defaults of a connection. They are filled in where the inputs are checked, so a program's change of a default is a change.
const (
	defaultUser                  = "root"
	defaultPort                  = 22
	defaultDialErrorLimit        = 10
	defaultPerDialTimeoutSeconds = 15
	noDialErrorLimit             = -1
)

// Connection says how to reach a machine.
type Connection struct {
	endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

// ProxyConnection says how to reach the machine through which the other one is reached.
type ProxyConnection struct{ endpoint }

// endpoint is one SSH server and how to log in there.
type endpoint struct {
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	Host               *string  `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
}

// Annotate describes a connection in the schema.
func (c *Connection) Annotate(a infer.Annotator) {
	a.Describe(&c, "How to reach a machine.")
	a.Describe(&c.Proxy, "The machine through which it is reached, if any.")
	c.annotate(a)
}

// Annotate describes a proxy in the schema.
func (c *ProxyConnection) Annotate(a infer.Annotator) {
	a.Describe(&c, "How to reach a machine through which another one is reached.")
	c.annotate(a)
}

func (e *endpoint) annotate(a infer.Annotator) {
	a.Describe(&e.User, "Whom to log in as.")
	a.SetDefault(&e.User, defaultUser)
	a.Describe(&e.Password, "The user's password.")
	a.Describe(&e.Host, "The machine's name or address.")
	a.Describe(&e.Port, "The port of its SSH server.")
	a.SetDefault(&e.Port, float64(defaultPort))
	a.Describe(&e.PrivateKey, "The text of a private key; tried before the password.")
	a.Describe(&e.PrivateKeyPassword, "The password of the private key.")
	a.Describe(&e.AgentSocketPath, "The socket of an SSH agent; SSH_AUTH_SOCK by default.")
	a.Describe(&e.DialErrorLimit, "How many failures to connect are borne; -1 for any number.")
	a.SetDefault(&e.DialErrorLimit, defaultDialErrorLimit)
	a.Describe(&e.PerDialTimeout, "Seconds that one attempt to connect may take; 0 for any time.")
	a.SetDefault(&e.PerDialTimeout, defaultPerDialTimeoutSeconds)
	a.Describe(&e.HostKey, "The server's public key; any is accepted if this is not given.")
}
