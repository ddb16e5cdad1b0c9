/** Ports of the ingress: HTTP and HTTPS. What else is open, is for the cluster or its administrators. */
export const ingressPorts = [80, 443] as const;
