module swarm.example/whoami

go 1.26
