module swarm.example/socket-proxy

go 1.26
